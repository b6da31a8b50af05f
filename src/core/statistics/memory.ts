/** More memory than this is not estimated from the few values of a history. */
const MOST = 0.8;

/** An estimate below so many of its standard errors is taken for no memory. */
const LEAST_ERRORS = 1;

/** Fewer residuals than this say nothing about memory. */
const LEAST_VALUES = 8;

/**
 * How much a residual resembles the one before it: the first autocorrelation, 0 to 0.8. Residuals of a model with fitted
 * parameters resemble each other less than the noise does, by about one n-th per parameter; that is added back.
 */
export function memoryOf(residuals: readonly number[], parameters: number): number {
  const n = residuals.length;
  if (n < LEAST_VALUES) return 0;
  let products = 0;
  let squares = 0;
  let before = 0;
  for (const residual of residuals) {
    products += residual * before;
    squares += residual * residual;
    before = residual;
  }
  if (squares === 0) return 0;
  const memory = products / squares + parameters / n;
  return memory > LEAST_ERRORS / Math.sqrt(n) ? Math.min(MOST, memory) : 0;
}

/** By how much memory widens the error of a mean: runs that resemble their neighbours say less than as many that do not. */
export function widening(memory: number): number {
  return Math.sqrt((1 + memory) / (1 - memory));
}
