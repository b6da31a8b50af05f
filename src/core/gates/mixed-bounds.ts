import { instant, type Asking } from './asking.ts';
import { labelsText } from './labels-text.ts';
import { groupBuckets } from './quantile.ts';
import type { Refusal } from './refusal.ts';
import type { Subject } from './subject.ts';

/**
 * Why the buckets of a histogram cannot be added up: its processes have different bounds. The sum at a bound that one of them lacks
 * leaves out all that this one counted, and the quantile lies in a wrong bucket.
 * @param by labels whose groups have a quantile each
 */
export function* mixedBounds(
  selector: string,
  by: readonly string[],
  { atMs, range }: Pick<Subject, 'atMs' | 'range'>,
): Asking<Refusal | undefined> {
  const series = yield* instant(`count by (${['le', ...by].join(', ')}) (last_over_time(${selector}[${range}]))`, atMs);
  for (const { labels, buckets } of groupBuckets(series)) {
    const byBound = Map.groupBy(buckets, ({ upperBound }) => upperBound);
    const counts = [...byBound.values()].map((same) => same.reduce((sum, { count }) => sum + count, 0));
    const most = Math.max(...counts);
    const lacking = [...byBound.keys()].find((_, index) => (counts[index] ?? 0) < most);
    if (lacking === undefined) continue;
    const bound = lacking === Infinity ? '+Inf' : lacking;
    return {
      reason: 'nan',
      detail: `histograms with different bounds cannot be added up, and not all of ${selector} have le="${bound}"${labelsText(labels)}`,
    };
  }
  return undefined;
}
