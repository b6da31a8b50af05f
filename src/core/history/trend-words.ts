import { counted } from '../text/counted.ts';
import { numberText, percentText, quantityText } from '../text/number.ts';
import { dayText } from '../text/time.ts';
import type { MetricTrend } from './metric-trends.ts';
import type { Change, RunAnswer } from './trend/model.ts';

/** Whether a change is an improvement; `changed` where the metric has no better direction. */
export function direction(
  { better }: Pick<MetricTrend, 'better'>,
  { before, after }: Change,
): 'worse' | 'better' | 'changed' {
  if (better === 'unknown') return 'changed';
  return after > before === (better === 'lower') ? 'worse' : 'better';
}

/** The size of a change: `worse by 63 % (54 to 72 %)`, or from one value to another where the level before was 0. */
export function sizeText(of: Pick<MetricTrend, 'better' | 'unit'>, change: Change): string {
  const { before, after, size } = change;
  const word = { worse: 'worse by', better: 'better by', changed: 'changed by' }[direction(of, change)];
  const { share, low, high } = size;
  // There is no factor between values of two signs.
  const isKnownShare = share !== undefined && isKnown(size) && (before > 0 || Math.abs(share) < LARGE);
  if (!isKnownShare)
    return `${word.slice(0, -3)} from ${quantityText(before, of.unit)} to ${quantityText(after, of.unit)}`;
  if (share >= LARGE) return `${word} a factor of ${numberText(Math.round(share + 1))}; is its unit another?`;
  const sign = word === 'changed by' ? (share < 0 ? '-' : '+') : '';
  const bounds = [low, high].map((bound) => (bound ?? 0) * Math.sign(share)).toSorted((a, b) => a - b);
  const [least = 0, most = 0] = bounds;
  return `${word} ${sign}${percentText(share)} (${least < 0 ? '-' : ''}${percentText(least)} to ${percentText(most)})`;
}

/** A change by this share and more is likelier to be one of the unit. */
const LARGE = 99;

/** Whether an interval says more than that there is a change. */
function isKnown({ share = 0, low = share, high = share }: Change['size']): boolean {
  return high - low < 4 * Math.abs(share);
}

/** A change in one sentence, e.g. `step: worse by 63 % (54 to 72 %) since 2026-07-12, confirmed by the next run`. */
export function changeText(of: MetricTrend, change: Change): string {
  const size = sizeText(of, change);
  const since = `since ${dayOf(of, change.since)}`;
  switch (change.kind) {
    case 'drift':
      return `drift: ${size} over ${counted(change.runsAfter, 'run')}, ${since}`;
    case 'outlier':
      return `${change.state === 'open' ? 'outlier, run again' : change.state === 'withdrawn' ? 'step withdrawn, a single outlier' : 'a single outlier'}: ${size} in the run of ${dayOf(of, change.since)}`;
    case 'step':
      return `step: ${size} ${since}, ${change.state === 'open' ? 'flagged on its first run, run again to confirm' : `confirmed ${dayOf(of, change.settledAt ?? change.since)}`}`;
  }
}

/** What is known about the latest run of a metric, in a sentence. */
export function latestText(of: MetricTrend, minRuns: number): string {
  const latest = of.trend.answers.at(-1) ?? { answer: 'unmeasured' };
  switch (latest.answer) {
    case 'unmeasured':
      return 'unmeasured';
    case 'too-little-history':
      return `too little history: ${counted(of.runs.filter(({ value }) => value !== null).length - 1, 'earlier run')} of ${minRuns}`;
    case 'same':
      return isBack(latest) ? 'same; the run before was a single outlier' : 'same';
    default:
      return latest.change === undefined ? latest.answer : changeText(of, latest.change);
  }
}

function isBack({ settled }: RunAnswer): boolean {
  return settled?.kind === 'outlier';
}

/** The day of a run, in UTC. */
export function dayOf({ runs }: Pick<MetricTrend, 'runs'>, run: number): string {
  return dayText(runs[run]?.atMs ?? 0);
}
