import { resolution } from '../../statistics/resolution.ts';
import { studentBound } from '../../statistics/student.ts';
import { sumOfSquares } from '../../statistics/sums.ts';
import { TREND, type TrendOptions } from './bounds.ts';
import { comparableValue } from '../comparable-value.ts';
import { isInMostCycles, outlyingCycles } from './cycles.ts';
import { expectation, type Expectation } from './expectation.ts';
import { bestDrift, driftAt, type DriftFit } from './fit-drift.ts';
import type { StepFit } from './fit-step.ts';
import { Levels, type Measured } from './levels.ts';
import type { Change, ChangeKind, RunAnswer, TrendRun } from './model.ts';
import { Noise } from './noise.ts';
import { hasEnded, shownBySeveral, type Shown } from './several-runs.ts';
import { sizeOfDrift, sizeOfRun, sizeOfStep } from './size.ts';

/** A change that may still become another. */
type Found = { -readonly [K in keyof Change]: Change[K] };

/** A flagged run that waits for the next one. */
interface Pending {
  readonly change: Found;
  readonly flagged: Measured;
}

/** A series that is judged run by run: what is known about a run depends on earlier runs only. */
export class Series {
  readonly #options: TrendOptions;
  readonly #levels: Levels;
  readonly #changes: Found[] = [];
  #runs = 0;
  #pending: Pending | undefined;
  /** The step that began the present level, with the values of the level before. */
  #step: { readonly change: Found; readonly before: readonly number[]; readonly from: number } | undefined;
  /** The drift of the present level. */
  #drift: Found | undefined;

  constructor(options: TrendOptions) {
    this.#options = options;
    this.#levels = new Levels(options);
  }

  get changes(): readonly Change[] {
    this.#resize();
    return this.#changes.map((change) => ({ ...change }));
  }

  /** Where the level is now. */
  get level(): number | undefined {
    const { count } = this.#levels;
    if (count === 0) return undefined;
    this.#resize();
    return this.#drift?.after ?? this.#expected(count).centre;
  }

  /** Judges the next run. */
  add({ value: measuredValue, cycles: all = [] }: TrendRun): RunAnswer {
    const run = this.#runs++;
    const value = comparableValue(measuredValue);
    const cycles = all.map(comparableValue).filter((cycle) => cycle !== undefined);
    const outlying = outlyingCycles(cycles, this.#options);
    const found = outlying.length === 0 ? {} : { cycles: outlying };
    if (value === undefined) return { answer: 'unmeasured', ...found };
    const measured = this.#levels.add(run, value);
    if (measured.at < this.#options.minRuns) return { answer: 'too-little-history', ...found };
    const expected = this.#expected(measured.at);
    const settled = this.#settle(measured, expected);
    const change =
      settled !== undefined && settled.kind !== 'outlier' ? settled : this.#judge(measured, cycles, expected);
    if (change !== undefined || settled !== undefined) this.#resize();
    return {
      answer: change?.kind ?? 'same',
      ...(change === undefined ? {} : { change: { ...change } }),
      ...(settled === undefined ? {} : { settled: { ...settled } }),
      ...found,
    };
  }

  #expected(at: number): Expectation {
    const points = this.#levels.values(at, this.#pending?.flagged);
    return expectation(points, at, this.#levels.earlier, this.#drift !== undefined);
  }

  /** Lets a run confirm or withdraw the flagged run before it. */
  #settle(measured: Measured, expected: Expectation): Found | undefined {
    if (this.#pending === undefined) return undefined;
    const { change, flagged } = this.#pending;
    this.#pending = undefined;
    change.settledAt = measured.run;
    const [was, is] = [flagged.value - expected.centre, measured.value - expected.centre];
    // Where earlier outliers say that values vary more, only a larger distance confirms, up to what its level alone asks for.
    const spread = Math.max(expected.deviation, spreadOf(this.#residuals(flagged.at, expected)));
    const bound =
      expected.factor *
      Math.min(
        studentBound(TREND.confirm, expected.df) * spread,
        studentBound(TREND.confirmAlone, expected.df) * expected.deviation,
      );
    const isSame =
      Math.sign(is) === Math.sign(was) &&
      Math.abs(is) >= TREND.confirmShare * Math.abs(was) &&
      Math.abs(is) >= this.#options.minChange * Math.abs(expected.centre) &&
      Math.abs(is) > bound;
    change.state = !isSame && change.kind === 'step' ? 'withdrawn' : 'confirmed';
    if (!isSame) {
      change.kind = 'outlier';
      flagged.isOutlier = true;
      return change;
    }
    const points = this.#levels.values(measured.at + 1);
    const shown = shownBySeveral(points, this.#noise(points, expected), this.#options);
    if (shown?.kind === 'drift') {
      if (this.#drift === undefined) this.#beginDrift(change, shown.fit, measured);
      // The run belonged to the drift that is known.
      else this.#changes.splice(this.#changes.indexOf(change), 1);
      return this.#drift;
    }
    this.#beginLevel(change, flagged, expected);
    return change;
  }

  /** What a run shows, alone or together with those before it. */
  #judge(measured: Measured, cycles: readonly number[], expected: Expectation): Found | undefined {
    const alone = this.#aloneKind(measured, cycles, expected);
    if (alone !== undefined) {
      const change = this.#found(alone, measured, {
        since: measured.run,
        state: 'open',
        ...sizeOfRun(measured.value, expected),
      });
      this.#pending = { change, flagged: measured };
      return change;
    }
    const points = this.#levels.values(measured.at + 1);
    const noise = this.#noise(points, expected);
    const shown = shownBySeveral(points, noise, this.#options);
    if (this.#drift !== undefined) return this.#drifting(this.#drift, shown, points);
    if (shown === undefined) return undefined;
    const settled = { since: measured.run, state: 'confirmed', settledAt: measured.run } as const;
    const change = this.#found(shown.kind, measured, { ...settled, ...sizeOfRun(measured.value, expected) });
    if (shown.kind === 'drift') this.#beginDrift(change, shown.fit, measured);
    else this.#beginLevelOf(change, shown.fit, points[shown.fit.from]!);
    return change;
  }

  /** What a run shows alone: beyond what its level explains, and beyond what anything in this series explains. */
  #aloneKind({ at, value }: Measured, cycles: readonly number[], expected: Expectation): ChangeKind | undefined {
    const { centre, deviation, df, factor, between } = expected;
    const away = Math.max(between[0] - value, value - between[1]);
    const before = this.#levels.everything(at);
    const unit = resolution([...before.map((one) => one.value), value]);
    if (away < this.#options.minChange * Math.abs(centre) || away < 1.999 * unit) return undefined;
    if (away <= studentBound(TREND.outlier, df) * deviation * factor) return undefined;
    const inMost = isInMostCycles(cycles, value, expected);
    if (inMost !== undefined) return inMost ? 'step' : 'outlier';
    const residuals = this.#residuals(at, expected);
    const own = Math.max(1, residuals.length - 1);
    const spread = Math.max(spreadOf(residuals), unit / Math.sqrt(12));
    const isBeyond =
      away > studentBound(TREND.step, own) * spread * factor &&
      away > TREND.beyondEarlier * Math.max(...residuals.map(Math.abs));
    return isBeyond ? 'step' : 'outlier';
  }

  /** What the series has shown before a run, beside what is expected: earlier levels and outliers too. */
  #residuals(until: number, { centre, at }: Expectation): readonly number[] {
    return [
      ...this.#levels.earlier.map((share) => share * centre),
      ...this.#levels.everything(until).map((one) => one.value - at(one.at)),
    ];
  }

  /** The present level drifts: it goes on, or it has ended, or it is seen to have been a step. */
  #drifting(drift: Found, shown: Shown | undefined, points: readonly Measured[]): Found | undefined {
    const noise = new Noise(points, this.#levels.earlier, drift.before);
    const fit = bestDrift(points, noise, TREND.driftRuns);
    if (shown?.kind === 'step' && fit !== undefined && shown.fit.squares < TREND.instead * fit.squares) {
      this.#beginLevelOf(drift, shown.fit, points[shown.fit.from]!);
      return drift;
    }
    if (fit === undefined || !hasEnded(points, noise)) return drift;
    this.#resize();
    this.#drift = undefined;
    this.#levels.begin(points.at(-TREND.driftRuns)!.at, { centre: fit.before, at: (at) => driftAt(fit, at) });
    return undefined;
  }

  #noise(points: readonly Measured[], { centre }: Expectation): Noise {
    return new Noise(points, this.#levels.earlier, centre);
  }

  #found(kind: ChangeKind, { run }: Measured, rest: Omit<Found, 'kind' | 'flaggedAs' | 'flaggedAt'>): Found {
    const change: Found = { kind, flaggedAs: kind, flaggedAt: run, ...rest };
    this.#changes.push(change);
    return change;
  }

  #beginDrift(change: Found, fit: DriftFit, measured: Measured): void {
    const points = this.#levels.values(measured.at + 1);
    change.kind = 'drift';
    change.since = points[fit.from + 1]!.run;
    this.#drift = change;
  }

  #beginLevelOf(change: Found, fit: StepFit, first: Measured): void {
    this.#beginLevel(change, first, { centre: fit.before, at: () => fit.before });
  }

  /** The present level ends, and the next one begins with the run `first`. */
  #beginLevel(change: Found, first: Measured, level: Pick<Expectation, 'centre' | 'at'>): void {
    const old = this.#levels.values(first.at);
    // A level that drifted ends where it came to.
    const before = this.#drift === undefined || this.#drift === change ? old : old.slice(-TREND.driftRuns);
    change.kind = 'step';
    change.since = first.run;
    this.#levels.begin(first.at, level);
    this.#drift = undefined;
    this.#step = { change, before: before.map(({ value }) => value), from: first.at };
  }

  /** Levels are known better with every run. */
  #resize(): void {
    const { count } = this.#levels;
    const points = this.#levels.values(count, this.#pending?.flagged);
    if (this.#drift !== undefined) {
      const noise = new Noise(points, this.#levels.earlier, this.#drift.before);
      const fit = bestDrift(points, noise, TREND.driftRuns);
      if (fit === undefined) return;
      Object.assign(this.#drift, sizeOfDrift(fit, count - 1, points.length, noise));
      this.#drift.since = points[fit.from + 1]!.run;
    } else if (this.#step !== undefined) {
      Object.assign(
        this.#step.change,
        sizeOfStep(
          this.#step.before,
          points.map(({ value }) => value),
        ),
      );
    }
  }
}

/** Standard deviation of residuals. */
function spreadOf(residuals: readonly number[]): number {
  return Math.sqrt(sumOfSquares(residuals) / Math.max(1, residuals.length - 1));
}
