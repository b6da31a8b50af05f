/**
 * Creating bound Pods in one cluster: Belay's client beside the stock one, and beside ClusterLoader2 and kube-burner where their
 * binaries (`clusterloader`, `kube-burner`) are on PATH. Every contender is a process of its own, starts included. They take turns; a
 * watch that belongs to none of them counts the Pods.
 *
 *     node_modules/.bin/node bench/race.ts [Pods = 5000] [rounds = 3]
 *
 * Ratios count, not seconds. Each is that of the medians, with the least and the most of the rounds.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeConfig, Watch, type V1Pod } from '@kubernetes/client-node';
import Table from 'cli-table3';
import { execa } from 'execa';
import { connectCluster, type ClusterClient } from '../src/adapters/kube/client.ts';
import { createNodes, waitForNodes } from '../src/adapters/kube/machines.ts';
import { NODE_REQUESTS_AT_ONCE } from '../src/core/plan/limits.ts';
import { nodeBody } from '../src/core/plan/nodes.ts';
import { startCluster } from '../test/cluster.ts';
import { inOwnFolder } from './in-own-folder.ts';
import { clusterLoaderFiles, kubeBurnerFiles } from './race-files.ts';
import { RACE_LIMIT_MS, RACE_NODES } from './race-pod.ts';

const WARM_PODS = 100;
/** How often, and how many times, it is checked whether the watch has seen the last Pods. */
const SEEN_POLL_MS = 100;
const SEEN_LOOKS = 1_200;
const within = { signal: AbortSignal.timeout(4 * RACE_LIMIT_MS), budgetMs: RACE_LIMIT_MS };

/** One run of one contender. */
interface Run {
  readonly kubeconfigPath: string;
  /** Name of the run: value of the label `race` of its Pods, and prefix of its namespace. */
  readonly name: string;
  readonly pods: number;
  readonly folder: string;
}

interface Contender {
  readonly name: string;
  readonly command: (run: Run) => { readonly args: readonly string[]; readonly env?: Readonly<Record<string, string>> };
}

interface Result {
  readonly podsPerSec: number;
  readonly cpuSec: number;
}

const OWN: readonly Contender[] = [
  { name: 'belay', file: 'race-belay.ts' },
  { name: 'client-node', file: 'race-stock.ts' },
].map(({ name, file }) => ({
  name,
  command: ({ kubeconfigPath, name: run, pods }) => ({
    args: [process.execPath, join(import.meta.dirname, file), kubeconfigPath, run, String(pods)],
  }),
}));

const PEERS: readonly (Contender & { readonly binary: string })[] = [
  {
    name: 'ClusterLoader2',
    binary: 'clusterloader',
    command: ({ kubeconfigPath, name, pods, folder }) => ({
      args: [
        'clusterloader',
        `--testconfig=${clusterLoaderFiles(folder, { run: name, pods, nodes: RACE_NODES })}`,
        '--provider=local',
        `--kubeconfig=${kubeconfigPath}`,
        `--nodes=${RACE_NODES}`,
        // The limit of 100 requests a second is that of one client.
        '--k8s-clients-number=50',
        '--enable-exec-service=false',
        '--enable-prometheus-server=false',
        `--report-dir=${folder}`,
      ],
    }),
  },
  {
    name: 'kube-burner',
    binary: 'kube-burner',
    command: ({ kubeconfigPath, name, pods, folder }) => ({
      args: [
        'kube-burner',
        'init',
        '-c',
        kubeBurnerFiles(folder, { run: name, pods, nodes: RACE_NODES }),
        '--kubeconfig',
        kubeconfigPath,
        '--timeout',
        '15m',
        '--skip-log-file',
      ],
    }),
  },
];

/**
 * A result by a watch of its own: from the first Pod that it saw to the last one. A server that is busy may end a watch; it is opened
 * again then.
 */
async function watched(config: KubeConfig, run: Run, act: () => Promise<number>): Promise<Result> {
  const seen = new Set<string>();
  let [firstMs, lastMs] = [0, 0];
  let watch: AbortController | undefined;
  let isOver = false;
  const open = async (): Promise<void> => {
    const query = { labelSelector: `race=${run.name}` };
    watch = await new Watch(config).watch('/api/v1/pods', query, onEvent, () => {
      if (!isOver) void open();
    });
  };
  const onEvent = (_: string, pod: V1Pod): void => {
    const uid = pod.metadata?.uid ?? '';
    if (seen.has(uid)) return;
    lastMs = performance.now();
    if (seen.size === 0) firstMs = lastMs;
    seen.add(uid);
  };
  await open();
  try {
    const cpuSec = await act();
    for (let look = 0; look < SEEN_LOOKS && seen.size < run.pods; look += 1) await sleep(SEEN_POLL_MS);
    if (seen.size !== run.pods) throw new Error(`${run.name}: the watch saw ${seen.size} of ${run.pods} Pods`);
    return { podsPerSec: run.pods / ((lastMs - firstMs) / 1_000), cpuSec };
  } finally {
    isOver = true;
    watch?.abort();
  }
}

/** Runs a contender to its end. @returns the CPU of its process and of the processes that it started, s */
async function cpuOf({ command }: Contender, run: Run): Promise<number> {
  const { args, env = {} } = command(run);
  const timed = await execa('bash', ['-c', 'TIMEFORMAT="cpu %U %S"; time "$@"', 'bash', ...args], {
    env,
    timeout: RACE_LIMIT_MS,
  });
  const [, user, system] = /cpu ([\d.]+) ([\d.]+)\s*$/.exec(timed.stderr) ?? [];
  return Number(user) + Number(system);
}

async function makeNodes(kube: ClusterClient): Promise<void> {
  const owner = { campaign: 'race', stage: 'seed', expiresAtMs: Date.now() + 3_600_000 };
  const bodies = Array.from({ length: RACE_NODES }, (_, index) =>
    nodeBody(
      {
        name: `race-${index}`,
        archetype: 'race',
        instanceType: 'm6i.large',
        zone: 'zone-a',
        rack: 'rack-0',
        labels: {},
        allocatable: { cpu: '1k', memory: '1Ti', pods: '10k' },
      },
      owner,
    ),
  );
  await createNodes({
    client: kube,
    bodies,
    parallel: NODE_REQUESTS_AT_ONCE,
    callBudgetMs: within.budgetMs,
    signal: within.signal,
    onProgress: () => {},
  });
  await waitForNodes(kube, { campaign: 'race', count: RACE_NODES, onProgress: () => {} }, within);
}

/** Removes the Pods of a run, outside of what is measured. */
async function removePods(kube: ClusterClient, run: string): Promise<void> {
  const query = { labelSelector: `race=${run}`, pick: (pod: V1Pod) => pod.metadata?.namespace ?? '' };
  const { items } = await kube.list('/api/v1/pods', query, within);
  for (const namespace of new Set(items))
    await kube.deleteCollection(`/api/v1/namespaces/${namespace}/pods`, { labelSelector: `race=${run}` }, within);
}

async function race(pods: number, rounds: number): Promise<ReadonlyMap<string, readonly Result[]>> {
  const contenders: readonly Contender[] = [...OWN, ...PEERS.filter(({ binary }) => isOnPath(binary))];
  const results = new Map<string, Result[]>(contenders.map(({ name }) => [name, []]));
  const cluster = await startCluster({ configuredBy: 'belay' });
  const folder = mkdtempSync(join(tmpdir(), 'belay-race-'));
  try {
    const { kubeconfigPath } = cluster;
    const config = new KubeConfig();
    config.loadFromFile(kubeconfigPath);
    const kube = await connectCluster({ kubeconfigPath, connections: NODE_REQUESTS_AT_ONCE });
    await makeNodes(kube);
    // Round 0 warms the servers, and does not count.
    for (let round = 0; round <= rounds; round += 1) {
      const order = round % 2 === 0 ? contenders : contenders.toReversed();
      for (const contender of order) {
        const name = `race-${round}-${contender.name.toLowerCase()}`;
        const run = { kubeconfigPath, name, pods: round === 0 ? WARM_PODS : pods, folder: join(folder, name) };
        mkdirSync(run.folder);
        const result = await watched(config, run, () => cpuOf(contender, run));
        if (round > 0) results.get(contender.name)?.push(result);
        console.log(`${name}: ${result.podsPerSec.toFixed(0)} Pods/s, ${result.cpuSec.toFixed(1)} CPU-s`);
        await removePods(kube, name);
      }
    }
    await kube.close();
    return results;
  } finally {
    await cluster.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

function isOnPath(binary: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((each) => existsSync(join(each, binary)));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? NaN;
}

/** A value over rounds: its median, and its least and its most. */
function spread(values: readonly number[], digits: number): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return `${median(values).toFixed(digits)} (${least.toFixed(digits)} to ${most.toFixed(digits)})`;
}

function print(results: ReadonlyMap<string, readonly Result[]>): void {
  const belay = results.get('belay') ?? [];
  const head = ['contender', 'Pods/s', 'CPU-s', "belay's rate is … of it", "belay's CPU is … of it"];
  const table = new Table({ head });
  for (const [name, of] of results) {
    const ratio = (pick: (result: Result) => number): string =>
      spread(
        of.map((result, round) => pick(belay[round] ?? result) / pick(result)),
        2,
      );
    table.push([
      name,
      spread(
        of.map(({ podsPerSec }) => podsPerSec),
        0,
      ),
      spread(
        of.map(({ cpuSec }) => cpuSec),
        1,
      ),
      ratio(({ podsPerSec }) => podsPerSec),
      ratio(({ cpuSec }) => cpuSec),
    ]);
  }
  console.log(table.toString());
}

const [pods = '5000', rounds = '3'] = process.argv.slice(2);
await inOwnFolder(async () => print(await race(Number(pods), Number(rounds))));
