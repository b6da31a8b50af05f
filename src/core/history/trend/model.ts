/** A run in a series: one value, and those of its cycles where it has any. */
export interface TrendRun {
  /** Null: not measured in this run. Such a run neither confirms nor withdraws anything. */
  readonly value: number | null;
  /** Values of equal cycles within the run, e.g. of each scale-down of a soak. */
  readonly cycles?: readonly number[];
}

/** What a change is. */
export type ChangeKind = 'step' | 'outlier' | 'drift';

/**
 * How far a change is settled. `open`: seen in the last measured run only. `confirmed`: by the next run, or by several runs
 * together. `withdrawn`: flagged as a step, but the next run was back; its kind is then `outlier`.
 */
type ChangeState = 'open' | 'confirmed' | 'withdrawn';

/** What is known about a run. */
type TrendAnswer = 'same' | ChangeKind | 'too-little-history' | 'unmeasured';

/** The size of a change with its 95 % interval. Shares are of the level before; undefined where that level is 0. */
export interface ChangeSize {
  readonly share?: number;
  readonly low?: number;
  readonly high?: number;
}

/** A change in a series. Positions count all runs, also unmeasured ones. */
export interface Change {
  readonly kind: ChangeKind;
  /** As what it was flagged first. */
  readonly flaggedAs: ChangeKind;
  readonly state: ChangeState;
  /** The first run of the new level, of the drift, or the outlier. */
  readonly since: number;
  /** The run that showed it. */
  readonly flaggedAt: number;
  /** The run that confirmed or withdrew it. */
  readonly settledAt?: number;
  /** Level before, and now: of a drift its latest level, of an outlier its value. */
  readonly before: number;
  readonly after: number;
  readonly size: ChangeSize;
  /** Runs behind the two levels. */
  readonly runsBefore: number;
  readonly runsAfter: number;
}

/** What was known about a run when it was the last one. */
export interface RunAnswer {
  readonly answer: TrendAnswer;
  /** The change that the answer is about, as it was known then. */
  readonly change?: Change;
  /** An open change that this run settled. */
  readonly settled?: Change;
  /** Cycles of this run that are outliers among its own, counted from 0. */
  readonly cycles?: readonly number[];
}

/** A series of runs: what was known at each, and all changes as they are known now. */
export interface Trend {
  readonly answers: readonly RunAnswer[];
  readonly changes: readonly Change[];
  /** The level of the latest runs; undefined while nothing was measured. */
  readonly level?: number;
}
