import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildSpec } from '../../src/adapters/files/build-spec.ts';
import { workflowBundlePath } from '../../src/adapters/temporal/workflow-bundle.ts';
import type { PlaceInput } from '../../src/core/campaign/placement.ts';
import type { ActivityName } from '../../src/core/model/stages.ts';
import type { Substrate } from '../../src/core/model/substrate.ts';
import type { CampaignSpec } from '../../src/core/plan/spec.ts';
import { commonEndStep, untilCommonEndMs } from '../../src/core/plan/stages/common-end.ts';
import { parseHistory, scheduledActivities } from './history.ts';
import { QUEUES } from './make-spec.ts';
import type { Script, Step, StageCall } from './scripted.ts';
import type { TestTemporal } from './temporal.ts';

/** The longest text of a result, bytes. */
const TEXT_BYTES = 300;

/** A fleet of equal hosts. */
export interface Fleet {
  readonly hosts: number;
  readonly clustersPerHost: number;
  /** The stages of the groups end at random moments within this time, ms; 0 = all at once. */
  readonly spreadMs: number;
}

/** What a simulated campaign left in Temporal. */
export interface Simulated {
  readonly verdict: string;
  readonly seconds: number;
  readonly events: number;
  /** Activities on the queues of hosts, and placements. */
  readonly activities: number;
  /** Size of the history, as the server counts it. */
  readonly historyBytes: number;
  /** The largest input, result or other payload of one event. */
  readonly largestPayloadBytes: number;
  readonly replaySeconds: number;
  /** CPU of this process during the replay: a busy host changes it less. */
  readonly replayCpuSec: number;
  /** Why the replay failed; undefined where it did not. */
  readonly replayError: Error | undefined;
}

/** Runs profile 5m on a fleet, with the real workflow and a real server; only the activities are stubs. */
export async function simulate(temporal: TestTemporal, fleet: Fleet): Promise<Simulated> {
  const { hosts, clustersPerHost } = fleet;
  const beganMs = performance.now();
  const run = await temporal.begin('simulated', scriptOf(fleet));
  const { verdict } = await run.result<{ verdict: string }>();
  const seconds = (performance.now() - beganMs) / 1_000;
  if (run.placements.length !== hosts) throw new Error(`${run.placements.length} hosts of ${hosts} were used`);
  const judged = run.calls.find(({ stage }) => stage === 'judge')?.input.facts?.['ramp']?.['podsWanted'];
  if (judged !== hosts * clustersPerHost * 25_000) throw new Error(`${judged} Pods were judged`);
  const { historySize } = await run.handle.describe();
  const history = await run.handle.fetchHistory();
  const json = historyToJSON(history);
  const replayBeganMs = performance.now();
  const cpuBefore = process.cpuUsage();
  let replayError: Error | undefined;
  try {
    await Worker.runReplayHistory(
      { workflowBundle: { codePath: await workflowBundlePath() } },
      history,
      run.workflowId,
    );
  } catch (error) {
    replayError = error as Error;
  }
  const replayCpu = process.cpuUsage(cpuBefore);
  return {
    verdict,
    seconds,
    events: history.events?.length ?? 0,
    activities: Object.values(scheduledActivities(parseHistory(json))).reduce((sum, count) => sum + count, 0),
    historyBytes: historySize ?? 0,
    replaySeconds: (performance.now() - replayBeganMs) / 1_000,
    replayCpuSec: (replayCpu.user + replayCpu.system) / 1e6,
    replayError,
    largestPayloadBytes: largestPayload(json),
  };
}

/** Payloads are the fields `data` of a history, in base64. */
function largestPayload(json: string): number {
  const lengths = [...json.matchAll(/"data": ?"([^"]*)"/g)].map(([, data = '']) => Math.floor((data.length * 3) / 4));
  return lengths.reduce((most, each) => Math.max(most, each), 0);
}

function scriptOf(fleet: Fleet): Script {
  const { hosts, clustersPerHost } = fleet;
  const names = Array.from({ length: hosts - 1 }, (_, index) => `worker-${index}.fleet.example.internal`);
  return {
    oneWorker: true,
    certificatePem: 'x'.repeat(1_200),
    fleet: { lead: clustersPerHost, ...Object.fromEntries(names.map((name) => [name, clustersPerHost])) },
    resolve: (input) => specOf(fleet, input),
    stages: Object.fromEntries(
      Object.entries(FACTS).map(([stage, facts]): [string, Step] => [
        stage,
        async (call) => {
          await sleep(Math.random() * fleet.spreadMs);
          const shape = { placed: true, plan: { clusterCount: hosts * clustersPerHost } };
          if (fleet.spreadMs > 0 && commonEndStep(stage as ActivityName, shape) !== undefined)
            await sleep(untilCommonEndMs(Date.now()));
          return { detail: 'd'.repeat(TEXT_BYTES), facts: facts(call, clustersPerHost), ...MORE[stage] };
        },
      ]),
    ),
  };
}

/** What the stages of a real group report, with texts as long as they may be. */
const FACTS: Readonly<Record<string, (call: StageCall, clusters: number) => object>> = {
  provision: ({ input }, clusters) => ({
    clusters,
    prometheus: '3.16.0',
    clusterUids: `${input.group}${'u'.repeat(TEXT_BYTES - 10)}`,
  }),
  install: () => ({ system: 'bigfleet', systemSha256: 'f'.repeat(64) }),
  seed: (_, clusters) => ({ nodes: clusters * 250, nodesExisting: 0 }),
  ramp: (_, clusters) => ({
    podsWanted: clusters * 25_000,
    podsCreated: clusters * 25_000,
    podsExisting: 0,
    refilled: 0,
    retries: 12,
    conflicts: 0,
    askedPerSec: 347.2 * clusters,
    achievedPerSec: 346.9 * clusters,
    sentLateP99LowMs: 100,
    sentLateP99Ms: 120,
  }),
  steady: (_, clusters) => ({ podsBound: clusters * 25_000, steadySeconds: 12.5 }),
  drive: () => ({ podsReplaced: 12_345, podsLost: 12, operations: 24_690, lateOperations: 3 }),
  watch: () => ({ soakEndMs: 1 }),
  snapshot: () => ({ partsKept: 9, partsMissing: 0 }),
  teardown: (_, clusters) => ({ clustersRemoved: clusters, leftovers: 0 }),
};

/** What results of closing stages have besides. */
const MORE: Readonly<Record<string, object>> = {
  snapshot: { parts: Array.from({ length: 9 }, (_, index) => ({ what: `part ${index} of the evidence`, ok: true })) },
  teardown: { leftovers: [] },
};

function specOf({ hosts, clustersPerHost }: Fleet, { workflowId, runId }: Pick<PlaceInput, 'workflowId' | 'runId'>) {
  const clusterCount = hosts * clustersPerHost;
  const built = buildSpec(
    { profile: { name: '5m' }, overrides: { 'scale.machines': clusterCount * 250 } },
    { workflowId, runId, campaign: workflowId, trigger: 'cli', defaultHoldMs: 0 },
    { substrate: { ok: true, value: SUBSTRATE, notices: [], path: '', text: '', sha256: '' } },
    { spread: () => ({ spreads: true }) },
  );
  if (!built.ok) throw new Error(built.errors.join('\n'));
  const spec: CampaignSpec = { ...built.spec, hostQueue: QUEUES.host, loadQueue: QUEUES.load };
  return spec;
}

const SUBSTRATE: Substrate = {
  metadata: { name: 'simulated', description: '' },
  type: 'local',
  host: { vCPU: 64, memoryGiB: 512 },
  cluster: { podsPerCluster: 25_000, clustersPerHost: 100, storage: 'etcd', bindThroughputPodsPerSec: 100 },
  costEstimate: { perHostUsdPerHour: 0, notes: '' },
  provisioning: '',
  local: { env: {}, nodeReadyDelaySeconds: 0 },
};
