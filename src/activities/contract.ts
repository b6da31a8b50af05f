import type { ClimbResult, LadderSpec } from '../core/campaign/climb.ts';
import type {
  JudgeInput,
  JudgeResult,
  SnapshotResult,
  StageInput,
  StageResult,
  TeardownResult,
} from '../core/campaign/stage-io.ts';
import type { CampaignSpec } from '../core/plan/spec.ts';

/** Activities by name, as the workflow sees them. Types only: the workflow must not import the implementations. */

/** What `resolve` needs to know besides what was typed: who is asking. */
export interface ResolveInput {
  readonly input: unknown;
  readonly workflowId: string;
  readonly runId: string;
  /** Started by a Schedule. */
  readonly scheduled: boolean;
  /** Started by a ladder. */
  readonly child: boolean;
  /** The memo of whoever started it, if any. */
  readonly startedBy?: unknown;
}

/** A specification and what a retry changes about it. */
export interface RespecInput {
  readonly spec: CampaignSpec;
  readonly set: Readonly<Record<string, unknown>>;
}

/** Short and free of side effects: run as local activities. */
export interface ResolveActivities {
  resolve(input: ResolveInput): Promise<CampaignSpec>;
  respec(input: RespecInput): Promise<CampaignSpec>;
}

/** The stages between resolve and the end. */
export interface StageActivities {
  provision(input: StageInput): Promise<StageResult>;
  install(input: StageInput): Promise<StageResult>;
  seed(input: StageInput): Promise<StageResult>;
  ramp(input: StageInput): Promise<StageResult>;
  steady(input: StageInput): Promise<StageResult>;
  soak(input: StageInput): Promise<StageResult>;
  snapshot(input: StageInput): Promise<SnapshotResult>;
  judge(input: JudgeInput): Promise<JudgeResult>;
  teardown(input: StageInput): Promise<TeardownResult>;
}

/** What `resolveLadder` needs to know besides what was typed. */
export interface ResolveLadderInput {
  readonly input: unknown;
  readonly workflowId: string;
  readonly scheduled: boolean;
  readonly startedBy?: unknown;
}

/** Short and free of side effects: run as a local activity. */
export interface ResolveLadderActivities {
  resolveLadder(input: ResolveLadderInput): Promise<LadderSpec>;
}

/** Writes a climb's summary beside the evidence of its rungs. */
export interface LadderActivities {
  writeClimb(input: { readonly spec: LadderSpec; readonly result: ClimbResult }): Promise<void>;
}
