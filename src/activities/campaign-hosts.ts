import type { HostEvidence, OwnEvidence } from '../adapters/evidence/host-evidence.ts';
import { latestOutcome, type CampaignState } from '../core/campaign/machine.ts';
import { LEAD_GROUP, type GroupClusters } from '../core/campaign/stage-io.ts';
import type { InfrastructureEvent } from '../core/gates/infrastructure.ts';
import type { IdentityFinding } from '../core/identity/identity-schema.ts';
import type { ActivityName } from '../core/model/stages.ts';
import { mergedSoak } from '../core/plan/checkpoints/merge-soak.ts';
import type { SoakCheckpoint } from '../core/plan/checkpoints/soak.ts';
import { mergedObservations } from '../core/plan/observation.ts';
import { parseCheckpoint, type CheckpointOf } from '../core/plan/stages/registry.ts';
import { hostStages } from '../core/verdict/host-record.ts';
import type { GroupHostRecord, ObservedStage } from '../core/verdict/summary-model.ts';

/** Where the evidence of hosts comes from. */
export interface HostEvidenceSource {
  readonly own: OwnEvidence;
  of(group: string): HostEvidence;
}

/** Stages in which the load is observed, beside the soak. */
const OBSERVED = ['ramp', 'steady'] as const;

/**
 * What the hosts of a campaign recorded, as `judge` needs it. A campaign on one host has no groups. With groups, the soak left one
 * checkpoint on each host, and that of its watch on the lead.
 */
export class CampaignHosts {
  readonly own: OwnEvidence;
  readonly #groups: readonly GroupClusters[] | undefined;
  readonly #byGroup: ReadonlyMap<string, HostEvidence>;

  constructor(source: HostEvidenceSource, groups: readonly GroupClusters[] | undefined) {
    const { own } = source;
    this.own = own;
    this.#groups = groups;
    const entries = (groups ?? []).map(({ group }) => [group, group === LEAD_GROUP ? own : source.of(group)] as const);
    this.#byGroup = new Map<string, HostEvidence>([[LEAD_GROUP, own], ...entries]);
  }

  /** Failures and repairs of all hosts, in order. */
  infrastructure(): readonly InfrastructureEvent[] {
    const events = [...this.#byGroup.values()].flatMap(({ infrastructure }) => infrastructure);
    return events.toSorted((a, b) => a.atMs - b.atMs);
  }

  /** What all hosts found out about the identity. A host without evidence is unknown. */
  findings(): readonly IdentityFinding[] {
    return [...this.#byGroup].flatMap(([group, { findings }]): readonly IdentityFinding[] =>
      findings.length > 0 || group === LEAD_GROUP
        ? findings
        : [{ kind: 'worker', unknown: [{ part: 'host', why: `there is no evidence of group ${group}` }] }],
    );
  }

  /** What is known of an execution of the soak. @throws UnreadableRecord naming the field */
  soak(execution: number): SoakCheckpoint | undefined {
    if (this.#groups === undefined) return checkpointOf(this.own, 'soak', execution);
    const drives = [...this.#byGroup.values()].map((host) => checkpointOf(host, 'drive', execution));
    return mergedSoak(checkpointOf(this.own, 'watch', execution), drives);
  }

  /** Whether there is evidence of the drive of a cluster, by its index. With one host there always is. */
  drove(clusterIndex: number, execution: number): boolean {
    const group = this.#groups?.find(
      ({ firstCluster, clusterCount }) => clusterIndex >= firstCluster && clusterIndex < firstCluster + clusterCount,
    );
    return group === undefined || this.#byGroup.get(group.group)?.checkpoint('drive', execution) !== undefined;
  }

  /** How well the latest executions of the stages with load observed their Pods. @throws UnreadableRecord naming the field */
  observed(state: CampaignState): readonly ObservedStage[] {
    const before = OBSERVED.flatMap((stage): readonly ObservedStage[] => {
      const execution = latestOutcome(state, stage)?.execution;
      if (execution === undefined) return [];
      const found = [...this.#byGroup.values()].flatMap((host) => latestOf(host, stage, execution)?.observation ?? []);
      return found.length === 0 ? [] : [{ stage, execution, ...mergedObservations(found) }];
    });
    const execution = latestOutcome(state, 'soak')?.execution;
    const inSoak = execution === undefined ? undefined : this.soak(execution)?.observation;
    return execution === undefined || inSoak === undefined
      ? before
      : [...before, { stage: 'soak', execution, ...inSoak }];
  }

  /** What each of several hosts had to do; undefined where there is only one. */
  records(state: CampaignState): readonly GroupHostRecord[] | undefined {
    return this.#groups?.map(({ group, host, firstCluster, clusterCount }) => {
      const { size = null, samples = [] } = this.#byGroup.get(group) ?? {};
      const { cores = null, memoryBytes = null } = size ?? {};
      const stages = hostStages(samples, state.outcomes);
      return { group, host, firstCluster, clusterCount, cores, memoryBytes, stages };
    });
  }
}

function checkpointOf<A extends ActivityName>(
  host: HostEvidence,
  activity: A,
  execution: number,
): CheckpointOf<A> | undefined {
  return parseCheckpoint(activity, host.checkpoint(activity, execution));
}

/** The checkpoint of a stage: a retry ran it again only for the groups in which it had failed. */
function latestOf<A extends ActivityName>(
  host: HostEvidence,
  activity: A,
  execution: number,
): CheckpointOf<A> | undefined {
  for (let earlier = execution; earlier > 0; earlier--) {
    const found = checkpointOf(host, activity, earlier);
    if (found !== undefined) return found;
  }
  return undefined;
}
