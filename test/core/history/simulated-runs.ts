import type { StoredMetric } from '../../../src/core/history/stored-metric.ts';
import { randomStream, type Random } from '../../../src/core/plan/random.ts';

/** Runs of a simulated system. */
interface Simulation {
  readonly seed: number;
  readonly count: number;
  readonly metrics: number;
  /** Standard deviation of a metric, as a share of its value. */
  readonly spread: number;
  /** What a metric's value is multiplied with, by its number. */
  readonly factors?: Readonly<Record<number, number>>;
  /** Chance of a run in which everything takes half as long again. */
  readonly outliers?: number;
}

/** Runs whose metrics depend on each other: half of their spread is that of the whole run. */
export function simulatedRuns(
  side: string,
  { seed, count, metrics, spread, factors = {}, outliers = 0 }: Simulation,
): readonly { readonly metrics: readonly StoredMetric[] }[] {
  const random = randomStream(seed, 'simulated', side);
  return Array.from({ length: count }, () => {
    const whole = normal(random);
    const slow = random() < outliers ? 1.5 : 1;
    return {
      metrics: Array.from({ length: metrics }, (_, index) => {
        const noise = Math.exp(spread * Math.SQRT1_2 * (whole + normal(random)));
        return aMetric(`m${index}`, 10 * noise * slow * (factors[index] ?? 1));
      }),
    };
  });
}

/** A metric in seconds, of which less is better. */
export function aMetric(name: string, value: number | undefined, more: Partial<StoredMetric> = {}): StoredMetric {
  const quality = value === undefined ? 'unmeasured' : 'measured';
  return { name, kind: 'gate', value, unit: 's', better: 'lower', quality, ...more };
}

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
