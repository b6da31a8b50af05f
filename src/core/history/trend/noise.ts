import { resolution } from '../../statistics/resolution.ts';
import { sumOfSquares } from '../../statistics/sums.ts';
import { TREND } from './bounds.ts';

/** A value and the number of its measured run. */
export interface Point {
  readonly at: number;
  readonly value: number;
}

/** How much single values vary around what is expected of them. */
export class Noise {
  readonly #squares: number;
  readonly #borrowed: number;
  readonly #resolution: number;

  /**
   * @param points values of the level
   * @param earlier residuals of earlier levels as shares of them. A young level borrows from them.
   * @param centre the level
   */
  constructor(points: readonly Point[], earlier: readonly number[], centre: number) {
    const used = points.length >= TREND.young ? [] : earlier.slice(-TREND.borrowed);
    this.#squares = sumOfSquares(used) * centre * centre;
    this.#borrowed = used.length;
    this.#resolution = resolution(points.map(({ value }) => value));
  }

  /** Whether earlier levels tell how much values vary. */
  get isBorrowed(): boolean {
    return this.#borrowed >= TREND.runsBefore;
  }

  /** Degrees of freedom of {@link deviation}. */
  df(own: number): number {
    return Math.max(1, own + this.#borrowed);
  }

  /** The standard deviation, from the squared residuals of the level itself. Values vary at least by how they are rounded. */
  deviation(squares: number, own: number): number {
    const variance = (squares + this.#squares) / this.df(own);
    return Math.sqrt(Math.max(variance, this.#resolution ** 2 / 12));
  }
}
