import type { GateResult, Verdict } from '../gates/model.ts';
import type { Stage } from '../model/stages.ts';
import type { Ending } from './ending.ts';
import type { CampaignState, DecisionRecord } from './machine.ts';

/** What the workflow and its activities pass to each other: counts and pointers, never data. */

/** The group of the lead. A campaign on one host has no other. */
export const LEAD_GROUP = 'g0';

/** A group of clusters and its host, as activities get it that concern all groups. */
export interface GroupClusters {
  readonly group: string;
  readonly host: string;
  /** Index of its first cluster in the campaign. */
  readonly firstCluster: number;
  /** Only the lead's group may have none. */
  readonly clusterCount: number;
}

/** Argument of every stage's activity. The specification lies on the campaign's host and is found by its hash. */
export interface StageInput {
  readonly campaign: string;
  readonly specHash: string;
  readonly stage: Stage;
  readonly execution: number;
  /** The clusters that this activity works on. */
  readonly group: string;
  /** The last heartbeat's checkpoint of the execution before this one, for a host that has lost its own copy. */
  readonly resume?: unknown;
  /** Decisions since the last stage that succeeded: the timeline shows them before this execution. */
  readonly decisions?: readonly DecisionRecord[];
}

/**
 * Argument of `drive`: one group's part of a soak. All groups have the same start, which lies a few seconds ahead when the first
 * attempt is scheduled. `stage` is `soak`.
 */
export interface DriveInput extends StageInput {
  /** Start of the soak's clock, ms since the epoch. It stays the same for every attempt of the execution. */
  readonly startAtMs: number;
}

/**
 * Argument of `watch`, on the lead. It is scheduled twice in an execution:
 * - beside the drives, without `settledAtMs`: it reads the fail-fast gates until the time of the soak is over. A breach ends it:
 *   it reads all gates for the moment of the breach and fails as a soak does. Otherwise it only returns.
 * - when all drives have ended, with `settledAtMs`: it reads all gates for the end of the soak.
 */
export interface WatchInput extends DriveInput {
  readonly groups: readonly GroupClusters[];
  /** The moment after the last Pods of all groups had their time, ms since the epoch: the latest `settledAtMs` of the drives. */
  readonly settledAtMs?: number;
}

/** What `drive` reports: the counts of its clusters, as `soak` does, and when the last Pods had had their time. */
export interface DriveResult extends StageResult {
  readonly settledAtMs: number;
}

/** What `snapshot` needs besides: when the latest soak ran; absent if none did. */
export interface SnapshotInput extends StageInput {
  readonly soak?: StageTimes;
  /** For the lead: all groups whose evidence belongs to the campaign. Absent on a single host. */
  readonly groups?: readonly GroupClusters[];
  /** For the lead: groups whose clusters have moved to other hosts. Their evidence may have come late. */
  readonly moved?: readonly GroupClusters[];
  /** For the other groups: the lead cannot take their evidence any more. They keep it in their own `runs/`. */
  readonly leadLost?: boolean;
}

/** What `teardown` needs besides. */
export interface TeardownInput extends StageInput {
  /** For the lead: all groups. Absent on a single host. */
  readonly groups?: readonly GroupClusters[];
}

/** When one execution of a stage began and ended, ms since the epoch. */
export interface StageTimes {
  readonly execution: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** What a stage reports when it has succeeded. */
export interface StageResult {
  /** One line for the story, e.g. "400 Pods created, 400 bound, p99 0.42 s". */
  readonly detail: string;
  readonly facts: Readonly<Record<string, number | string>>;
  /** Failures and repairs of the infrastructure while the stage ran, one sentence each. */
  readonly infrastructureEvents: readonly string[];
}

/** What `judge` needs besides: the machine's record, which limits the verdict. */
export interface JudgeInput extends StageInput {
  readonly state: CampaignState;
  /** Parts of the evidence: which were kept, and which are missing. */
  readonly evidence: readonly EvidencePart[];
  readonly facts: Readonly<Record<string, Readonly<Record<string, number | string>>>>;
  /** Hashes of the specifications that retries replaced, oldest first. */
  readonly earlierSpecHashes: readonly string[];
  /** All groups whose evidence belongs to the campaign. Absent on a single host. */
  readonly groups?: readonly GroupClusters[];
}

/** What `snapshot` reports: which parts of the evidence were kept, and which are missing. */
export interface SnapshotResult extends StageResult {
  readonly parts: readonly EvidencePart[];
}

/** A part of the evidence, and why it is missing if it is. A missing part lowers the verdict to unmeasured. */
export interface EvidencePart {
  readonly what: string;
  readonly ok: boolean;
  readonly error?: string;
}

/** What `teardown` reports: leftovers are what it could not remove; the janitor removes them. */
export interface TeardownResult extends StageResult {
  readonly leftovers: readonly string[];
}

/** What `judge` reports. Gates in the order of the specification. */
export interface JudgeResult extends StageResult {
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
  readonly gates: readonly GateLine[];
  /** What changed over the latest comparable runs, a sentence each. Absent or empty = nothing is known to have. */
  readonly changes?: readonly string[];
  /** Absent or empty = no metric waits for the next run, and none waited for this one. */
  readonly flagged?: readonly FlaggedMetric[];
}

/** A metric that one run showed as a step or an outlier. The next run confirms or withdraws it. */
export interface FlaggedMetric {
  readonly metric: string;
  /** `open`: this run is flagged. `confirmed`, `withdrawn`: the run before it was, and this one settled it. */
  readonly state: 'open' | 'confirmed' | 'withdrawn';
  /** The flagged run. */
  readonly run: string;
  /** In a sentence. */
  readonly text: string;
}

/** A gate's result without its windows: small enough for a workflow result. */
export interface GateLine {
  readonly gate: string;
  readonly verdict: Verdict;
  readonly informational: boolean;
  readonly value: number | null;
  readonly unit: string;
  readonly min?: number;
  readonly max?: number;
  readonly headroom: number | null;
  readonly message: string;
}

/** The workflow's result. */
export interface CampaignResult {
  readonly campaign: string;
  readonly verdict: Verdict;
  readonly ending: Ending;
  readonly reasons: readonly string[];
  readonly gates: readonly GateLine[];
  /** What changed over the latest comparable runs, a sentence each. Absent = nothing is known to have. */
  readonly changes?: readonly string[];
  /** Absent = no metric waits for the next run, and none waited for this one. */
  readonly flagged?: readonly FlaggedMetric[];
  /** What could not be removed. The janitor removes it. */
  readonly leftovers: readonly string[];
}

/** The answer of the query `status`: enough for a live line per stage. */
export interface CampaignStatus {
  readonly campaign: string | null;
  readonly profile: string | null;
  readonly substrate: string | null;
  readonly system: string | null;
  readonly fleetSize: number | null;
  readonly state: CampaignState;
  /** The last line of each stage that has ended, by stage. */
  readonly details: Readonly<Record<string, string>>;
  readonly story: readonly StoryLine[];
  readonly verdict: Verdict | null;
  readonly holdEndsAtMs: number | null;
  /** The groups of a campaign whose clusters are placed on several hosts, those included that it no longer has. */
  readonly groups?: readonly GroupLine[];
}

/**
 * What a group does.
 * - `silent`: no worker of its host has answered for a while.
 * - `lost`: its host did not come back. A retry places its clusters on other hosts.
 * - `moved`: other groups have its clusters. A host that returns has to clean up.
 */
export type GroupState = 'idle' | 'running' | 'silent' | 'failed' | 'lost' | 'moved' | 'removed';

/** A group as the status shows it. */
export interface GroupLine {
  readonly group: string;
  readonly host: string;
  readonly clusters: number;
  readonly state: GroupState;
}

/** One entry of the campaign's story, oldest first. */
export interface StoryLine {
  readonly atMs: number;
  readonly text: string;
}

/** Shortens a gate's result to its line. */
export function gateLine(result: GateResult): GateLine {
  return {
    gate: result.gate,
    verdict: result.verdict,
    informational: result.barKind === 'informational',
    value: result.reading.value,
    unit: result.unit,
    ...result.bar,
    headroom: result.headroom,
    message: result.message,
  };
}
