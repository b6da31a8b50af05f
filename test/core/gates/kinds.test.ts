import { expect, test } from 'vitest';
import { GATE_KIND_NAMES, gateKind, kindsIn, sourceOf } from '../../../src/core/gates/kinds/registry.ts';
import type { GatePatch } from '../../../src/core/model/gate-patch.ts';

/** Fields of a file, the stored source (whose shape must not change, because stored specifications have it), its curve. */
const CASES: readonly (readonly [GatePatch, object, object | undefined])[] = [
  [{ query: 'a' }, { kind: 'query', query: 'a' }, { promql: 'a', growth: false }],
  [
    { ratio: { numerator: 'a', denominator: 'b + c' } },
    { kind: 'ratio', numerator: 'a', denominator: 'b + c' },
    { promql: '(a) / (b + c)', growth: false },
  ],
  [{ delta: { counter: 'a' } }, { kind: 'delta', counter: 'a' }, { promql: 'a', growth: true }],
  [
    { delta: { counter: 'a', perSecond: true } },
    { kind: 'delta', counter: 'a', perSecond: true },
    { promql: 'a', growth: true },
  ],
  [
    { share: { counter: 'a', of: 'a + b' } },
    { kind: 'share', counter: 'a', of: 'a + b' },
    { promql: 'sum(a) / sum(a + b)', growth: false },
  ],
  [
    { quantile: { of: 0.9, histogram: 'a_bucket{b="c"}', by: ['pod'] } },
    { kind: 'quantile', of: 0.9, histogram: 'a_bucket{b="c"}', by: ['pod'] },
    {
      promql: 'max(histogram_quantile(0.9, sum by (le, pod) (rate(a_bucket{b="c"}[$window]))))',
      growth: false,
      buckets: 'sum by (le) (increase(a_bucket{b="c"}[$window]))',
    },
  ],
  [
    { quantile: { of: 0.5, histogram: 'a_bucket', emptyGroups: 'skip' } },
    { kind: 'quantile', of: 0.5, histogram: 'a_bucket', by: [], emptyGroups: 'skip' },
    {
      promql: 'max(histogram_quantile(0.5, sum by (le) (rate(a_bucket[$window]))))',
      growth: false,
      buckets: 'sum by (le) (increase(a_bucket[$window]))',
    },
  ],
  [{ idle: { counter: 'a_count' } }, { kind: 'idle', counter: 'a_count', by: [] }, { promql: 'a_count', growth: true }],
  [{ trend: { of: 'g' } }, { kind: 'trend', of: 'g', over: 20 }, undefined],
  [{ trend: { of: 'stage.ramp', over: 5 } }, { kind: 'trend', of: 'stage.ramp', over: 5 }, undefined],
];

test.each(CASES)('%j', (patch, stored, curve) => {
  const source = sourceOf({ max: 1, ...patch });
  expect(source).toEqual(stored);
  if (source === undefined) throw new Error('the case has no source');
  expect(gateKind(source).problems(source, ['g'])).toEqual([]);
  expect(gateKind(source).curve(source)).toEqual(curve);
});

test('every kind has a case', () => {
  expect([...new Set(CASES.flatMap(([patch]) => kindsIn(patch)))]).toEqual(GATE_KIND_NAMES);
});

test('a change of a bar has no source', () => {
  expect(sourceOf({ max: 3 })).toBeUndefined();
  expect(kindsIn({ max: 3 })).toEqual([]);
});

test('queries that are not PromQL are problems of their field', () => {
  expect(problemsOf({ query: 'a b' })).toEqual(['query']);
  expect(problemsOf({ ratio: { numerator: 'a b', denominator: ')' } })).toEqual([
    'ratio.numerator',
    'ratio.denominator',
  ]);
  expect(problemsOf({ delta: { counter: 'rate(a[1m])' } })).toEqual(['delta.counter']);
  expect(problemsOf({ share: { counter: 'rate(a[1m])', of: 'max(b)' } })).toEqual(['share.counter', 'share.of']);
  expect(problemsOf({ quantile: { of: 99, histogram: 'sum(a_bucket)' } })).toEqual([
    'quantile.of',
    'quantile.histogram',
  ]);
  expect(problemsOf({ quantile: { of: 0.99, histogram: 'a_seconds' } })).toEqual(['quantile.histogram']);
  expect(problemsOf({ idle: { counter: 'a offset 5m' } })).toEqual(['idle.counter']);
});

test('a gate whose value no measurement decides is a problem of its field', () => {
  expect(problemsOf({ query: 'vector(0)' })).toEqual(['query']);
  expect(problemsOf({ ratio: { numerator: '0 * a', denominator: '5' } })).toEqual([
    'ratio.numerator',
    'ratio.denominator',
  ]);
  expect(problemsOf({ ratio: { numerator: 'sum(a)', denominator: ' sum(a)' } })).toEqual(['ratio.denominator']);
  expect(problemsOf({ delta: { counter: 'a or vector(5)' } })).toEqual(['delta.counter']);
  expect(problemsOf({ trend: { of: 'h' } })).toEqual(['trend.of']);
});

function problemsOf(patch: GatePatch): readonly string[] {
  const source = sourceOf(patch);
  return source === undefined
    ? []
    : gateKind(source)
        .problems(source, ['g'])
        .map(({ field }) => field);
}
