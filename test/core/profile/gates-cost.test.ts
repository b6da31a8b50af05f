import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseProfile, parseSystem, profileFromObject } from '../../../src/core/profile/parse.ts';
import { gatesTooCostly } from '../../../src/core/profile/gates-cost.ts';
import { readingCost } from '../../../src/core/promql/reading-cost.ts';

/** The worst query that is allowed for one gate. */
const WORST = Array(101).fill('up').join(' > ');

const worst = (count: number): unknown => ({
  apiVersion: 'belay.dev/v1',
  kind: 'Profile',
  metadata: { name: 'worst' },
  gates: Object.fromEntries(Array.from({ length: count }, (_, index) => [`g${index}`, { query: WORST, max: 1 }])),
});

describe('gates that take too long to read together', () => {
  it('are refused before any of them is parsed, with what was found and what is allowed', () => {
    const refused = {
      ok: false,
      errors: [
        {
          path: 'gates',
          problem: 'the queries of all gates together take too long to read',
          found: '110000',
          allowed: expect.stringContaining('at most 100000, ') as string,
        },
      ],
    };
    expect(profileFromObject(worst(11))).toMatchObject(refused);
    expect(parseProfile(JSON.stringify(worst(11)))).toMatchObject(refused);
    expect(parseSystem(JSON.stringify({ ...(worst(11) as object), kind: 'System' }))).toMatchObject(refused);
    expect(gatesTooCostly(worst(10))).toBeUndefined();
  });

  it('are refused where changes of a profile make them so', () => {
    const overrides = { 'gates.h0.query': WORST, 'gates.h1.query': WORST };
    expect(profileFromObject(worst(10), { overrides })).toMatchObject({ ok: false, errors: [{ path: 'gates' }] });
  });

  it('are not ten times those of BigFleet', () => {
    const parsed = parseSystem(readFileSync('systems/bigfleet.yaml', 'utf8'));
    if (!parsed.ok) throw new Error('systems/bigfleet.yaml is refused');
    const gates = Object.entries(parsed.value.gates);
    expect(gates.length).toBeGreaterThan(5);
    const many = Array.from({ length: 10 }, (_, copy) =>
      gates.map(([name, gate]) => [`${name}${copy}`, gate] as const),
    );
    expect(gatesTooCostly({ gates: Object.fromEntries(many.flat()) })).toBeUndefined();
  });

  it.each([undefined, null, 7, 'x', [], [[]], { a: null }])('are none of %j', (gates) => {
    expect(gatesTooCostly({ gates })).toBeUndefined();
  });
});

describe('what reading a query costs', () => {
  it.each([
    ['up', 0],
    ['sum(rate(x_total{job="kube-scheduler", a!~"b+|c*"}[5m]))', 9],
    ['a AND b oR c unless d', 9],
    ['x offset 5m + y @ 1', 9],
    ['x["a(b(c("] # (((', 1],
    [String.raw`"\"" > 'a\'(' < ${'`\\`'}`, 4],
    // A text that a line ends within hides nothing behind it.
    ['"a\\\n" > up > "b"', 4],
    ['a > "b > c', 1],
    [`a > '${"\\'".repeat(1_000_000)}`, 1],
  ])('of %.50j is %i', (query, cost) => {
    expect(readingCost(query)).toBe(cost);
  });
});
