import { madScale, median } from '../../statistics/robust.ts';
import { sumOfSquares } from '../../statistics/sums.ts';
import { TREND, type TrendOptions } from './bounds.ts';
import type { Expectation } from './expectation.ts';
import type { Point } from './noise.ts';

/** A run with a value. */
export interface Measured extends Point {
  /** Its number among all runs, also unmeasured ones. */
  readonly run: number;
  /** A single outlier: not part of its level. */
  isOutlier: boolean;
}

/** Residuals of earlier levels that are kept. */
const KEPT = 2 * TREND.borrowed;

/** The measured runs of a series, and where its present level began. */
export class Levels {
  readonly #options: TrendOptions;
  readonly #runs: Measured[] = [];
  #start = 0;
  #earlier: readonly number[] = [];

  constructor(options: TrendOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#runs.length;
  }

  /** Residuals of earlier levels as shares of those. */
  get earlier(): readonly number[] {
    return this.#earlier;
  }

  add(run: number, value: number): Measured {
    const measured = { run, at: this.#runs.length, value, isOutlier: false };
    this.#runs.push(measured);
    // The first runs are not judged one by one. The more runs follow, the better is known which of them were wild.
    if (this.#start === 0 && this.#runs.length <= TREND.young) this.#markWild();
    return measured;
  }

  /** The latest values of the present level, without outliers. @param until the first that is left out */
  values(until: number, except?: Measured): readonly Measured[] {
    const everything = this.everything(until);
    const recent = everything.slice(-TREND.recentRuns).filter(({ isOutlier }) => isOutlier);
    const areUsual = recent.length > TREND.recentOutliers;
    return everything.filter((one) => one !== except && (!one.isOutlier || (areUsual && recent.includes(one))));
  }

  /** The same with all outliers. */
  everything(until: number): readonly Measured[] {
    return this.#runs.slice(Math.max(this.#start, until - TREND.window), until);
  }

  /** Ends the present level before the run `from`. What its values did beside it tells how much those of the next one vary. */
  begin(from: number, { centre, at }: Pick<Expectation, 'centre' | 'at'>): void {
    const old = this.values(from);
    // Residuals are smaller than the noise, because the level was fitted to them.
    const larger = Math.sqrt(old.length / Math.max(1, old.length - 1));
    const residuals = old.map((one) => larger * (one.value - at(one.at)));
    // Noise grows with its level, but not that of a level near 0.
    const spread = Math.sqrt(sumOfSquares(residuals) / Math.max(1, residuals.length));
    const level = Math.max(Math.abs(centre), 3 * spread) || 1;
    this.#earlier = [...this.#earlier, ...residuals.map((residual) => residual / level)].slice(-KEPT);
    this.#start = from;
  }

  #markWild(): void {
    const { minRuns, minChange } = this.#options;
    const first = this.#runs.slice(0, minRuns);
    const values = this.#runs.map(({ value }) => value);
    const centre = median(values);
    const far = Math.max(TREND.wild * madScale(values, centre), minChange * Math.abs(centre));
    const wild = first.filter(({ value }) => Math.abs(value - centre) > far);
    const isFew = wild.length <= first.length * TREND.wildShare;
    for (const one of first) one.isOutlier = isFew && wild.includes(one);
  }
}
