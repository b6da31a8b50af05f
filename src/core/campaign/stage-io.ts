import type { GateResult, Verdict } from '../gates/model.ts';
import type { CampaignSpec } from '../plan/spec.ts';
import type { Ending } from '../verdict/conclusion.ts';
import type { CampaignState, DecisionRecord, StageOutcome } from './machine.ts';

/** What crosses the border between the workflow and its activities: counts and pointers, never data. */

/** Argument of every stage's activity. */
export interface StageInput {
  readonly spec: CampaignSpec;
  readonly execution: number;
  /** Where the execution before this one had got to; handed over because heartbeats do not cross executions. */
  readonly resume?: unknown;
  /** The decisions and outcomes so far: the evidence of an execution begins with why it runs. */
  readonly decisions: readonly DecisionRecord[];
  readonly outcomes: readonly StageOutcome[];
}

/** What a stage reports when it is through. */
export interface StageResult {
  /** One line for the story, e.g. "400 Pods created, 400 bound, p99 0.42 s". */
  readonly detail: string;
  readonly facts: Readonly<Record<string, number | string>>;
  /** Deaths and repairs of the ground while the stage ran, a sentence each. */
  readonly groundEvents: readonly string[];
}

/** What `judge` is told besides the specification: the machine's record, which decides the floor of the verdict. */
export interface JudgeInput extends StageInput {
  readonly state: CampaignState;
  /** Parts of the evidence: what is there, and what could not be had. */
  readonly evidence: readonly EvidencePart[];
  readonly facts: Readonly<Record<string, Readonly<Record<string, number | string>>>>;
  /** The specification before a retry changed it, oldest first. */
  readonly earlierSpecHashes: readonly string[];
}

/** What `snapshot` reports: evidence that is there, and what is not. */
export interface SnapshotResult extends StageResult {
  readonly parts: readonly EvidencePart[];
}

/** A part of the evidence: there, or why not. A part that is not there lowers the verdict to unmeasured. */
export interface EvidencePart {
  readonly what: string;
  readonly ok: boolean;
  readonly error?: string;
}

/** What `teardown` reports: what it could not remove is the janitor's. */
export interface TeardownResult extends StageResult {
  readonly leftovers: readonly string[];
}

/** What `judge` reports. Gates in the order of the specification. */
export interface JudgeResult extends StageResult {
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
  readonly gates: readonly GateLine[];
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
  /** What could not be removed; the janitor's. */
  readonly leftovers: readonly string[];
}

/** What the `status` query answers: enough for a live line per stage. */
export interface CampaignStatus {
  readonly campaign: string | null;
  readonly profile: string | null;
  readonly substrate: string | null;
  readonly system: string | null;
  readonly fleetSize: number | null;
  readonly state: CampaignState;
  /** Last line of each stage that ended, by stage. */
  readonly details: Readonly<Record<string, string>>;
  readonly story: readonly StoryLine[];
  readonly verdict: Verdict | null;
  readonly holdEndsAtMs: number | null;
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
