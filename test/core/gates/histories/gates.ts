import type { GatePatch } from '../../../../src/core/model/gate-patch.ts';
import type { Recorded } from './recorded.ts';
import {
  depths,
  exactly,
  highestDepth,
  idleSeconds,
  ratedQuantile,
  waitQuantile,
  workDone,
  workRates,
  type Truth,
} from './truth.ts';
import type { World } from './world.ts';

/** A gate over the metrics of a world, and the true value of what it measures. */
export interface TrueGate {
  readonly name: string;
  /** Which metrics of a world it reads. */
  readonly reads: 'work' | 'waits' | 'levels';
  /** Its values are rounded in the last digits. */
  readonly rounds: boolean;
  readonly patch: (world: World) => GatePatch;
  readonly truth: (world: World, recorded: Recorded) => Truth | undefined;
}

type Depths = NonNullable<ReturnType<typeof depths>>;

function values(found: Depths, queue?: string): readonly number[] {
  return found.filter((one) => queue === undefined || one.queue === queue).map(({ value }) => value);
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, value) => sum + value, 0);
}

function summed(truths: readonly Truth[]): Truth {
  return { low: total(truths.map(({ low }) => low)), high: total(truths.map(({ high }) => high)) };
}

function times({ low, high }: Truth, by: number): Truth {
  return { low: low * by, high: high * by };
}

function divided(part: Truth, whole: Truth): Truth | undefined {
  return whole.low === 0 ? undefined : { low: part.low / whole.high, high: part.high / whole.low };
}

function overLevels(
  name: string,
  patch: (depth: string) => GatePatch,
  value: (found: Depths) => number | undefined,
): TrueGate {
  return {
    name,
    reads: 'levels',
    rounds: false,
    patch: ({ prefix, job }) => ({ ...patch(`${prefix}depth{job="${job}"}`), job }),
    truth: (world, { seen }) => {
      const found = depths(world, (position) => seen.get(position) ?? []);
      const result = found === undefined || found.length === 0 ? undefined : value(found);
      return result === undefined || !Number.isFinite(result) ? undefined : exactly(result);
    },
  };
}

type SeenBy = Parameters<typeof workDone>[1];

function over(
  reads: 'work' | 'waits',
  name: string,
  patch: (metric: (name: string, more?: string) => string, world: World) => GatePatch,
  truth: (world: World, seenBy: SeenBy) => Truth | undefined,
): TrueGate {
  return {
    name,
    reads,
    rounds: !/^(delta|quantile|idle)/.test(name),
    patch: (world) => {
      const { prefix, job } = world;
      const metric = (own: string, more = ''): string => `${prefix}${own}{job="${job}"${more}}`;
      return { ...patch(metric, world), job };
    },
    truth: (world, { seen }) => truth(world, (position) => seen.get(position) ?? []),
  };
}

const ERROR = ',kind="error"';
const windowS = ({ windowStartMs, windowEndMs }: World): number => (windowEndMs - windowStartMs) / 1_000;

/** Gates of every kind. */
export const TRUE_GATES: readonly TrueGate[] = [
  overLevels(
    'query max',
    (depth) => ({ query: `max(${depth})` }),
    (found) => Math.max(...values(found)),
  ),
  overLevels(
    'query min',
    (depth) => ({ query: `min(${depth})` }),
    (found) => Math.min(...values(found)),
  ),
  overLevels(
    'query sum',
    (depth) => ({ query: `sum(${depth})` }),
    (found) => total(values(found)),
  ),
  overLevels(
    'query count',
    (depth) => ({ query: `count(${depth} > 3) or 0 * count(${depth})` }),
    (found) => values(found).filter((value) => value > 3).length,
  ),
  overLevels(
    'query spread',
    (depth) => ({ query: `max(${depth}) - min(${depth})` }),
    (found) => Math.max(...values(found)) - Math.min(...values(found)),
  ),
  overLevels(
    'query by queue',
    (depth) => ({ query: `max(sum by (queue) (${depth}))` }),
    (found) =>
      Math.max(
        ...['a', 'b'].filter((queue) => values(found, queue).length > 0).map((queue) => total(values(found, queue))),
      ),
  ),
  ...[
    (depth: string) => `max(max_over_time(${depth}[$window]))`,
    (depth: string) => `max_over_time(max(${depth})[$window:1s])`,
  ].map((query, index): TrueGate => ({
    name: `query over time ${index}`,
    reads: 'levels',
    rounds: false,
    patch: ({ prefix, job }) => ({ query: query(`${prefix}depth{job="${job}"}`), job }),
    truth: (world) => highestDepth(world),
  })),
  overLevels(
    'ratio of gauges',
    (depth) => ({
      ratio: { numerator: `sum(${depth.replace('}', ',queue="a"}')})`, denominator: `sum(${depth})` },
    }),
    (found) => (values(found, 'a').length === 0 ? undefined : total(values(found, 'a')) / total(values(found))),
  ),
  over(
    'work',
    'delta',
    (metric) => ({ delta: { counter: `sum(${metric('work_total')})` } }),
    (world, seenBy) => workDone(world, seenBy),
  ),
  over(
    'work',
    'delta of errors',
    (metric) => ({ delta: { counter: metric('work_total', ERROR) }, absentIs: 0 }),
    (world, seenBy) => workDone(world, seenBy, ['error']),
  ),
  over(
    'work',
    'share',
    (metric) => ({
      share: { counter: metric('work_total', ERROR), of: `sum(${metric('work_all_total')})` },
      absentIs: 0,
    }),
    (world, seenBy) => divided(workDone(world, seenBy, ['error']), workDone(world, seenBy)),
  ),
  over('work', 'idle', (metric) => ({ idle: { counter: metric('work_all_total') } }), idleSeconds),
  over('work', 'idle by shard', (metric) => ({ idle: { counter: metric('work_total'), by: ['shard'] } }), idleSeconds),
  ...[0.5, 0.9, 0.99].map((phi) =>
    over(
      'waits',
      `quantile ${phi}`,
      (metric) => ({ quantile: { of: phi, histogram: metric('wait_seconds_bucket') } }),
      (world, seenBy) => waitQuantile(world, seenBy, phi, false),
    ),
  ),
  over(
    'waits',
    'quantile by shard',
    (metric) => ({ quantile: { of: 0.9, histogram: metric('wait_seconds_bucket'), by: ['shard'] } }),
    (world, seenBy) => waitQuantile(world, seenBy, 0.9, true),
  ),
  over(
    'work',
    'query rate',
    (metric) => ({ query: `sum(rate(${metric('work_all_total')}[$window]))` }),
    (world, seenBy) => summed(workRates(world, seenBy)),
  ),
  over(
    'work',
    'query rate of errors',
    (metric) => ({
      query: `sum(rate(${metric('work_total', ERROR)}[$window])) or 0 * sum(${metric('work_all_total')})`,
    }),
    (world, seenBy) => summed(workRates(world, seenBy, ['error'])),
  ),
  over(
    'work',
    'query max rate',
    (metric) => ({ query: `max(rate(${metric('work_all_total')}[$window]))` }),
    (world, seenBy) => {
      const rates = workRates(world, seenBy);
      return { low: Math.max(...rates.map(({ low }) => low)), high: Math.max(...rates.map(({ high }) => high)) };
    },
  ),
  over(
    'work',
    'query increase',
    (metric) => ({ query: `sum(increase(${metric('work_total')}[$window]))` }),
    (world, seenBy) => times(summed(workRates(world, seenBy)), windowS(world)),
  ),
  over(
    'work',
    'ratio of rates',
    (metric) => ({
      ratio: {
        numerator: `sum(rate(${metric('work_total', ERROR)}[$window]))`,
        denominator: `sum(rate(${metric('work_all_total')}[$window]))`,
      },
    }),
    (world, seenBy) => divided(summed(workRates(world, seenBy, ['error'])), summed(workRates(world, seenBy))),
  ),
  over(
    'waits',
    'query quantile',
    (metric) => ({ query: `histogram_quantile(0.9, sum by (le) (rate(${metric('wait_seconds_bucket')}[$window])))` }),
    (world, seenBy) => ratedQuantile(world, seenBy, 0.9, false),
  ),
  over(
    'waits',
    'query quantile by shard',
    (metric) => ({
      query: `max(histogram_quantile(0.9, sum by (le, shard) (rate(${metric('wait_seconds_bucket')}[$window]))))`,
    }),
    (world, seenBy) => ratedQuantile(world, seenBy, 0.9, true),
  ),
];
