import type { CampaignState } from '../../../src/core/campaign/machine.ts';
import { initialState, next } from '../../../src/core/campaign/machine.ts';
import type { Stage } from '../../../src/core/model/stages.ts';
import { judgeGate } from '../../../src/core/gates/judge.ts';
import type { GateDefinition, GateResult, Reading } from '../../../src/core/gates/model.ts';
import { sha256OfText } from '../../../src/adapters/identity/content-hash.ts';
import type { HistoryRecord } from '../../../src/core/verdict/summary-model.ts';
import type { SummaryInput } from '../../../src/core/verdict/build-summary.ts';
import type { CampaignSpec } from '../../../src/core/plan/spec.ts';
import { aPlan, aProfile, aSubstrate } from '../../core/plan/make.ts';
import { aSpec } from '../../workflows/make-spec.ts';

/** When the campaigns of these tests begin. */
export const BEGIN_MS = Date.UTC(2026, 7, 21, 3, 0, 0);

export function gateOf(name: string, more: Partial<GateDefinition> = {}): GateDefinition {
  return {
    name,
    description: `What ${name} says`,
    unit: 's',
    source: { kind: 'query', query: `max(${name})` },
    bar: { max: 2 },
    barKind: 'held',
    failFast: false,
    windowMs: 'soak',
    minSamples: 5,
    unmeasured: 'fail',
    ...more,
  };
}

export function resultOf(gate: GateDefinition, value: number | null, atMs = BEGIN_MS + 100_000): GateResult {
  const base = { gate: gate.name, samples: 30, windowStartMs: atMs - 30_000, windowEndMs: atMs, atMs };
  const reading: Reading =
    value === null
      ? { ...base, value, quality: 'unmeasured', reason: 'no-series', detail: 'no series max(x)' }
      : { ...base, value, quality: 'measured' };
  return judgeGate(gate, reading);
}

/** A specification with the fields that evidence reads. */
export function specOf(gates: readonly GateDefinition[], more: Partial<CampaignSpec> = {}): CampaignSpec {
  return aSpec({
    campaign: 'dev-50-20260821',
    slug: 'dev50',
    workflowId: 'campaign-dev-50',
    runId: 'run-1',
    randomSeed: 7,
    profile: aProfile({
      metadata: { name: 'dev-50', description: 'Fifty machines' },
      scale: { machines: 50, density: 8 },
      loadProfile: {
        ...aProfile().loadProfile,
        soakSeconds: 30,
        settleSeconds: 0,
        rampSeconds: 20,
        churnPerMinute: 0.1,
      },
    }),
    substrate: aSubstrate({ metadata: { name: 'local', description: '' } }),
    system: { name: 'kube-scheduler', sha256: 'ab'.repeat(32) },
    gates,
    plan: aPlan({
      totalPods: 400,
      clusterCount: 2,
      machinesEffective: 60,
      estimatedUsd: 0.5,
      usdPerHour: 1,
      seed: [
        {
          archetype: 'web',
          expectedPods: 400,
          podsPerMachine: 8,
          machines: 60,
          gangFloor: 0,
          configured: 50,
          idle: 5,
          speculative: 3,
          spot: 2,
        },
      ],
    }),
    specHash: 'f0'.repeat(32),
    ...more,
  });
}

/** One step of a campaign: a stage with how it ended and how long it took, or a retry. */
export type Step =
  readonly [Stage, 'succeeded' | { readonly breach: string; readonly message: string }, number] | 'retry';

/** A campaign's state after these steps, by the real machine. */
export function stateAfter(steps: readonly Step[]): CampaignState {
  let atMs = BEGIN_MS;
  let state = { ...initialState(atMs), holdMs: 60_000 };
  for (const step of steps) {
    if (step === 'retry') {
      atMs += 5_000;
      const { stage, execution } = state;
      state = next(state, { type: 'decided', stage, execution, decision: 'retry', reason: 'fixed build', atMs });
      continue;
    }
    const [stage, how, seconds] = step;
    atMs += seconds * 1000;
    const base = { stage, execution: state.execution, atMs };
    state =
      how === 'succeeded'
        ? next(state, { type: 'succeeded', ...base })
        : next(state, { type: 'failed', ...base, failure: { kind: 'breach', message: how.message, gate: how.breach } });
  }
  return state;
}

/** Steps of a campaign up to its judge. */
export const GREEN: readonly Step[] = [
  ['resolve', 'succeeded', 0.2],
  ['provision', 'succeeded', 6],
  ['install', 'succeeded', 0.5],
  ['seed', 'succeeded', 3],
  ['ramp', 'succeeded', 20],
  ['steady', 'succeeded', 4],
  ['soak', 'succeeded', 30],
  ['snapshot', 'succeeded', 2],
];

export function inputOf(more: Partial<SummaryInput> & Pick<SummaryInput, 'results'>): SummaryInput {
  return {
    spec: specOf(more.results.map(({ gate }) => gateOf(gate))),
    state: stateAfter(GREEN),
    readings: [],
    actions: [],
    infrastructureEvents: [],
    evidence: [{ what: 'Prometheus snapshot', ok: true }],
    earlierSpecHashes: [],
    load: null,
    facts: {},
    context: 'kwok-belay-dev50-0',
    endedAtMs: BEGIN_MS + 90_000,
    findings: [],
    sha256: sha256OfText,
    ...more,
  };
}

/** What a trend found when a run was judged. */
export function aHistory(...texts: readonly string[]): HistoryRecord {
  return {
    earlierRuns: 10,
    over: 20,
    changes: texts.map((text) => ({
      metric: 'podBindP99',
      kind: 'step',
      open: true,
      direction: 'worse',
      sinceRun: 'run-1',
      sinceMs: BEGIN_MS,
      text,
    })),
  };
}
