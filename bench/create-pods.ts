/**
 * Creating Pods: our client beside the stock one (`createNamespacedPod` of @kubernetes/client-node, 50 at once), against
 * the same API server in one run, taking turns; then how well an asked rate is held.
 *
 *     node_modules/.bin/node bench/create-pods.ts [pods a turn = 1000] [turns = 2]
 *
 * Ratios count, not seconds: they hold on a busy machine too.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { V1Pod } from '@kubernetes/client-node';
import Table from 'cli-table3';
import { connectCluster } from '../src/adapters/kube/client.ts';
import type { ClusterClient } from '../src/adapters/kube/client.ts';
import { createNodes, waitForNodes } from '../src/adapters/kube/machines.ts';
import { ensureNamespace } from '../src/adapters/kube/namespace.ts';
import { openLoop } from '../src/adapters/kube/open-loop.ts';
import { runArrivals } from '../src/adapters/kube/run-arrivals.ts';
import { arrivalTimes } from '../src/core/plan/arrivals.ts';
import { nodeBody, planNodes } from '../src/core/plan/nodes.ts';
import { withCluster } from '../test/cluster.ts';
import { archetype, catalogue, seedRow } from '../test/core/plan/catalogue-samples.ts';
import { inOwnFolder } from './in-own-folder.ts';

const NODES = 100;
const CONNECTIONS = 64;
const STOCK_PARALLEL = 50;
const CAMPAIGN = 'bench';

interface Turn {
  readonly client: string;
  readonly podsPerSec: number;
  readonly cpuPerThousand: number;
}

const signal = AbortSignal.timeout(900_000);
const within = { signal, budgetMs: 60_000 };

/** A Pod that is bound already, so that no scheduler takes part. */
function boundPod(name: string, index: number): V1Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { 'belay.dev/campaign': CAMPAIGN, app: 'bench' } },
    spec: {
      nodeName: `${CAMPAIGN}-n${index % NODES}`,
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'load',
          image: 'registry.k8s.io/pause:3.10',
          resources: { requests: { cpu: '10m', memory: '16Mi' } },
        },
      ],
    },
  };
}

/** Runs one turn; a client's own CPU, without the server's. */
async function measured(client: string, pods: number, run: () => Promise<void>): Promise<Turn> {
  const cpuBefore = process.cpuUsage();
  const beganMs = performance.now();
  await run();
  const seconds = (performance.now() - beganMs) / 1_000;
  const cpu = process.cpuUsage(cpuBefore);
  return { client, podsPerSec: pods / seconds, cpuPerThousand: (cpu.user + cpu.system) / 1e6 / (pods / 1_000) };
}

async function ours(client: ClusterClient, namespace: string, pods: number): Promise<Turn> {
  const text = JSON.stringify(boundPod('NAME', 0)).split('NAME');
  return measured('belay, 64 connections', pods, () =>
    openLoop({
      count: pods,
      fromIndex: 0,
      dueAtMs: () => 0,
      parallel: CONNECTIONS,
      signal,
      run: async (index) => {
        const body = text.join(`pod-${index}`).replace(`${CAMPAIGN}-n0`, `${CAMPAIGN}-n${index % NODES}`);
        await client.create(`/api/v1/namespaces/${namespace}/pods`, body, within);
      },
    }),
  );
}

async function stock(kubeconfigPath: string, namespace: string, pods: number): Promise<Turn> {
  const { CoreV1Api, KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  config.loadFromFile(kubeconfigPath);
  const api = config.makeApiClient(CoreV1Api);
  return measured('client-node, 50 at once', pods, () =>
    openLoop({
      count: pods,
      fromIndex: 0,
      dueAtMs: () => 0,
      parallel: STOCK_PARALLEL,
      signal,
      run: async (index) => {
        await api.createNamespacedPod({ namespace, body: boundPod(`pod-${index}`, index) });
      },
    }),
  );
}

async function sideBySide(pods: number, turns: number): Promise<readonly Turn[]> {
  return withCluster(async ({ kubeconfigPath }) => {
    const client = await connectCluster({ kubeconfigPath, connections: CONNECTIONS });
    try {
      const ground = planNodes({
        slug: CAMPAIGN,
        catalogue: catalogue([archetype({ name: 'web' })]),
        rows: [seedRow({ archetype: 'web', podsPerMachine: 1_000, idle: NODES })],
        workloads: [],
        clusterIndex: 0,
        clusterCount: 1,
      });
      const owner = { campaign: CAMPAIGN, stage: 'seed', expiresAtMs: Date.now() + 3_600_000 };
      await createNodes({
        client,
        bodies: ground.nodes.map((node) => nodeBody(node, owner)),
        parallel: CONNECTIONS,
        callBudgetMs: within.budgetMs,
        signal,
        onProgress: () => {},
      });
      await waitForNodes(client, { campaign: CAMPAIGN, count: NODES, onProgress: () => {} }, within);
      const results: Turn[] = [];
      // Both warm first: the first hundred calls of a program pay for its compilation.
      for (let turn = 0; turn <= turns; turn++) {
        for (const which of ['ours', 'stock'] as const) {
          const namespace = `bench-${turn}-${which}`;
          await ensureNamespace(client, namespace, {}, within);
          const count = turn === 0 ? 100 : pods;
          const result =
            which === 'ours' ? await ours(client, namespace, count) : await stock(kubeconfigPath, namespace, count);
          if (turn > 0) results.push(result);
          await client.deleteCollection(`/api/v1/namespaces/${namespace}/pods`, { labelSelector: 'app=bench' }, within);
        }
      }
      return results;
    } finally {
      await client.close();
    }
  });
}

/** How a rate is held when the server is no limit: one that says yes at once, in a process of its own. */
async function paced(rates: readonly number[], seconds: number): Promise<readonly (readonly string[])[]> {
  const server = fork(import.meta.filename, ['serve']);
  const [port] = (await once(server, 'message')) as [number];
  const folder = mkdtempSync(join(tmpdir(), 'belay-bench-'));
  try {
    const kubeconfigPath = join(folder, 'kubeconfig');
    const cluster = { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true };
    const config = {
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'u', user: {} }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'c',
    };
    writeFileSync(kubeconfigPath, JSON.stringify(config));
    const client = await connectCluster({ kubeconfigPath, connections: CONNECTIONS });
    const rows: string[][] = [];
    for (const rate of rates) {
      const count = rate * seconds;
      const cpuBefore = process.cpuUsage();
      const report = await runArrivals({
        scope: { client, namespace: 'x', labelSelector: 'a=b' },
        pods: { name: (slot) => `pod-${slot}`, body: (slot) => JSON.stringify(boundPod(`pod-${slot}`, slot)) },
        offsetsMs: arrivalTimes({ shape: 'poisson', count, rampMs: seconds * 1_000, seed: 1 }),
        startAtMs: Date.now() + 50,
        fromIndex: 0,
        parallel: 256,
        callBudgetMs: within.budgetMs,
        signal,
        onLate: () => undefined,
        onProgress: () => {},
      });
      const cpu = process.cpuUsage(cpuBefore);
      rows.push([
        `${rate}/s for ${seconds} s`,
        `${report.achievedPerSec?.toFixed(0)}/s`,
        `${report.sentLate.p50Ms} / ${report.sentLate.p99Ms} / ${report.sentLate.maxMs} ms`,
        ((cpu.user + cpu.system) / 1e6 / (count / 1_000)).toFixed(2),
      ]);
    }
    await client.close();
    return rows;
  } finally {
    server.kill();
    rmSync(folder, { recursive: true });
  }
}

/** The server that says yes: every list is empty until `runArrivals` looks a second time. */
function serveYes(): void {
  let lists = 0;
  let created: unknown[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      response.setHeader('content-type', 'application/json');
      if (request.method === 'POST') {
        const slot = String(created.length);
        const labels = { 'belay.dev/slot': slot, 'belay.dev/generation': '0' };
        created.push({ metadata: { name: slot, uid: slot, resourceVersion: '1', labels } });
        response.writeHead(201).end(body);
        return;
      }
      const items = lists++ % 2 === 0 ? [] : created;
      if (items.length === 0) created = [];
      response.end(JSON.stringify({ items, metadata: { resourceVersion: '1' } }));
    });
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

async function main(pods: number, turns: number): Promise<void> {
  const results = await sideBySide(pods, turns);
  const of = (name: string): readonly Turn[] => results.filter(({ client }) => client.startsWith(name));
  const table = new Table({ head: ['client', 'Pods/s', 'CPU-s per 1,000'] });
  for (const { client, podsPerSec, cpuPerThousand } of results) {
    table.push([client, podsPerSec.toFixed(0), cpuPerThousand.toFixed(2)]);
  }
  console.log(table.toString());
  const faster =
    mean(of('belay').map(({ podsPerSec }) => podsPerSec)) / mean(of('client-node').map(({ podsPerSec }) => podsPerSec));
  const cheaper =
    mean(of('client-node').map(({ cpuPerThousand }) => cpuPerThousand)) /
    mean(of('belay').map(({ cpuPerThousand }) => cpuPerThousand));
  console.log(`belay makes ${faster.toFixed(1)} times as many Pods a second, for 1/${cheaper.toFixed(1)} of the CPU`);
  const rates = new Table({ head: ['asked', 'achieved', 'sent late p50 / p99 / max', 'CPU-s per 1,000'] });
  rates.push(...(await paced([1_000, 5_000], 3)).map((row) => [...row]));
  console.log(`\nAgainst a server that says yes at once:\n${rates.toString()}`);
}

if (process.argv[2] === 'serve') serveYes();
else await inOwnFolder(() => main(Number(process.argv[2] ?? 1_000), Number(process.argv[3] ?? 2)));
