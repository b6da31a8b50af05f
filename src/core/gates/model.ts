/**
 * What a gate is, what a reading is, and how verdicts combine. Types and the lattice only; how a reading is taken from
 * Prometheus lies in `read.ts`, how it is judged in `judge.ts`.
 */

/** pass < unmeasured < fail: the worst of several wins. */
export type Verdict = 'pass' | 'unmeasured' | 'fail';

/** Scrape job of Belay's own worker, which measures the load as it sees it. */
export const BELAY_JOB = 'belay-worker';

/** Where a gate's bar comes from: the same at every scale, scaled by a rule in the file, or shown without judging. */
export type BarKind = 'held' | 'scaled' | 'informational';

/** A bar in numbers. At least one side is set; a value on it passes. */
export interface Bar {
  readonly min?: number;
  readonly max?: number;
}

/** Sources of gates by kind, as they are stored. The kinds declare them, in `kinds/`. */
export interface GateSources {}

/** How a gate's value comes from Prometheus: one of the kinds' sources, with `kind` as its name. */
export type GateSource = GateSources[keyof GateSources];

/** A gate, complete: every default filled in, the bar in numbers for this campaign's scale. */
export interface GateDefinition {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly source: GateSource;
  readonly bar: Bar;
  readonly barKind: BarKind;
  /** For a scaled bar: the rule in words, e.g. "5 up to 5,000 machines". */
  readonly scaleRule?: string;
  /** Evaluated in the soak; a breach ends the soak. */
  readonly failFast: boolean;
  /** Readings in a row that must be beyond the bar to end the soak. Absent = 1. */
  readonly forReadings?: number;
  /** `soak`: from the end of `settleMs` to now. A number: that many ms before now, cut at the end of `settleMs`. */
  readonly windowMs: number | 'soak';
  /** Fewer samples than this in the window is unmeasured. */
  readonly minSamples: number;
  /** A reading that rests on fewer events is unmeasured. Absent = any number of events will do. */
  readonly minEvents?: number;
  /** Scrape job (label `job`) whose targets must be up through the window for the reading to count. */
  readonly job?: string;
  /** Upper bound of the histogram's last finite bucket where a stored summary is to be checked for saturation. */
  readonly topFiniteBucket?: number;
  /** `allow`: an unmeasured reading does not lower the verdict. Must be said per gate. */
  readonly unmeasured: 'fail' | 'allow';
  /** The value where a series is born with its first event. Valid while its target is up and the metric's name was seen. */
  readonly absentIs?: 0;
  /** `settled`: read when the last Pods had their time, not at the soak's end. Absent = at the soak's end. */
  readonly readAt?: 'settled';
  /** Gates that must be measured and within their bars; otherwise this one is unmeasured. */
  readonly restsOn?: readonly string[];
  /** Unmeasured on a host that had no CPU left, or whose CPU was not sampled: the profile has `requireQuietHost`. */
  readonly quietHost?: boolean;
}

/** Why a value could not be had or must not be believed. */
export type UnmeasuredReason =
  | 'no-series'
  | 'empty'
  | 'nan'
  | 'infinite'
  | 'query-error'
  | 'target-down'
  | 'target-stale'
  | 'counter-reset'
  | 'too-few-samples'
  | 'no-events'
  /** The value rests on fewer events than the gate asks for. */
  | 'too-few-events'
  | 'saturated'
  /** The true value is within bounds that have the bar between them. */
  | 'bar-in-bounds'
  /** The host had no CPU left, and the failure may be the host's; or the profile requires a quiet host. */
  | 'host-saturated'
  /** A target's address leads to several processes, each with counters of its own. */
  | 'several-processes'
  | 'born-in-window'
  | 'precomputed-quantile'
  | 'stale-watch'
  | 'rests-on'
  | 'infrastructure-gap'
  | 'checks-missed'
  | 'too-little-history'
  | 'not-evaluated';

/** A value with its window, sample count and quality. `value` is null exactly when quality is `unmeasured`. */
export interface Reading {
  readonly gate: string;
  readonly value: number | null;
  /** The true value is certainly not below this. Absent = the value itself. */
  readonly low?: number;
  /** The true value is certainly not above this. Absent = the value itself; null = not bounded. */
  readonly high?: number | null;
  /**
   * The value of a reading that is unmeasured for a reason outside of it: `bar-in-bounds`, `host-saturated`, `checks-missed`. Of one that is
   * within its bar only by what it leaves out, what it is with that.
   */
  readonly estimate?: number;
  /** Nothing was there to count, in targets that were seen through the window: what counts events is born with the first of them. */
  readonly unborn?: true;
  /** The detail of such a reading before: why its value is not exact. */
  readonly because?: string;
  /** Share of the window in which the host had no CPU left, 0 to 1. Absent = not known. */
  readonly hostBusy?: number;
  /** Of a value that is an age: how much of it the host's lack of CPU cannot explain, in the gate's unit. Absent = all of it. */
  readonly withCpu?: number;
  readonly quality: 'measured' | 'unmeasured';
  readonly reason?: UnmeasuredReason;
  /** One sentence for a person: which query, which target, which bucket. */
  readonly detail?: string;
  readonly samples: number;
  readonly windowStartMs: number;
  readonly windowEndMs: number;
  readonly atMs: number;
}

/** A gate judged on one reading. */
export interface GateResult {
  readonly gate: string;
  readonly verdict: Verdict;
  /** False: shown, but left out of the overall verdict (informational, or unmeasured where the gate allows it). Absent = true. */
  readonly counts?: boolean;
  readonly reading: Reading;
  readonly bar: Bar;
  readonly barKind: BarKind;
  readonly unit: string;
  /** The gate required a quiet host. Absent = false. */
  readonly quietHost?: boolean;
  /** Distance to the bar as a share of the bar: 0.2 = 20 % left, negative = over it. Null where unmeasured or the bar is 0. */
  readonly headroom: number | null;
  /** A sentence: measured value, bar, and by how much. */
  readonly message: string;
}

const RANK: Record<Verdict, number> = { pass: 0, unmeasured: 1, fail: 2 };

/** The worst of the given verdicts; `pass` for none. */
export function worst(verdicts: Iterable<Verdict>): Verdict {
  let result: Verdict = 'pass';
  for (const verdict of verdicts) if (RANK[verdict] > RANK[result]) result = verdict;
  return result;
}
