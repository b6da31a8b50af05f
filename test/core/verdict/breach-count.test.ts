import { expect, test } from 'vitest';
import { judgeGate } from '../../../src/core/gates/judge.ts';
import type { GateDefinition, GateResult } from '../../../src/core/gates/model.ts';
import { BreachCount } from '../../../src/core/verdict/breach-count.ts';
import { aGate } from '../../workflows/make-spec.ts';

/** What a check finds: a value beyond the bar, within it, or none. */
const VALUES = { fail: 9, pass: 1, '-': null } as const;

function resultOf(gate: GateDefinition, found: keyof typeof VALUES): GateResult {
  const value = VALUES[found];
  const taken =
    value === null ? ({ quality: 'unmeasured', reason: 'query-error' } as const) : ({ quality: 'measured' } as const);
  return judgeGate(gate, { gate: gate.name, value, ...taken, samples: 9, windowStartMs: 0, windowEndMs: 1, atMs: 1 });
}

/** The number of the check that is a breach; undefined without one. */
function breachAt(gate: GateDefinition, checks: string): number | undefined {
  const count = new BreachCount([gate]);
  const found = checks
    .split(' ')
    .findIndex((each) => count.take([resultOf(gate, each as keyof typeof VALUES)]) !== undefined);
  return found === -1 ? undefined : found + 1;
}

test.each<[Partial<GateDefinition>, string, number | undefined]>([
  [{}, 'pass - fail', 3],
  [{ inARow: 1 }, 'pass fail', 2],
  [{ inARow: 2 }, 'fail pass fail pass', undefined],
  [{ inARow: 2 }, 'fail pass fail fail', 4],
  [{ inARow: 2 }, 'fail - fail', 3],
  [{ inARow: 2 }, '- - -', undefined],
  [{ inARow: 3 }, 'fail fail pass fail - fail - fail', 8],
  [{ failFast: false }, 'fail fail', undefined],
  [{ barKind: 'informational' }, 'fail fail', undefined],
])('%j: checks that find %s are a breach at check %s', (change, checks, breach) => {
  expect(breachAt(aGate(change), checks)).toBe(breach);
});

test('each gate has a row of its own, and the first gate whose row is complete is the breach', () => {
  const [a, b] = [aGate({ name: 'a', inARow: 2 }), aGate({ name: 'b', inARow: 2 })];
  const count = new BreachCount([a, b]);
  expect(count.take([resultOf(a, 'fail'), resultOf(b, 'pass')])).toBeUndefined();
  expect(count.take([resultOf(a, 'pass'), resultOf(b, 'fail')])).toBeUndefined();
  expect(count.take([resultOf(a, 'fail'), resultOf(b, 'fail')])?.gate).toBe('b');
});
