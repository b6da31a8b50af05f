/**
 * Nodes, and then Pods that are bound to them: how fast a local cluster of Belay has them Ready, beside a cluster with
 * kwokctl's own settings, in one run. With CPU and memory of every part, also when nothing happens any more.
 *
 *     node_modules/.bin/node bench/nodes.ts [Nodes = 1000] [Pods = 2000] [belay | kwokctl]
 *
 * Each cluster has ten minutes, is alone while it is measured, and is removed. Ratios count, not seconds.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import Table from 'cli-table3';
import { connectCluster, type ClusterClient } from '../src/adapters/kube/client.ts';
import { createNodes, waitForNodes } from '../src/adapters/kube/machines.ts';
import { ensureNamespace } from '../src/adapters/kube/namespace.ts';
import { openLoop } from '../src/adapters/kube/open-loop.ts';
import { componentStates } from '../src/adapters/substrates/local/components.ts';
import { COMPONENTS, type ComponentName } from '../src/adapters/substrates/local/layout.ts';
import { LABELS } from '../src/core/plan/labels.ts';
import { NODE_REQUESTS_AT_ONCE, POD_REQUESTS_AT_ONCE } from '../src/core/plan/limits.ts';
import type { Kubelet } from '../src/core/plan/node-status.ts';
import { nodeBody } from '../src/core/plan/nodes.ts';
import { testCampaign, testHome } from '../test/adapters/substrates/local-campaign.ts';
import { withCluster } from '../test/cluster.ts';
import { inOwnFolder } from './in-own-folder.ts';

const CAMPAIGN = 'bench';
const CLUSTER_LIMIT_MS = 600_000;
/** How long a cluster settles, and how long it is then measured while nothing is asked of it. */
const SETTLING_MS = 15_000;
const QUIET_MS = 30_000;
const CLOCK_TICKS_PER_SEC = 100;
/** As in substrates/local.yaml. */
const ENV_OF_LOCAL = { GOGC: '400' };

type Settings = 'belay' | 'kwokctl';

interface BenchCluster {
  readonly kubeconfigPath: string;
  /** Given where a campaign creates its Nodes as Ready. */
  readonly kubelet?: Kubelet | undefined;
  readonly pidOf: (component: ComponentName) => number;
}

/** CPU that a part has used, s, and memory that it has, MB. */
interface Use {
  readonly cpuSec: number;
  readonly memoryMb: number;
}

type Parts = Readonly<Record<ComponentName | 'client', Use>>;

/** What one kind of object took. */
interface Phase {
  readonly what: string;
  readonly createdPerSec: number;
  readonly readyPerSec: number;
  readonly seconds: number;
  readonly parts: Parts;
}

interface Result {
  readonly settings: Settings;
  readonly phases: readonly Phase[];
}

/** The parts of a cluster, and this process as its client. */
function usedBy({ pidOf }: BenchCluster): Parts {
  const own = process.cpuUsage();
  const client = { cpuSec: (own.user + own.system) / 1e6, memoryMb: process.memoryUsage().rss / 1e6 };
  return Object.fromEntries([['client', client], ...COMPONENTS.map((name) => [name, useOf(pidOf(name))])]) as Parts;
}

function useOf(pid: number): Use {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  const rssKb = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return { cpuSec: (user + system) / CLOCK_TICKS_PER_SEC, memoryMb: Number(rssKb) / 1e3 };
}

function since(before: Parts, after: Parts): Parts {
  return Object.fromEntries(
    Object.entries(after).map(([name, { cpuSec, memoryMb }]) => [
      name,
      { cpuSec: cpuSec - before[name as ComponentName].cpuSec, memoryMb },
    ]),
  ) as Parts;
}

/** Measures one cluster that has nothing in it. */
async function measure(cluster: BenchCluster, settings: Settings, nodes: number, pods: number): Promise<Result> {
  const signal = AbortSignal.timeout(CLUSTER_LIMIT_MS);
  const { kubeconfigPath } = cluster;
  const client = await connectCluster({ kubeconfigPath, connections: POD_REQUESTS_AT_ONCE });
  try {
    const phases = [
      await phase(cluster, 'Nodes', nodes, (onCreated) => makeNodes(client, cluster, nodes, signal, onCreated)),
    ];
    if (pods > 0) {
      phases.push(await phase(cluster, 'Pods', pods, (onCreated) => makePods(client, nodes, pods, signal, onCreated)));
    }
    await sleep(SETTLING_MS, undefined, { signal });
    phases.push(await phase(cluster, 'quiet', nodes, () => sleep(QUIET_MS, undefined, { signal })));
    return { settings, phases };
  } finally {
    await client.close();
  }
}

async function phase(
  cluster: BenchCluster,
  what: string,
  count: number,
  run: (onCreated: () => void) => Promise<void>,
): Promise<Phase> {
  const before = usedBy(cluster);
  const beganMs = performance.now();
  let createdMs = beganMs;
  await run(() => (createdMs = performance.now()));
  const seconds = (performance.now() - beganMs) / 1_000;
  const parts = since(before, usedBy(cluster));
  return {
    what,
    createdPerSec: count / ((createdMs - beganMs) / 1_000),
    readyPerSec: count / seconds,
    seconds,
    parts,
  };
}

async function makeNodes(
  client: ClusterClient,
  { kubelet }: BenchCluster,
  count: number,
  signal: AbortSignal,
  onCreated: () => void,
): Promise<void> {
  const owner = { campaign: CAMPAIGN, stage: 'seed', expiresAtMs: Date.now() + 3_600_000 };
  const bodies = Array.from({ length: count }, (_, index) =>
    nodeBody(
      {
        name: nodeName(index),
        archetype: 'web',
        instanceType: 'm6i.large',
        zone: `zone-${index % 3}`,
        rack: `rack-${index % 100}`,
        labels: {},
        allocatable: { cpu: '64', memory: '256Gi', pods: '110' },
      },
      owner,
      kubelet && { kubelet, nowMs: Date.now() },
    ),
  );
  const budgetMs = CLUSTER_LIMIT_MS;
  const parallel = NODE_REQUESTS_AT_ONCE;
  await createNodes({ client, bodies, parallel, callBudgetMs: budgetMs, signal, onProgress: () => {} });
  onCreated();
  await waitForNodes(client, { campaign: CAMPAIGN, count, onProgress: () => {} }, { signal, budgetMs });
}

/** Pods that are bound already: the scheduler takes no part, kwok alone turns them Ready. */
async function makePods(
  client: ClusterClient,
  nodes: number,
  count: number,
  signal: AbortSignal,
  onCreated: () => void,
): Promise<void> {
  const within = { signal, budgetMs: CLUSTER_LIMIT_MS };
  const path = `/api/v1/namespaces/${CAMPAIGN}/pods`;
  await ensureNamespace(client, CAMPAIGN, {}, within);
  await openLoop({
    count,
    fromIndex: 0,
    dueAtMs: () => 0,
    parallel: POD_REQUESTS_AT_ONCE,
    signal,
    run: async (index) => {
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: `pod-${index}`, labels: { [LABELS.campaign]: CAMPAIGN } },
        spec: {
          nodeName: nodeName(index % nodes),
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: 0,
          containers: [{ name: 'load', image: 'registry.k8s.io/pause:3.10' }],
        },
      };
      await client.create(path, JSON.stringify(pod), within);
    },
  });
  onCreated();
  for (;;) {
    const { items } = await client.list(
      path,
      { fieldSelector: 'status.phase=Pending', metadataOnly: true, pick: () => true },
      within,
    );
    if (items.length === 0) return;
    await sleep(250, undefined, { signal });
  }
}

function nodeName(index: number): string {
  return `${CAMPAIGN}-n${index}`;
}

/** Runs `use` with a cluster of these settings, and removes the cluster. */
async function withSettings(settings: Settings, use: (cluster: BenchCluster) => Promise<Result>): Promise<Result> {
  if (settings === 'kwokctl') return await withCluster(use);
  const home = testHome();
  try {
    const campaign = await testCampaign(CAMPAIGN, { env: ENV_OF_LOCAL });
    try {
      const [record] = await campaign.provision(1);
      if (record === undefined) throw new Error('no cluster was made');
      const pids = new Map(componentStates(record).map(({ name, pid }) => [name, pid]));
      const kubelet = campaign.substrate.kubelet(record);
      return await use({ kubeconfigPath: record.kubeconfigPath, kubelet, pidOf: (name) => pids.get(name) ?? 0 });
    } finally {
      await campaign.close();
    }
  } finally {
    home.close();
  }
}

function print({ settings, phases }: Result): void {
  const table = new Table({ head: ['', 'time', 'created', 'Ready', 'CPU, memory of each part'] });
  for (const { what, seconds, createdPerSec, readyPerSec, parts } of phases) {
    const isQuiet = what === 'quiet';
    const uses = Object.entries(parts).map(([name, { cpuSec, memoryMb }]) => {
      const cpu = isQuiet ? `${((100 * cpuSec) / seconds).toFixed(1)} % of a core` : `${cpuSec.toFixed(1)} CPU-s`;
      return `${name}: ${cpu}, ${memoryMb.toFixed(0)} MB`;
    });
    const rates = isQuiet ? ['', ''] : [`${createdPerSec.toFixed(0)}/s`, `${readyPerSec.toFixed(0)}/s`];
    table.push([what, `${seconds.toFixed(1)} s`, ...rates, uses.join('\n')]);
  }
  console.log(`\nSettings of ${settings}:\n${table.toString()}`);
}

async function main(nodes: number, pods: number, which: readonly Settings[]): Promise<void> {
  const results: Result[] = [];
  for (const settings of which) {
    const result = await withSettings(settings, (cluster) => measure(cluster, settings, nodes, pods));
    print(result);
    results.push(result);
  }
  const [ours, theirs] = results;
  if (ours === undefined || theirs === undefined) return;
  for (const [index, { what, readyPerSec }] of ours.phases.entries()) {
    const other = theirs.phases[index]?.readyPerSec;
    if (other === undefined || what === 'quiet') continue;
    console.log(`${what}: ${(readyPerSec / other).toFixed(1)} times as many a second Ready as with kwokctl's settings`);
  }
}

const [nodes = '1000', pods = '2000', which] = process.argv.slice(2);
const settings: readonly Settings[] = which === 'belay' || which === 'kwokctl' ? [which] : ['belay', 'kwokctl'];
await inOwnFolder(() => main(Number(nodes), Number(pods), settings));
