import { all, instant, type Asking } from './asking.ts';
import type { Sample } from './answers.ts';
import type { Measure } from './measure.ts';
import { mixedBounds } from './mixed-bounds.ts';
import { bucketQuantile, groupBuckets, groupKey } from './quantile.ts';
import { groupQuantiles } from './quantile-bounds.ts';
import type { Refusal } from './refusal.ts';
import type { Subject } from './subject.ts';
import { withoutExtrapolation } from '../promql/increases.ts';
import { quantilesOf, summedBuckets, type QuantileUse } from '../promql/quantiles.ts';
import { tolerant } from '../promql/tolerant.ts';

/** The quantile of a group that counted nothing: it may be anything. */
export const UNKNOWN: Measure = { value: -Infinity, high: null };

/**
 * The measures of each `histogram_quantile` of a query, by where its call begins; or why one of them cannot be believed.
 * @param empty what a group that counted nothing is; absent = it makes the whole unmeasured
 * @throws Unanswered
 */
export function* quantileUses(
  query: string,
  { atMs, fresh, range }: Pick<Subject, 'atMs' | 'fresh' | 'range'>,
  empty?: Measure,
): Asking<ReadonlyMap<number, readonly Measure[]> | Refusal> {
  const uses = quantilesOf(query);
  const mixed = yield* all(
    uses.flatMap(({ buckets }) => {
      const sum = summedBuckets(buckets);
      return sum === undefined ? [] : [mixedBounds(sum.selector, sum.by, { atMs, range })];
    }),
  );
  const layouts = mixed.find((refusal) => refusal !== undefined);
  if (layouts !== undefined) return layouts;
  const results = yield* all(
    uses.map((use) => measuresOf(use, (promql) => instant(tolerant(withoutExtrapolation(promql), fresh), atMs), empty)),
  );
  const found = new Map<number, readonly Measure[]>();
  for (const [index, result] of results.entries()) {
    if ('reason' in result) return result;
    found.set(uses[index]?.at ?? 0, result);
  }
  return found;
}

function* measuresOf(
  use: QuantileUse,
  ask: (promql: string) => Asking<readonly Sample[]>,
  empty: Measure | undefined,
): Asking<readonly Measure[] | Refusal> {
  const { phi, buckets, sum, count } = use;
  if (phi === undefined) {
    return { reason: 'query-error', detail: 'the quantile is not a number, so saturation cannot be checked' };
  }
  const [samples, sums, counts] = yield* all([
    ask(buckets),
    ...(sum === undefined || count === undefined ? [] : [ask(sum), ask(count)]),
  ]);
  const means = meansByGroup(sums ?? [], counts ?? []);
  const groups = groupBuckets(samples ?? []);
  return groupQuantiles(
    groups.map(({ labels, buckets: own }) => ({
      labels,
      result: bucketQuantile(phi, own, means.get(groupKey(labels))),
    })),
    buckets,
    empty,
  );
}

function meansByGroup(sums: readonly Sample[], counts: readonly Sample[]): ReadonlyMap<string, number> {
  const count = new Map(counts.map((sample) => [groupKey(sample.labels), sample.value]));
  return new Map(
    sums.flatMap(({ labels, value }) => {
      const events = count.get(groupKey(labels)) ?? 0;
      return events > 0 ? [[groupKey(labels), value / events] as const] : [];
    }),
  );
}
