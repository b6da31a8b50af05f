import { describe, expect, it } from 'vitest';
import { withoutHiding } from '../../../src/core/promql/hiding.ts';

describe('what a query hides', () => {
  // Each operand was read three times for each operator around it: seventeen of them took minutes, and thirty took longer than a campaign.
  it.each(['sum(x#)', 'x', '(sum(increase(x#_total[5m])) or vector(0))', 'max(x# > 1)', 'count(x > #)'])(
    'is found in a sum of twenty %s at once',
    (term) => {
      const sum = Array.from({ length: 20 }, (_, index) => term.replaceAll('#', String(index))).join(' + ');
      for (const side of ['above', 'below'] as const)
        expect(withoutHiding(sum, side).map(({ text }) => text)).toEqual(
          term === 'max(x# > 1)' && side === 'below' ? [sum.replaceAll(' > 1', '')] : [],
        );
    },
  );
});
