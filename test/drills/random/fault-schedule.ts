import { STAGES, type Stage } from '../../../src/core/model/stages.ts';
import { drawInteger, randomStream } from '../../../src/core/plan/random.ts';

/** Soak of the campaigns of a schedule, s. */
export const SOAK_SECONDS = 24;

/** What can be done to a campaign, and in which stages it makes sense. */
const FAULT_STAGES = {
  workerKilled: ['provision', 'seed', 'ramp', 'steady', 'soak', 'snapshot', 'judge', 'teardown'],
  workerFrozen: ['provision', 'seed', 'ramp', 'soak', 'snapshot', 'teardown'],
  workerAdded: ['provision', 'ramp', 'soak'],
  serverKilled: ['provision', 'seed', 'ramp', 'soak', 'snapshot', 'judge', 'teardown'],
  etcdKilled: ['seed', 'ramp', 'soak', 'teardown'],
  apiserverKilled: ['seed', 'ramp', 'soak', 'teardown'],
  schedulerKilled: ['ramp', 'soak'],
  controllerManagerKilled: ['ramp', 'soak', 'teardown'],
  kwokKilled: ['seed', 'ramp', 'soak'],
  prometheusKilled: ['seed', 'soak', 'snapshot', 'judge'],
  prometheusFrozen: ['soak', 'snapshot'],
  cancelled: ['provision', 'seed', 'ramp', 'soak', 'snapshot', 'judge'],
  terminated: ['provision', 'seed', 'ramp', 'soak', 'snapshot', 'judge', 'teardown'],
} as const satisfies Record<string, readonly Stage[]>;

export type FaultName = keyof typeof FAULT_STAGES;

/** One thing that is done to one campaign. */
export interface PlannedFault {
  readonly fault: FaultName;
  readonly stage: Stage;
  /** After the stage began. A stage that ends earlier is not waited for: the fault then comes in the one after it. */
  readonly afterMs: number;
  /** Chooses among several workers, 0..1. */
  readonly draw: number;
}

/** What is done to one campaign. */
export interface FaultSchedule {
  readonly index: number;
  readonly seed: number;
  /** In the order of their stages; after `cancelled` or `terminated` comes nothing. */
  readonly faults: readonly PlannedFault[];
}

const ENDS: readonly FaultName[] = ['cancelled', 'terminated'];

/**
 * Draws what is done to each of `count` campaigns: one or two faults. The first campaigns get the faults in turn, so that a few of them
 * try many faults; stages and moments are drawn. The same seed gives the same schedules.
 */
export function drawSchedules(seed: number, count: number): readonly FaultSchedule[] {
  const names = Object.keys(FAULT_STAGES) as FaultName[];
  const offset = drawInteger(randomStream(seed, 'offset'), 0, names.length - 1);
  // A step that has no common divisor with their number visits all names.
  const step = 5;
  return Array.from({ length: count }, (_, index) => {
    const random = randomStream(seed, 'schedule', index);
    const first = names[(offset + index * step) % names.length] as FaultName;
    const others = names.filter((name) => name !== first);
    const second = others[drawInteger(random, 0, others.length - 1)] as FaultName;
    const wanted = random() < 0.5 ? [first] : [first, second];
    const faults = wanted.map((fault): PlannedFault => {
      const stages = FAULT_STAGES[fault];
      const stage = stages[drawInteger(random, 0, stages.length - 1)] as Stage;
      const latestMs = stage === 'soak' ? (SOAK_SECONDS - 4) * 1_000 : 1_500;
      return { fault, stage, afterMs: drawInteger(random, 0, latestMs), draw: random() };
    });
    const sorted = faults.toSorted(
      (a, b) => STAGES.indexOf(a.stage) - STAGES.indexOf(b.stage) || a.afterMs - b.afterMs,
    );
    const end = sorted.findIndex(({ fault }) => ENDS.includes(fault));
    return { index, seed, faults: end === -1 ? sorted : sorted.slice(0, end + 1) };
  });
}

/** E.g. `workerKilled in ramp after 0.4 s, then cancelled in soak after 12.0 s`. */
export function scheduleText({ faults }: FaultSchedule): string {
  return faults
    .map(({ fault, stage, afterMs }) => `${fault} in ${stage} after ${(afterMs / 1_000).toFixed(1)} s`)
    .join(', then ');
}
