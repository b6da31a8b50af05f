import { endingOf, verdictFloor } from '../../core/verdict/conclusion.ts';
import type { CampaignState, StageOutcome } from '../../core/campaign/machine.ts';
import { gateLine } from '../../core/campaign/stage-io.ts';
import { overallVerdict } from '../../core/gates/judge.ts';
import type { GateResult, Verdict } from '../../core/gates/model.ts';
import { worst } from '../../core/gates/model.ts';
import type { SummaryAction } from '../../core/verdict/summary.ts';
import type { CampaignSpec } from '../../core/plan/spec.ts';
import { targetKind } from '../../core/verdict/target-kind.ts';
import type { GroundEvent } from '../host/ground.ts';
import type { StoredReading } from './evidence-folder.ts';
import type { BelaySummary, Breach, EvidencePart, LoadRecord, StageRecord } from './summary-model.ts';
import { podsOfLargestCluster } from '../../core/plan/cluster-pods.ts';

/** What a summary is made of. */
export interface SummaryInput {
  readonly spec: CampaignSpec;
  readonly state: CampaignState;
  /** Every gate of the specification, judged at the end. */
  readonly results: readonly GateResult[];
  /** All readings of all executions, for the breaches that a retry made good. */
  readonly readings: readonly StoredReading[];
  readonly actions: readonly SummaryAction[];
  readonly groundEvents: readonly GroundEvent[];
  readonly evidence: readonly EvidencePart[];
  readonly earlierSpecHashes: readonly string[];
  readonly load: LoadRecord | null;
  readonly facts: Readonly<Record<string, Readonly<Record<string, number | string>>>>;
  /** Context of the first cluster's kubeconfig. */
  readonly context: string;
  readonly endedAtMs: number;
}

/**
 * The summary, verdict included: the worst of the gates that count, of what the stages' record allows, of evidence that is
 * missing, and of actions without effect. Pure.
 */
export function buildSummary(input: SummaryInput): BelaySummary {
  const { spec, state, results } = input;
  const floor = floorOf(input);
  const failedActions = input.actions.filter((action) => !action.asserted).map(actionFailure);
  const actionVerdict: Verdict = failedActions.length > 0 ? 'fail' : 'pass';
  // A campaign that nothing judged is not green: that is how gates pass because nothing was measured.
  const judged = results.some((one) => one.barKind !== 'informational');
  const verdict = worst([floor.verdict, judged ? overallVerdict(results) : 'unmeasured', actionVerdict]);
  const messages = (wanted: Verdict): readonly string[] =>
    results.filter((one) => one.counts !== false && one.verdict === wanted).map((one) => one.message);
  const failures = [...messages('fail'), ...failedActions, ...(floor.verdict === 'fail' ? floor.reasons : [])];
  const unmeasured = [
    ...(floor.verdict === 'fail' ? [] : floor.reasons),
    ...messages('unmeasured'),
    ...(judged ? [] : ['no gate with a bar judges this campaign']),
  ];
  const unmeasuredGates = results.filter((one) => one.barKind !== 'informational' && one.reading.value === null);
  const startedAtMs = state.outcomes[0]?.startedAtMs ?? state.stageStartedAtMs;
  const reasons = [...failures, ...unmeasured];
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
    ...(input.actions.length === 0 ? {} : { runnerActions: input.actions }),
    passed: verdict === 'pass',
    ...(reasons[0] === undefined || verdict === 'pass' ? {} : { failure: reasons[0], failures: reasons }),
    apiVersion: 'belay.dev/v1',
    kind: 'Summary',
    verdict,
    ending: endingOf(state),
    reasons,
    floor,
    specHash: spec.specHash,
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
    groundEvents: input.groundEvents,
    evidence: input.evidence,
    load: input.load,
    facts: input.facts,
  };
}

function floorOf({ state, evidence }: SummaryInput): BelaySummary['floor'] {
  const stages = verdictFloor(state);
  const missing = evidence
    .filter((part) => !part.ok)
    .map((part) => `evidence is missing: ${part.what}${part.error === undefined ? '' : ` (${part.error})`}`);
  return {
    verdict: worst([stages.verdict, missing.length > 0 ? 'unmeasured' : 'pass']),
    reasons: [...stages.reasons, ...missing],
  };
}

function scaleOf({ plan }: CampaignSpec): BelaySummary['scale'] {
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

function stagesOf(state: CampaignState): readonly StageRecord[] {
  return state.outcomes.map((one) => {
    const healedBy = one.outcome === 'failed' ? healer(state, one)?.execution : undefined;
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

/** The first failed reading of each gate in each execution, and breaches on the stages' record that have no reading. */
function breachesOf({ state, readings, results }: SummaryInput): readonly Breach[] {
  const found = new Map<string, Omit<Breach, 'story'>>();
  const add = (breach: Omit<Breach, 'story'>): void => {
    const key = `${breach.stage} ${breach.execution} ${breach.gate}`;
    if (!found.has(key)) found.set(key, breach);
  };
  for (const { stage, execution, gate, verdict, counts, reading, message } of readings) {
    if (verdict === 'fail' && counts !== false) add({ stage, execution, gate, atMs: reading.atMs, message });
  }
  for (const { stage, execution, failure, endedAtMs } of state.outcomes) {
    if (failure?.kind !== 'breach') continue;
    add({ stage, execution, gate: failure.gate ?? '', atMs: endedAtMs, message: failure.message });
  }
  const final = new Map(results.map((result) => [result.gate, result.verdict]));
  return [...found.values()].map((breach) => {
    const later = state.outcomes.findLast((one) => one.stage === breach.stage && one.execution > breach.execution);
    const now =
      later === undefined
        ? ''
        : `${final.get(breach.gate) === 'pass' ? 'passed' : 'ended'} on execution ${later.execution}; `;
    return { ...breach, story: `${now}execution ${breach.execution}: ${breach.message}` };
  });
}

function healer(state: CampaignState, failed: StageOutcome): StageOutcome | undefined {
  return state.outcomes.find(
    (one) => one.stage === failed.stage && one.execution > failed.execution && one.outcome === 'succeeded',
  );
}

function actionFailure({ action, atSeconds, fireError, assertError }: SummaryAction): string {
  const why = fireError === '' ? `had no effect: ${assertError || 'none was seen'}` : `was not done: ${fireError}`;
  return `action ${action} at ${atSeconds} s ${why}`;
}
