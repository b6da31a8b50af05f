import { endingOf, healerOf } from '../campaign/ending.ts';
import type { CampaignState } from '../campaign/machine.ts';
import { fingerprintOf } from '../identity/fingerprint.ts';
import { identityOf } from '../identity/identity-of.ts';
import type { IdentityFinding } from '../identity/identity-schema.ts';
import { gateLine, type EvidencePart } from '../campaign/stage-io.ts';
import type { InfrastructureEvent } from '../gates/infrastructure.ts';
import type { SoakLateness } from '../plan/checkpoints/soak.ts';
import type { CampaignSpec } from '../plan/spec.ts';
import { floorOf } from './floor.ts';
import { latenessRecord } from './lateness-record.ts';
import type { JudgedGate } from './judged-gate.ts';
import type { StoredReading } from './stored-reading.ts';
import type {
  GroupHostRecord,
  HistoryRecord,
  HostRecord,
  LoadRecord,
  ObservedStage,
  Summary,
  SummaryAction,
} from './summary-model.ts';
import { podsOfLargestCluster } from '../plan/cluster-pods.ts';
import { targetKind } from './target-kind.ts';
import { verdictOf } from './verdict-of.ts';
import { brokenReadings } from './broken-readings.ts';
import { breachSentence } from './wording.ts';

/** What a summary is made of. */
export interface SummaryInput {
  readonly spec: CampaignSpec;
  readonly state: CampaignState;
  /** Every gate of the specification, judged at the end. */
  readonly results: readonly JudgedGate[];
  /** All readings of all executions, for breaches that a retry healed. */
  readonly readings: readonly StoredReading[];
  readonly actions: readonly SummaryAction[];
  readonly infrastructureEvents: readonly InfrastructureEvent[];
  readonly evidence: readonly EvidencePart[];
  readonly earlierSpecHashes: readonly string[];
  readonly load: LoadRecord | null;
  /** How late the load of the latest soak was; undefined where it is not known. */
  readonly lateness?: SoakLateness | undefined;
  /** What the host had to do; undefined where it is not known. */
  readonly host?: HostRecord | undefined;
  /** The same of each of several hosts, the lead first. */
  readonly hosts?: readonly GroupHostRecord[] | undefined;
  /** How well the Pods of each stage with load were observed. */
  readonly observed?: readonly ObservedStage[];
  readonly facts: Readonly<Record<string, Readonly<Record<string, number | string>>>>;
  /** What changed beside earlier runs; undefined where they could not be read. */
  readonly history?: HistoryRecord | undefined;
  /** Context of the first cluster's kubeconfig. */
  readonly context: string;
  readonly endedAtMs: number;
  /** What stages and workers found out about what the readings were taken with. */
  readonly findings: readonly IdentityFinding[];
  readonly sha256: (text: string) => string;
}

/** The summary of a campaign, verdict included. */
export function buildSummary(input: SummaryInput): Summary {
  const { spec, state, results, actions, lateness, host, hosts, observed = [] } = input;
  const floor = floorOf(state, input.evidence);
  const { verdict, reasons } = verdictOf({ results, floor, actions, lateness, host, hosts });
  const unmeasuredGates = results.filter((one) => one.barKind !== 'informational' && one.reading.value === null);
  const identity = identityOf(input.findings);
  const startedAtMs = state.outcomes[0]?.startedAtMs ?? state.stageStartedAtMs;
  return {
    runId: spec.campaign,
    profile: spec.profile.metadata.name,
    target: { context: input.context, kind: targetKind(input.context) },
    cost: {
      estimatedUsd: spec.plan.estimatedUsd,
      hours: spec.profile.loadProfile.soakSeconds / 3600,
      wallHours: (input.endedAtMs - startedAtMs) / 3_600_000,
    },
    scale: scaleOf(spec),
    metrics: Object.fromEntries(results.map(({ gate, reading }) => [gate, reading.value ?? -1])),
    ...(unmeasuredGates.length === 0 ? {} : { unmeasuredSLOs: unmeasuredGates.map(({ gate }) => gate) }),
    ...(actions.length === 0 ? {} : { runnerActions: actions }),
    passed: verdict === 'pass',
    ...(reasons[0] === undefined || verdict === 'pass' ? {} : { failure: reasons[0], failures: reasons }),
    apiVersion: 'belay.dev/v1',
    kind: 'Summary',
    verdict,
    ending: endingOf(state),
    reasons,
    floor,
    specHash: spec.specHash,
    fingerprint: fingerprintOf(identity, spec, input.sha256),
    identity,
    earlierSpecHashes: input.earlierSpecHashes,
    system: spec.system,
    substrate: { name: spec.substrate.metadata.name, type: spec.substrate.type },
    temporal: { workflowId: spec.workflowId, runId: spec.runId },
    trigger: spec.trigger,
    startedAtMs,
    endedAtMs: input.endedAtMs,
    gates: results,
    gateLines: results.map(gateLine),
    stages: stagesOf(state),
    breaches: breachesOf(input),
    decisions: state.decisions,
    infrastructureEvents: input.infrastructureEvents,
    evidence: input.evidence,
    load: input.load,
    ...(lateness === undefined ? {} : { lateness: latenessRecord(lateness) }),
    ...(host === undefined ? {} : { host }),
    ...(hosts === undefined ? {} : { hosts }),
    ...(observed.length === 0 ? {} : { observed }),
    ...(input.history === undefined ? {} : { history: input.history }),
    facts: input.facts,
  };
}

function scaleOf({ plan }: CampaignSpec): Summary['scale'] {
  const sum = (pick: (row: CampaignSpec['plan']['seed'][number]) => number): number =>
    plan.seed.reduce((total, row) => total + pick(row), 0);
  return {
    kwokClusters: plan.clusterCount,
    machinesPerCr: podsOfLargestCluster(plan),
    totalCrs: plan.totalPods,
    shardReplicas: plan.shardReplicas,
    seedMachinesPerShard: Math.floor(plan.machinesEffective / Math.max(1, plan.shardReplicas)),
    aggregateInventory: sum((row) => row.configured + row.idle + row.speculative + row.spot),
  };
}

function stagesOf(state: CampaignState): Summary['stages'] {
  return state.outcomes.map((one) => {
    const healedBy = one.outcome === 'failed' ? healerOf(state, one) : undefined;
    return {
      stage: one.stage,
      execution: one.execution,
      outcome: one.outcome,
      startedAtMs: one.startedAtMs,
      endedAtMs: one.endedAtMs,
      seconds: (one.endedAtMs - one.startedAtMs) / 1000,
      ...(one.failure === undefined ? {} : { failure: one.failure.message, failureKind: one.failure.kind }),
      ...(healedBy === undefined ? {} : { healedBy }),
    };
  });
}

/** A breach without its story. */
type BreachRecord = Omit<Summary['breaches'][number], 'story'>;

/** The first reading that broke each gate in each execution, and failed stages whose breach has no reading. */
function breachesOf({ spec, state, readings, results }: SummaryInput): Summary['breaches'] {
  const found = new Map<string, BreachRecord>();
  const add = (breach: BreachRecord): void => {
    const key = `${breach.stage} ${breach.execution} ${breach.gate}`;
    if (!found.has(key)) found.set(key, breach);
  };
  for (const { stage, execution, gate, reading, message } of brokenReadings(spec.gates, readings)) {
    add({ stage, execution, gate, atMs: reading.atMs, message });
  }
  for (const { stage, execution, failure, endedAtMs } of state.outcomes) {
    if (failure?.kind !== 'breach') continue;
    add({ stage, execution, gate: failure.gate ?? '', atMs: endedAtMs, message: failure.message });
  }
  const final = new Map(results.map((result) => [result.gate, result.verdict]));
  return [...found.values()].map((breach) => {
    const later = state.outcomes.findLast((one) => one.stage === breach.stage && one.execution > breach.execution);
    const passed = final.get(breach.gate) === 'pass';
    const story = breachSentence({
      ...breach,
      ...(later === undefined ? {} : { later: { execution: later.execution, passed } }),
    });
    return { ...breach, story };
  });
}
