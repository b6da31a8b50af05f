import type { Profile } from '../model/profile.ts';
import { drawInteger, randomStream } from './random.ts';

/** One action of a profile in one of the clusters. */
export interface ScheduledFault {
  /** Position in `runnerActions`. */
  readonly actionIndex: number;
  readonly clusterIndex: number;
  readonly action: string;
  /** Seconds into the soak. */
  readonly atSeconds: number;
}

/**
 * Which faults are injected into which clusters. `on` of an action decides: the first cluster, each of them, or one that is
 * drawn from the campaign's seed. The same specification always gives the same schedule.
 */
export function faultSchedule(spec: {
  readonly profile: Pick<Profile, 'runnerActions'>;
  readonly plan: { readonly clusterCount: number };
  readonly randomSeed: number;
}): readonly ScheduledFault[] {
  const { clusterCount } = spec.plan;
  return spec.profile.runnerActions.flatMap(({ action, atSeconds, on = 'first' }, actionIndex) => {
    const inCluster = (clusterIndex: number): ScheduledFault => ({ actionIndex, clusterIndex, action, atSeconds });
    if (on === 'first') return [inCluster(0)];
    if (on === 'each') return Array.from({ length: clusterCount }, (_, index) => inCluster(index));
    return [inCluster(drawInteger(randomStream(spec.randomSeed, 'fault', actionIndex), 0, clusterCount - 1))];
  });
}

/** The name under which a checkpoint keeps the state of a fault. */
export function faultKey({ actionIndex, clusterIndex }: ScheduledFault): string {
  return `${actionIndex}/${clusterIndex}`;
}
