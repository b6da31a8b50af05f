import type { ClimbResult, LadderSpec } from '../core/campaign/climb.ts';
import type { ComparedCampaign, ComparisonLook, ComparisonSpec } from '../core/campaign/comparison.ts';
import type { CampaignOutline } from '../core/campaign/outline.ts';
import type { PlaceInput, PlaceResult } from '../core/campaign/placement.ts';
import type {
  DriveInput,
  DriveResult,
  JudgeInput,
  JudgeResult,
  SnapshotInput,
  SnapshotResult,
  StageInput,
  StageResult,
  TeardownInput,
  TeardownResult,
  WatchInput,
} from '../core/campaign/stage-io.ts';
import type { HostSweep, KeepRequest } from '../core/campaign/sweep.ts';
import type { Stage } from '../core/model/stages.ts';

/**
 * Activities by name, as the workflow sees them. Types only: the workflow must not import the implementations. Types of results
 * say what this version returns. The workflow parses them, because a worker of another version may have run the activity.
 */

/** Argument of `resolve`: the workflow's input, and what started it. */
export interface ResolveInput {
  readonly input: unknown;
  readonly workflowId: string;
  readonly runId: string;
  /** Started by a Schedule. */
  readonly scheduled: boolean;
  /** Started by a ladder. */
  readonly child: boolean;
  /** The memo of the client that started it, if any. */
  readonly startedBy?: unknown;
}

/** Argument of `respec`: a campaign's specification, by its hash, and what a retry changes about it. */
export interface RespecInput {
  readonly campaign: string;
  readonly specHash: string;
  readonly set: Readonly<Record<string, unknown>>;
}

/** Reads files and writes the specification: short, run as a local activity. Its worker's host becomes the campaign's host. */
export interface ResolveActivities {
  resolve(input: ResolveInput): Promise<CampaignOutline>;
}

/** Runs on the campaign's host, which has the specification. */
export interface RespecActivities {
  respec(input: RespecInput): Promise<CampaignOutline>;
}

/** Asks the host of the worker that runs it to take clusters of a campaign. */
export interface PlacementActivities {
  place(input: PlaceInput): Promise<PlaceResult>;
}

/** The stages after resolve. A stage that reports only details and facts needs no entry here. */
export type StageActivities = ReportingActivities &
  Readonly<Record<Exclude<Stage, 'resolve' | keyof ReportingActivities>, (input: StageInput) => Promise<StageResult>>>;

/** The stages that need or report more than the others. */
interface ReportingActivities {
  snapshot(input: SnapshotInput): Promise<SnapshotResult>;
  judge(input: JudgeInput): Promise<JudgeResult>;
  teardown(input: TeardownInput): Promise<TeardownResult>;
}

/** The parts of a soak over several groups. */
export interface SoakPartActivities {
  /** On the load queue of each group that has clusters. */
  drive(input: DriveInput): Promise<DriveResult>;
  /** On the load queue of the lead. */
  watch(input: WatchInput): Promise<StageResult>;
}

/** Argument of `resolveLadder`: the workflow's input, and what started it. */
export interface ResolveLadderInput {
  readonly input: unknown;
  readonly workflowId: string;
  readonly scheduled: boolean;
  readonly startedBy?: unknown;
}

/** Reads files: short, run as a local activity. */
export interface ResolveLadderActivities {
  resolveLadder(input: ResolveLadderInput): Promise<LadderSpec>;
}

/** Writes the summary of a climb beside the evidence of its rungs. */
export interface LadderActivities {
  writeClimb(input: { readonly spec: LadderSpec; readonly result: ClimbResult }): Promise<void>;
}

/** Calculates: short, run as a local activity. */
export interface ComparisonActivities {
  /** Whether a comparison may stop after the campaigns that have run. */
  lookAtComparison(input: {
    readonly spec: ComparisonSpec;
    readonly campaigns: readonly ComparedCampaign[];
  }): Promise<ComparisonLook>;
}

/** Activities of the workflow `janitor`. */
export interface JanitorActivities {
  /** Names of the hosts whose workers serve this Temporal. Any worker knows them. */
  findHosts(): Promise<readonly string[]>;
  /** On the queue of the host that is swept. */
  sweepHost(input: { readonly dryRun: boolean }): Promise<HostSweep>;
  /** On the queue of the host that may have something of the campaign. */
  keepOnHost(input: KeepRequest): Promise<HostSweep>;
}
