import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readLedger, writeLedger } from '../../../src/adapters/host/ledger.ts';
import { freePort } from '../../../src/adapters/host/ports.ts';
import { connectCluster, type ClusterClient } from '../../../src/adapters/kube/client.ts';
import { LastingRefusal } from '../../../src/adapters/kube/kube-error.ts';
import type { Within } from '../../../src/adapters/kube/api-request.ts';
import { apiNotReady } from '../../../src/adapters/substrates/api-probe.ts';
import { substrateAdapter } from '../../../src/adapters/substrates/registry.ts';
import type { SubstrateAdapter } from '../../../src/adapters/substrates/substrate.ts';
import { LABELS } from '../../../src/core/plan/labels.ts';
import { clusterOfFile } from '../../cluster-of-file.ts';
import { eventually } from '../eventually.ts';
import { testHome, testSpec, type TestHome } from './local-campaign.ts';

const own = clusterOfFile();
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
const processes: ChildProcess[] = [];
const balancers: { readonly server: Server; readonly sockets: Set<Socket> }[] = [];
let home: TestHome;
let folder = '';
/** Kubeconfigs: of another server of the same cluster, of a server of another cluster, and of addresses that lead to two servers. */
let kubeconfigs: Readonly<Record<'second' | 'stranger' | 'both' | 'mixed', string>>;

beforeAll(async () => {
  home = testHome();
  folder = mkdtempSync(join(home.folder, 'servers-'));
  const [peer, store, second, stranger] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  const etcd = argumentsOf('etcd');
  start(etcd[0] ?? '', [
    '--name=other',
    `--data-dir=${join(folder, 'etcd')}`,
    ...['--initial-advertise-peer-urls', '--listen-peer-urls'].map((name) => `${name}=http://127.0.0.1:${peer}`),
    `--initial-cluster=other=http://127.0.0.1:${peer}`,
    ...['--advertise-client-urls', '--listen-client-urls'].map((name) => `${name}=http://127.0.0.1:${store}`),
  ]);
  const [api = '', ...flags] = argumentsOf('kube-apiserver');
  const first = Number(/^--secure-port=(\d+)$/m.exec(flags.join('\n'))?.[1]);
  // Of two flags of one name the last one counts, but both addresses of etcd would.
  const rest = flags.filter((flag) => !flag.startsWith('--etcd-servers='));
  const server = (port: number, etcdServers: string): void =>
    start(api, [...rest, `--secure-port=${port}`, etcdServers]);
  server(second, flags.find((flag) => flag.startsWith('--etcd-servers=')) ?? '');
  server(stranger, `--etcd-servers=http://127.0.0.1:${store}`);
  kubeconfigs = {
    second: kubeconfig('second', second),
    stranger: kubeconfig('stranger', stranger),
    both: kubeconfig('both', await balancer([first, second])),
    mixed: kubeconfig('mixed', await balancer([first, stranger])),
  };
  for (const path of [kubeconfigs.second, kubeconfigs.stranger])
    await eventually(
      async () => (await apiNotReady({ kubeconfigPath: path, context: '' }, within().signal)) === undefined,
    );
});

afterAll(async () => {
  for (const { server, sockets } of balancers) {
    server.close();
    for (const socket of sockets) socket.destroy();
  }
  await Promise.all(
    processes.map(async (child) => {
      const ended = once(child, 'exit');
      if (child.kill('SIGKILL')) await ended;
    }),
  );
  home.close();
});

/** Program and arguments of a process of the cluster. */
function argumentsOf(component: 'etcd' | 'kube-apiserver'): readonly string[] {
  return readFileSync(`/proc/${own.cluster.pidOf(component)}/cmdline`, 'utf8')
    .split('\0')
    .slice(0, -1);
}

/** Starts a program, which ends with the tests of this file. */
function start(program: string, flags: readonly string[]): void {
  processes.push(
    spawn(program, [...flags], {
      stdio: 'ignore',
      cwd: folder,
    }),
  );
}

/** Passes each connection on to the next of some ports. @returns its own port */
async function balancer(ports: readonly number[]): Promise<number> {
  let next = 0;
  const sockets = new Set<Socket>();
  const server = createServer((here) => {
    const there = connect(ports[next++ % ports.length] ?? 0, '127.0.0.1');
    for (const [socket, other] of [
      [here, there],
      [there, here],
    ] as const) {
      sockets.add(socket);
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.on('error', () => other.destroy());
      socket.pipe(other);
    }
  });
  balancers.push({ server, sockets });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

function kubeconfig(name: string, port: number): string {
  const path = join(folder, name);
  const text = readFileSync(own.cluster.kubeconfigPath, 'utf8');
  writeFileSync(path, text.replace(/server: .*/, `server: https://127.0.0.1:${port}`));
  return path;
}

function within(): Within {
  return { signal: AbortSignal.timeout(60_000), budgetMs: 20_000 };
}

/** Takes a cluster for a campaign, as `provision` does. */
async function take(slug: string, file: string): Promise<SubstrateAdapter> {
  const spec = testSpec(slug, {});
  const substrate = { ...spec.substrate, type: 'kubeconfig' as const, kubeconfig: { file, contexts: ['kwok-test'] } };
  const times = { createdAtMs: Date.now(), expiresAtMs: Date.now() + 600_000 };
  writeLedger({ campaign: spec.campaign, slug, workflowId: slug, runId: '', ...times, clusters: [], processes: [] });
  const adapter = substrateAdapter(substrate, new Map());
  const lease = { waitMs: 0, link: '' };
  const request = { firstCluster: 0, clusterCount: 1, tools: new Map(), lease, onProgress: () => undefined };
  await adapter.provision({ ...request, spec: { ...spec, substrate }, signal: within().signal });
  return adapter;
}

async function withClient<T>(path: string, use: (client: ClusterClient) => Promise<T>): Promise<T> {
  const client = await connectCluster({ kubeconfigPath: path });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

test('API servers of one cluster behind one address are taken, are not scraped as one, and are left as they were', async () => {
  const adapter = await take('both', kubeconfigs.both);
  const [cluster] = readLedger('both')?.clusters ?? [];
  if (cluster === undefined) throw new Error('no cluster was taken');
  const { targets, absent } = await adapter.scrapeTargets(cluster, within().signal);
  expect(targets).toEqual([]);
  expect(absent[0]).toEqual({
    job: 'apiserver',
    reason: 'several API servers answer at its address in turn, each with counters of its own',
  });
  const made = JSON.stringify({ metadata: { name: 'both-load', labels: { [LABELS.campaign]: 'test-both' } } });
  await withClient(kubeconfigs.both, async (client) => {
    for (const kind of ['namespaces', 'nodes']) await client.create(`/api/v1/${kind}`, made, within());
  });
  await adapter.remove(cluster, within().signal);
  for (const path of ['/api/v1/nodes/both-load', '/api/v1/namespaces/both-load', `${LEASES}/belay`])
    expect(await own.client.get(path, within()), path).toBeUndefined();
});

test('one of these servers by itself is scraped', async () => {
  const adapter = await take('one', kubeconfigs.second);
  const [cluster] = readLedger('one')?.clusters ?? [];
  if (cluster === undefined) throw new Error('no cluster was taken');
  expect((await adapter.scrapeTargets(cluster, within().signal)).targets.map(({ job }) => job)).toEqual(['apiserver']);
  await adapter.remove(cluster, within().signal);
});

test('API servers of two clusters behind one address are refused before anything is created', async () => {
  const refused = take('mixed', kubeconfigs.mixed);
  await expect(refused).rejects.toBeInstanceOf(LastingRefusal);
  await expect(refused).rejects.toThrow(
    /leads to several clusters: its address answers now with UID \S+ and now with UID \S+; expected API servers of one cluster behind it$/,
  );
  for (const path of [kubeconfigs.second, kubeconfigs.stranger])
    expect(await withClient(path, (client) => client.get(`${LEASES}/belay`, within()))).toBeUndefined();
  const [cluster] = readLedger('mixed')?.clusters ?? [];
  expect(cluster).toMatchObject({ uid: '' });
});
