import { randomStream, type Random } from '../../../src/core/plan/random.ts';

/** Shapes of series without noise, around 100: the values of the runs of a system whose true level is known. */
const PATTERNS = {
  constant: () => 100,
  /** One change that stays. */
  step: (run: number, { at, size }: Shape) => (run >= at ? 100 * (1 + size) : 100),
  /** One run. */
  outlier: (run: number, { at, size }: Shape) => (run === at ? 100 * (1 + size) : 100),
  /** A change and its repair, eight runs later. */
  fixed: (run: number, { at, size }: Shape) => (run >= at && run < at + 8 ? 100 * (1 + size) : 100),
  /** A change every ten runs: up, up, down, and so on. */
  several: (run: number, { at, size }: Shape) =>
    run < at ? 100 : 100 * (1 + size * ([1, 2, 0.5] as const)[Math.floor((run - at) / 10) % 3]!),
  /** The same amount more with every run. */
  drift: (run: number, { at, size, runs }: Shape) => 100 * (1 + (size * Math.max(0, run - at)) / (runs - at)),
  /** Two levels that alternate without an order: e.g. two kinds of machine. */
  bands: (run: number, { size }: Shape) => ((run * 7) % 3 === 0 ? 100 * (1 + size) : 100),
  /** A wave whose length changes. */
  phase: (run: number, { at, size }: Shape) => 100 * (1 + size * Math.sin(run < at ? run : run / 2)),
} as const satisfies Record<string, (run: number, shape: Shape) => number>;

interface Shape {
  readonly runs: number;
  readonly at: number;
  readonly size: number;
}

/** Noise with mean 0 and standard deviation 1. */
const NOISES = {
  normal: (random) => () => normal(random),
  uniform: (random) => () => (2 * random() - 1) * Math.sqrt(3),
  /** Student's t with three degrees of freedom. */
  heavy: (random) => () => {
    const squares = [1, 2, 3].reduce((sum) => sum + normal(random) ** 2, 0);
    return normal(random) / Math.sqrt(squares);
  },
  /** Only ever slower: the logarithm is normal. */
  skewed: (random) => () => {
    const [middle, spread] = [Math.exp(0.18), Math.sqrt((Math.exp(0.36) - 1) * Math.exp(0.36))];
    return (Math.exp(0.6 * normal(random)) - middle) / spread;
  },
  /** A run resembles the one before it: autocorrelation 0.4. */
  remembering: (random) => {
    let before = 0;
    return () => (before = 0.4 * before + Math.sqrt(1 - 0.4 ** 2) * normal(random));
  },
} as const satisfies Record<string, (random: Random) => () => number>;

/** A series that is asked for. */
export interface Wanted extends Shape {
  readonly pattern: keyof typeof PATTERNS;
  readonly noise: keyof typeof NOISES;
  /** Standard deviation of the noise as a share of the level. */
  readonly share: number;
  /** From the run `at` on, the noise is this many times as large. */
  readonly noisier?: number;
}

/** Values of a series. The same seed gives the same values. */
export function simulated({ pattern, noise, share, noisier = 1, ...shape }: Wanted, seed: number): readonly number[] {
  const next = NOISES[noise](randomStream(seed, pattern, noise, share));
  return Array.from({ length: shape.runs }, (_, run) => {
    const level = PATTERNS[pattern](run, shape);
    return level * (1 + share * (run >= shape.at ? noisier : 1) * next());
  });
}

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
