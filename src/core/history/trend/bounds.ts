/**
 * The numbers behind the answers of a trend. docs/trend.md has the rates that follow from them, over simulated series;
 * `bench/trend.ts` measures them again. Probabilities are those of Student's t, on both sides.
 */
export const TREND = {
  /** A run whose value has a smaller probability than this beside its level: "outlier, run again". */
  outlier: 0.003,
  /** The same beside everything that the series has shown, earlier outliers included: a step on its first run. */
  step: 1e-4,
  /** Such a step is also this many times as far from the level as any value before it. */
  beyondEarlier: 2,
  /** The next run confirms when its value has a smaller probability than this beside everything, earlier outliers included … */
  confirm: 0.06,
  /** … or than this beside its level, without them … */
  confirmAlone: 0.01,
  /** … and is at least this share of the way to the value that it confirms. */
  confirmShare: 1 / 3,
  /** A change that no single run shows, divided by the number of places that are tried, at least so many for a drift. */
  stepOverRuns: 0.017,
  driftOverRuns: 0.01,
  driftPlaces: 20,
  /** Values of a level that are looked at. */
  window: 100,
  /** Residuals of earlier levels that a young level borrows, and from how many values on it borrows none. */
  borrowed: 30,
  young: 20,
  /** Runs before and after a step that no single run shows. With borrowed noise, fewer are enough. */
  runsBefore: 5,
  runsBeforeBorrowed: 3,
  runsAfter: 2,
  /** Runs of a drift. */
  driftRuns: 5,
  /** A value this many deviations away from the middle of the first runs is not part of their level … */
  wild: 8,
  /** … unless more than this share of them is: those are bands. */
  wildShare: 1 / 5,
  /** Outliers among so many of the latest runs that are no outliers any more, but the way in which values vary now. */
  recentRuns: 15,
  recentOutliers: 2,
  /** The latest runs alone say how much values vary, if that is more than all say. An estimate from few is taken this much lower. */
  recentShare: 0.8,
  /** A drift is replaced by a step, or has ended, where that leaves less than this share of its squared residuals. */
  instead: 0.8,
  /** Share of a run's cycles that must show a change so that it is not one of a few cycles. */
  cyclesShare: 3 / 4,
} as const;

/** What the owner of a series decides. */
export interface TrendOptions {
  /** The smallest change of interest, as a share of the level. */
  readonly minChange: number;
  /** Runs before the first that is judged. */
  readonly minRuns: number;
}

/** Five percent, and five earlier runs. */
export const TREND_DEFAULTS: TrendOptions = { minChange: 0.05, minRuns: 5 };
