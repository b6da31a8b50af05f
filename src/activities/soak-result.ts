import type { StageResult } from '../core/campaign/stage-io.ts';
import type { SoakLateness } from '../core/plan/checkpoints/soak.ts';
import { latenessRecord } from '../core/verdict/lateness-record.ts';
import type { Observation } from '../core/plan/observation.ts';
import type { ObservedCluster } from '../adapters/observe/observed-cluster.ts';
import { latenessFacts } from './ramp-result.ts';
import { waitedText } from './observing.ts';
import type { SoakLoad } from './soak-load.ts';
import type { BodyResult } from './stage-activity.ts';
import { total } from './steady.ts';

/** A load that was driven to the end of a soak. */
interface Driven {
  readonly clock: { readonly startAtMs: number; readonly endAtMs: number };
  readonly clusters: readonly ObservedCluster[];
  readonly loads: readonly SoakLoad[];
  /** How late the operations of all attempts were sent. */
  readonly lateness: SoakLateness;
  /** What all attempts observed. */
  readonly observation: Observation;
}

/** What a drive reports: counts, and the same in words. */
export type DrivenResult = BodyResult<StageResult>;

/** The result of a load. */
export function drivenResult({ clock, clusters, loads, lateness, observation }: Driven): DrivenResult {
  const sum = (of: (load: SoakLoad) => number): number => loads.reduce((all, load) => all + of(load), 0);
  const replaced = sum((load) => load.count('replace'));
  const created = sum((load) => load.count('create'));
  const deleted = sum((load) => load.count('delete'));
  const lost = sum((load) => load.lost);
  const moved = created + deleted === 0 ? '' : `${created} added and ${deleted} removed as demand moved, `;
  return {
    detail: `${replaced} Pods replaced, ${moved}${lost} lost and replaced${waitedText(observation)}`,
    facts: {
      soakStartMs: clock.startAtMs,
      soakEndMs: clock.endAtMs,
      podsReplaced: replaced,
      podsAdded: created,
      podsRemoved: deleted,
      podsLost: lost,
      ...latenessFacts('churnLateP99', latenessRecord(lateness).p99),
      operationsSent: lateness.operations,
      operationsLate: lateness.late,
      operationsLateWorstMs: lateness.worstMs,
      podsBound: total(clusters, 'bound'),
      podsPresent: total(clusters, 'present'),
      watchSilent: observation.watch.silent,
    },
  };
}
