import type { Ending } from '../../core/campaign/ending.ts';
import type { DecisionRecord, FailureKind, StageOutcome } from '../../core/campaign/machine.ts';
import type { GateLine } from '../../core/campaign/stage-io.ts';
import type { Stage } from '../../core/model/stages.ts';
import type { GateResult, Verdict } from '../../core/gates/model.ts';
import type { SummaryAction } from '../../core/verdict/summary.ts';
import type { GroundEvent } from '../host/ground.ts';

/** A part of the evidence: there, or why not. A part that is not there lowers the verdict to unmeasured. */
export interface EvidencePart {
  readonly what: string;
  readonly ok: boolean;
  readonly error?: string;
}

/** How the load was created, against how it was asked for. Rates in Pods a second, lateness in seconds. */
export interface LoadRecord {
  readonly asked: number;
  readonly created: number;
  readonly askedPodsPerSec?: number;
  readonly achievedPodsPerSec?: number;
  readonly latenessP99Seconds?: number;
}

/** One execution of one stage. */
export interface StageRecord {
  readonly stage: Stage;
  readonly execution: number;
  readonly outcome: StageOutcome['outcome'];
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly seconds: number;
  readonly failure?: string;
  readonly failureKind?: FailureKind;
  /** The later execution that succeeded. */
  readonly healedBy?: number;
}

/** A gate that broke in an execution, kept for ever, also when a retry passed. */
export interface Breach {
  readonly stage: Stage;
  readonly execution: number;
  readonly gate: string;
  readonly atMs: number;
  readonly message: string;
  /** E.g. "passed on execution 2; execution 1: …" */
  readonly story: string;
}

/** `summary.json`: upstream's keys with their meaning (`reference/bigfleet-harness.md` §12), then Belay's. */
export interface BelaySummary {
  readonly runId: string;
  readonly profile: string;
  readonly target: { readonly context: string; readonly kind: 'kind' | 'cloud' | 'unknown' };
  /** `hours` are those of the soak, as upstream has them; `wallHours` all of them. */
  readonly cost: { readonly estimatedUsd: number; readonly hours: number; readonly wallHours: number };
  readonly scale: {
    readonly kwokClusters: number;
    /** Pods of a cluster; the name is upstream's. */
    readonly machinesPerCr: number;
    readonly totalCrs: number;
    readonly shardReplicas: number;
    readonly seedMachinesPerShard: number;
    readonly aggregateInventory: number;
  };
  /** By gate; -1 is unmeasured. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly unmeasuredSLOs?: readonly string[];
  readonly runnerActions?: readonly SummaryAction[];
  readonly passed: boolean;
  readonly failure?: string;
  readonly failures?: readonly string[];

  readonly apiVersion: 'belay.dev/v1';
  readonly kind: 'Summary';
  readonly verdict: Verdict;
  readonly ending: Ending;
  /** What lowers the verdict, a sentence each, worst first. */
  readonly reasons: readonly string[];
  /** What the stages and the evidence allow at best; no bar changes it. */
  readonly floor: { readonly verdict: Verdict; readonly reasons: readonly string[] };
  readonly specHash: string;
  readonly earlierSpecHashes: readonly string[];
  readonly system: { readonly name: string; readonly sha256: string };
  readonly substrate: { readonly name: string; readonly type: string };
  readonly temporal: { readonly workflowId: string; readonly runId: string };
  readonly trigger: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly gates: readonly GateResult[];
  readonly gateLines: readonly GateLine[];
  readonly stages: readonly StageRecord[];
  readonly breaches: readonly Breach[];
  readonly decisions: readonly DecisionRecord[];
  readonly groundEvents: readonly GroundEvent[];
  readonly evidence: readonly EvidencePart[];
  readonly load: LoadRecord | null;
  /** Facts that the stages reported, by stage. */
  readonly facts: Readonly<Record<string, Readonly<Record<string, number | string>>>>;
}
