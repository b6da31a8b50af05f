/**
 * Memory that the observation of Pods takes: a server in a process of its own serves the Pods of a cluster as an API server does,
 * page by page and as events. This process watches them with the code of a worker: watch, lists, counter, accounts, journal, series.
 *
 *     node --expose-gc bench/watch-memory.ts [pods = 20000] [lists = 3]
 *
 * Heap is measured after a garbage collection, RSS at its highest.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ClusterRecord } from '../src/adapters/host/ledger.ts';
import { WatchedCluster } from '../src/adapters/observe/observed-cluster.ts';
import { clusterLoad } from '../src/core/plan/cluster-load.ts';
import { LIST_PAGE } from '../src/core/plan/limits.ts';
import type { CampaignSpec } from '../src/core/plan/spec.ts';
import { kubeconfig } from '../test/adapters/kube/scripted-api.ts';
import { mixedCatalogue } from '../test/core/plan/catalogue-samples.ts';
import { aPlan } from '../test/core/plan/make.ts';
import { aSpec } from '../test/workflows/make-spec.ts';
import { inOwnFolder } from './in-own-folder.ts';

const OWNER = { campaign: 'bench', stage: 'ramp', expiresAtMs: 0 };
const ATTEMPT = { owner: OWNER, check: (): void => undefined };
const EVENTS_AT_ONCE = 200;
const NODES = 400;

function specOf(pods: number): CampaignSpec {
  return aSpec({
    slug: 'bmemory',
    campaign: 'bench',
    catalogue: mixedCatalogue,
    plan: aPlan({ clusterCount: 1, totalPods: pods }),
  });
}

/** What the server keeps of a Pod: everything else is made when it is sent. */
interface ServedPod {
  readonly slot: number;
  readonly sentAtMs: number;
  version: number;
  state: 'pending' | 'bound' | 'ready';
}

/** Serves Pods to the process that started it. It takes `create`, and sends the events of all Pods. */
async function serve(pods: number): Promise<void> {
  const load = clusterLoad(specOf(pods), 0, OWNER);
  const served: ServedPod[] = [];
  let version = 1;
  let watch: ServerResponse | undefined;
  const textOf = ({ slot, sentAtMs, version: resourceVersion, state }: ServedPod): string => {
    const pod = JSON.parse(load.body(slot, 0, { intendedAtMs: sentAtMs, sentAtMs })) as {
      metadata: Record<string, unknown>;
      spec: Record<string, unknown>;
      status?: unknown;
    };
    const bound = state !== 'pending';
    const at = new Date(sentAtMs).toISOString();
    const metadata = {
      ...pod.metadata,
      namespace: 'bmemory',
      uid: `00000000-0000-4000-8000-${String(slot).padStart(12, '0')}`,
      resourceVersion: String(resourceVersion),
      creationTimestamp: at,
      managedFields: ['belay', 'kube-scheduler', 'kwok'].map((manager) => ({
        manager,
        operation: 'Update',
        apiVersion: 'v1',
        time: at,
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:metadata': { 'f:labels': pod.metadata['labels'] }, 'f:spec': { 'f:containers': pod.spec } },
      })),
    };
    const conditions = ['PodScheduled', ...(state === 'ready' ? ['Ready', 'ContainersReady', 'Initialized'] : [])].map(
      (type) => ({ type, status: bound ? 'True' : 'False', lastProbeTime: null, lastTransitionTime: at }),
    );
    const spec = { ...pod.spec, ...(bound ? { nodeName: `bmemory-n${slot % NODES}` } : {}) };
    const status = { phase: state === 'ready' ? 'Running' : 'Pending', conditions, podIP: '10.0.0.1' };
    return JSON.stringify({ ...pod, metadata, spec, status });
  };
  const server = createServer((request, response) => {
    const query = new URL(request.url ?? '', 'http://x').searchParams;
    if (query.has('watch')) {
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
      watch = response;
      return;
    }
    const from = Number(query.get('continue') ?? 0);
    const items = served.slice(from, from + LIST_PAGE).map(textOf);
    const more = from + LIST_PAGE < served.length ? String(from + LIST_PAGE) : '';
    const metadata = JSON.stringify({ resourceVersion: String(version), continue: more });
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(`{"kind":"PodList","apiVersion":"v1","metadata":${metadata},"items":[${items.join(',')}]}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.send?.({ port: (server.address() as AddressInfo).port });
  const send = async (type: string, pod: ServedPod): Promise<void> => {
    if (watch?.write(`{"type":"${type}","object":${textOf(pod)}}\n`) === false) await once(watch, 'drain');
  };
  const states = ['pending', 'bound', 'ready'] as const;
  process.on('message', () => {
    void (async () => {
      for (let slot = 0; slot < pods; slot++) {
        const pod: ServedPod = { slot, sentAtMs: Date.now(), version: ++version, state: 'pending' };
        served.push(pod);
        process.send?.({ created: { slot, generation: 0, intendedAtMs: pod.sentAtMs, sentAtMs: pod.sentAtMs } });
        for (const state of states) {
          if (state !== 'pending') pod.version = ++version;
          pod.state = state;
          await send(state === 'pending' ? 'ADDED' : 'MODIFIED', pod);
        }
        // About as fast as an API server.
        if (slot % EVENTS_AT_ONCE === 0) await sleep(100);
      }
      process.send?.({ done: true });
    })();
  });
}

/** Heap in use after a garbage collection, bytes. */
async function heap(): Promise<number> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('run it with --expose-gc');
  for (let times = 0; times < 3; times++) {
    await sleep(100);
    gc();
  }
  return process.memoryUsage().heapUsed;
}

async function measure(pods: number, lists: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'belay-bench-'));
  process.env['BELAY_HOME'] = join(folder, 'state');
  const server = fork(fileURLToPath(import.meta.url), ['serve', String(pods)], { execArgv: [] });
  const messages: ((message: { port?: number; created?: never; done?: true }) => void)[] = [];
  server.on('message', (message) => messages[0]?.(message as never));
  const port = await new Promise<number>((listening) => messages.unshift((message) => listening(message.port ?? 0)));
  const kubeconfigPath = join(folder, 'kubeconfig');
  writeFileSync(kubeconfigPath, JSON.stringify(kubeconfig(`http://127.0.0.1:${port}`, {})));
  const record: ClusterRecord = { index: 0, name: 'c0', kubeconfigPath, context: '', owned: false, uid: 'u' };
  const spec = specOf(pods);
  const stop = new AbortController();
  let peak = 0;
  const sampling = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 50);
  const empty = await WatchedCluster.begin(specOf(0), { ...record, name: 'empty' }, ATTEMPT, stop.signal);
  await empty.close();
  const before = { heap: await heap(), rss: process.memoryUsage.rss() };
  const observed = await WatchedCluster.begin(spec, record, ATTEMPT, stop.signal);
  observed.enter({ stage: 'ramp', execution: 1 }, spec.gates);
  const planned = await heap();
  const beganMs = performance.now();
  const cpuBefore = process.cpuUsage();
  await new Promise<void>((done) => {
    messages.unshift(({ created, done: over }) => {
      if (created !== undefined) observed.recorder.created(created);
      if (over === true) done();
    });
    server.send('begin');
  });
  while (observed.counts().ready < pods) await sleep(50);
  const eventsMs = performance.now() - beganMs;
  const afterEvents = await heap();
  // The age of the last confirmed state falls when a list has been read.
  for (let read = 0, age = observed.confirmedAgeMs(); read < lists;) {
    await sleep(50);
    const now = observed.confirmedAgeMs();
    if (now < age) read++;
    age = now;
  }
  const cpu = process.cpuUsage(cpuBefore);
  const afterLists = await heap();
  clearInterval(sampling);
  const perPod = (bytes: number): string => `${Math.round(bytes / pods)} B`;
  process.stdout.write(
    [
      `${pods} Pods, ${3 * pods} events in ${Math.round(eventsMs / 1_000)} s, ${lists} lists after that, ${((cpu.user + cpu.system) / 1e6).toFixed(1)} s of CPU`,
      `heap before: ${mb(before.heap)}`,
      `heap of the drawn load: ${perPod(planned - before.heap)} per Pod`,
      `heap of the observation: ${perPod(afterEvents - planned)} per Pod after the events, ${perPod(afterLists - planned)} after the lists`,
      `RSS: ${mb(before.rss)} before, ${mb(peak)} at most, ${perPod(peak - before.rss)} per Pod`,
      '',
    ].join('\n'),
  );
  stop.abort(new Error('the bench is over'));
  await observed.close();
  server.kill();
  rmSync(folder, { recursive: true });
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

const [what, ...rest] = process.argv.slice(2);
if (what === 'serve') await serve(Number(rest[0]));
else await inOwnFolder(() => measure(Number(what ?? 20_000), Number(rest[0] ?? 3)));
