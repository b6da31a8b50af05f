import { smallestP } from '../statistics/max-t.ts';
import { LEAST_RUNS, type ComparedMetric } from './compare-metric.ts';
import { compareRuns, type CompareOptions, type MetricsOfRun } from './compare-runs.ts';

/** A moment at which a comparison that runs is looked at. */
export interface PlannedLook {
  /** Pairs that have run. */
  readonly pairs: number;
  /** Largest adjusted chance that shows a difference at this look. */
  readonly level: number;
}

/** A comparison of which some pairs have run. */
export interface SequentialComparison {
  readonly metrics: readonly ComparedMetric[];
  /** Why it may stop now; empty while it has to go on. */
  readonly stop: string;
  /** Pairs that the last look had. */
  readonly pairs: number;
  /** Chance that an interval of the last look misses the change. */
  readonly intervalAlpha: number;
}

/** A level is a whole number of steps, which a comparison of fractions must not miss. */
const ROUNDING = 1 + 1e-9;

/**
 * The looks of a comparison of so many pairs. The levels of all looks add up to `alpha` at most, so looking often does not raise
 * the chance of a false alarm. Each look may spend its share of what the pairs so far allow, as a line: alpha × k / n. Chances of
 * a permutation test come in steps; what a look cannot use is left for the later ones.
 */
export function plannedLooks(pairs: number, alpha: number): readonly PlannedLook[] {
  const looks: PlannedLook[] = [];
  let spent = 0;
  for (let count = LEAST_RUNS; count <= pairs; count++) {
    const step = smallestP(count, count);
    const steps = Math.floor(((alpha * count) / pairs - spent) / step + 1e-9);
    if (steps <= 0) continue;
    looks.push({ pairs: count, level: steps * step });
    spent += steps * step;
  }
  return looks;
}

/**
 * Compares the pairs that have run, look by look. What one look has shown stays shown. It may stop when a metric is worse, or
 * when every metric is decided.
 * @param baseline and `branch` in the order of their pairs; undefined: that campaign has no numbers
 * @param pairs that are planned
 */
export function compareInTurn(
  baseline: readonly (MetricsOfRun | undefined)[],
  branch: readonly (MetricsOfRun | undefined)[],
  pairs: number,
  options: CompareOptions,
): SequentialComparison {
  const run = Math.min(baseline.length, branch.length);
  const looks = plannedLooks(pairs, options.alpha);
  const shown = new Map<string, ComparedMetric['result']>();
  let last: SequentialComparison | undefined;
  for (const { pairs: count, level: planned } of looks.filter((look) => look.pairs <= run)) {
    const level = planned * ROUNDING;
    // The levels of all looks add up to alpha, for intervals as for results.
    const levels = { ...options, intervalAlpha: level, level };
    const metrics = compareRuns(firstOf(baseline, count), firstOf(branch, count), levels);
    const settled = metrics.map((metric) => withShown(metric, shown));
    for (const { name, result } of settled) if (result !== 'cannot tell') shown.set(name, result);
    last = { metrics: settled, stop: stopOf(settled), pairs: count, intervalAlpha: level };
    if (last.stop !== '') return last;
  }
  if (last?.pairs === run) return last;
  // Between two looks nothing is decided anew.
  const intervalAlpha = last?.intervalAlpha ?? options.alpha;
  const levels = { ...options, intervalAlpha, level: 0, sameWithin: undefined };
  const metrics = compareRuns(firstOf(baseline, run), firstOf(branch, run), levels);
  return { metrics: metrics.map((metric) => withShown(metric, shown)), stop: '', pairs: run, intervalAlpha };
}

function firstOf(side: readonly (MetricsOfRun | undefined)[], count: number): readonly MetricsOfRun[] {
  return side.slice(0, count).filter((run) => run !== undefined);
}

function withShown(metric: ComparedMetric, shown: ReadonlyMap<string, ComparedMetric['result']>): ComparedMetric {
  const before = shown.get(metric.name);
  return metric.result === 'cannot tell' && before !== undefined ? { ...metric, result: before, why: '' } : metric;
}

function stopOf(metrics: readonly ComparedMetric[]): string {
  const worse = metrics.filter(({ result }) => result === 'worse').map(({ name }) => name);
  if (worse.length > 0) return `${worse.join(', ')} ${worse.length === 1 ? 'is' : 'are'} worse`;
  const isDecided = metrics.length > 0 && metrics.every(({ result }) => result !== 'cannot tell');
  return isDecided ? 'every metric is decided' : '';
}
