import { judgeBigfleet } from '../bigfleet/system/rules.ts';
import type { BigfleetVerdict } from '../bigfleet/system/rules.ts';
import type { Profile } from '../model/profile.ts';
import { shardReplicasOf } from '../model/shard-replicas.ts';
import type { StoredSummary } from './stored-summary.ts';

/** The verdict of another tool's rules on a summary. */
export type ForeignVerdict = BigfleetVerdict;

/** Rules of other tools by their name in `belay judge --rules`. They decide nothing unless asked for. */
export const FOREIGN_RULES = {
  bigfleet: (summary: StoredSummary, profile: Profile): ForeignVerdict =>
    judgeBigfleet({
      metrics: summary.metrics,
      slo: profile.slo,
      totalCrs: summary.totalCrs ?? profile.scale.machines * profile.scale.density,
      // BigFleet's runner replaces 0 by 1 before it judges.
      shardReplicas: summary.shardReplicas === 0 ? 1 : (summary.shardReplicas ?? shardReplicasOf(profile)),
      runnerActions: summary.runnerActions,
    }),
} as const;
