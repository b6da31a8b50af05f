import type { GateDefinition } from '../../src/core/gates/model.ts';
import { STAGES, type Stage } from '../../src/core/model/stages.ts';
import type { StageDeadline, StageDeadlines } from '../../src/core/plan/deadline-model.ts';
import type { CampaignSpec } from '../../src/core/plan/spec.ts';
import { aCatalogue, aPlan, aProfile, aSubstrate } from '../core/plan/make.ts';

/** Task queues of the workers under test: as in the product, one each for workflows, the host and its load. */
export const QUEUES = { shared: 'belay', host: 'belay-host-test', load: 'belay-load-test' } as const;

/** Task queues of another host. */
export function queuesOf(host: string): { readonly hostQueue: string; readonly loadQueue: string } {
  return { hostQueue: `belay-host-${host}`, loadQueue: `belay-load-${host}` };
}

/** A small complete specification with deadlines of milliseconds; `change` replaces top-level fields. */
export function aSpec(change: Partial<CampaignSpec> = {}): CampaignSpec {
  const workflowId = change.workflowId ?? 'campaign';
  return {
    campaign: workflowId,
    slug: 'b123456789',
    workflowId,
    runId: 'run',
    trigger: 'cli',
    stages: STAGES,
    randomSeed: 1,
    profile: aProfile(),
    substrate: aSubstrate(),
    catalogue: aCatalogue(),
    system: { name: 'kube-scheduler', sha256: 'none' },
    capacityFromSystem: false,
    gates: [aGate()],
    plan: aPlan(),
    deadlines: shortDeadlines(),
    holdMs: 0,
    hostQueue: QUEUES.host,
    loadQueue: QUEUES.load,
    specHash: 'first-hash-of-the-spec',
    ...change,
  };
}

/** A hard gate on a query; `change` replaces fields. */
export function aGate(change: Partial<GateDefinition> = {}): GateDefinition {
  return {
    name: 'podBindP99',
    description: '',
    unit: 's',
    source: { kind: 'query', query: 'p99' },
    bar: { max: 5 },
    barKind: 'held',
    failFast: true,
    windowMs: 'soak',
    minSamples: 1,
    unmeasured: 'fail',
    ...change,
  };
}

/** A specification whose clusters are placed on several hosts. A host that is silent for a second, and then for another, is lost. */
export function aPlacedSpec(change: Partial<CampaignSpec> & { readonly clusterCount?: number } = {}): CampaignSpec {
  const { clusterCount = 4, ...fields } = change;
  const deadlines = shortDeadlines(Object.fromEntries(STAGES.map((stage) => [stage, { queueWaitMs: SILENT_MS }])));
  const { soak } = deadlines.stages;
  return aSpec({
    plan: aPlan({ clusterCount }),
    placement: { clusterCount, hostWaitMs: 5_000 },
    deadlines: { ...deadlines, soakParts: { drive: soak, watch: soak } },
    ...fields,
  });
}

/** How long a host of a placed campaign is waited for until it is silent, ms, and then again until it is lost. */
const SILENT_MS = 1_000;

/** Deadlines that a test can wait for. A heartbeat limit below a second would not be honest. */
export function shortDeadlines(change: Partial<Record<Stage, Partial<StageDeadline>>> = {}): StageDeadlines {
  const usual: StageDeadline = {
    attemptMs: 20_000,
    attempts: 2,
    stageMs: 60_000,
    heartbeatMs: 5_000,
    queueWaitMs: 10_000,
    backoffMs: 20,
    derivation: [],
  };
  return {
    stages: Object.fromEntries(STAGES.map((stage) => [stage, { ...usual, ...change[stage] }])) as Record<
      Stage,
      StageDeadline
    >,
    budgets: {
      clusterReadyMs: 1_000,
      nodeReadyMs: 1_000,
      podReadyMs: 1_000,
      apiCallMs: 1_000,
      queryMs: 1_000,
      snapshotMs: 1_000,
      systemReadyMs: 1_000,
      processStopMs: 1_000,
      gateIntervalMs: 1_000,
    },
    holdMs: 0,
    campaignMs: 600_000,
    janitorMs: 4_200_000,
  };
}
