import { labelsText } from './labels-text.ts';
import { highOf, lowOf, type Measure } from './measure.ts';
import type { QuantileResult } from './quantile.ts';
import type { Refusal } from './refusal.ts';

/** The quantile of one group of a histogram. */
interface GroupQuantile {
  readonly labels: Readonly<Record<string, string>>;
  readonly result: QuantileResult;
}

/**
 * The quantiles of a histogram's groups, as measures. One group that is saturated, empty or malformed makes the whole
 * unmeasured: an aggregate would leave it out, and it may be the one that is broken.
 *
 * @param what the expression of the buckets, for messages
 * @param empty what a group that counted nothing is; absent = it makes the whole unmeasured
 */
export function groupQuantiles(
  groups: readonly GroupQuantile[],
  what: string,
  empty?: Measure,
): readonly Measure[] | Refusal {
  if (groups.length === 0) return { reason: 'no-events', detail: `${what} counted nothing in the window` };
  const measures: Measure[] = [];
  for (const { labels, result } of groups) {
    if (result.kind === 'no-events' && empty !== undefined) {
      measures.push(empty);
      continue;
    }
    if (result.kind !== 'value') {
      const reason = result.kind === 'malformed' ? 'nan' : result.kind;
      return { reason, detail: `${result.detail}${labelsText(labels)}: ${what}` };
    }
    const { value, low, high, single } = result;
    const because = `${single ? 'all events are' : 'the quantile is'} in one bucket of ${what}${labelsText(labels)}`;
    measures.push({ value, low, high: Number.isFinite(high) ? high : null, because });
  }
  return measures;
}

/** The highest quantile of a histogram's groups, with its bounds. */
export function highestQuantile(
  groups: readonly GroupQuantile[],
  what: string,
): { readonly value: number; readonly low: number; readonly high: number; readonly because?: string } | Refusal {
  const measures = groupQuantiles(groups, what);
  return 'reason' in measures ? measures : extreme(measures, 'max');
}

/** The measure of `max()` or `min()` over measures. At least one is given. */
export function extreme(
  measures: readonly Measure[],
  which: 'max' | 'min',
): { readonly value: number; readonly low: number; readonly high: number; readonly because?: string } {
  const pick = Math[which];
  const value = pick(...measures.map((one) => one.value));
  const because = measures.find((one) => one.value === value)?.because;
  return {
    value,
    low: pick(...measures.map(lowOf)),
    high: pick(...measures.map(highOf)),
    ...(because === undefined ? {} : { because }),
  };
}
