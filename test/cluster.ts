import { randomInt } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { isFree } from '../src/adapters/host/port-claims.ts';
import { isAlive, startTicksOf, stopProcess } from '../src/adapters/host/processes.ts';
import { connectCluster } from '../src/adapters/kube/client.ts';
import { KubeError } from '../src/adapters/kube/kube-error.ts';
import { PORTS_PER_CLUSTER, writeKwokConfig } from '../src/adapters/substrates/local/kwok-config.ts';
import { configPath } from '../src/adapters/substrates/local/layout.ts';
import { ensureTools } from '../src/adapters/toolchain/ensure-tools.ts';
import type { ToolName } from '../src/adapters/toolchain/tools.ts';

/** Processes of a test cluster. */
type Component = 'etcd' | 'kube-apiserver' | 'kube-scheduler' | 'kube-controller-manager' | 'kwok-controller';

/** A real cluster (etcd, apiserver, scheduler, controller-manager, kwok) for one test file. */
export interface TestCluster {
  readonly kubeconfigPath: string;
  /** Process id of a component, to stop or continue just that one. */
  pidOf(component: Component): number;
  /** Kills a component and waits until it is dead. */
  kill(component: Component): Promise<void>;
  /** Starts the components that do not run, and waits until the API is served. */
  startMissing(): Promise<void>;
  /** Ends its processes and removes its files. */
  remove(): Promise<void>;
}

const READY_LIMIT_MS = 90_000;
/** After this long without an answer, components that are dead are started again. */
const PATIENCE_MS = 10_000;
const LEADERLESS = ['kube-scheduler', 'kube-controller-manager'].flatMap((name) => [
  '--extra-args',
  `${name}=leader-elect=false`,
]);

const BINARIES: readonly (readonly [option: string, tool: ToolName])[] = [
  ['--etcd-binary', 'etcd'],
  ['--kube-apiserver-binary', 'kube-apiserver'],
  ['--kube-controller-manager-binary', 'kube-controller-manager'],
  ['--kube-scheduler-binary', 'kube-scheduler'],
  ['--kwok-controller-binary', 'kwok'],
];

const PORT_OPTIONS = [
  '--etcd-port',
  '--kube-apiserver-port',
  '--kube-controller-manager-port',
  '--kube-scheduler-port',
  '--controller-port',
];

/** Who has configured a cluster: Belay, as its local clusters, or kwokctl alone, as one that is borrowed. */
export interface ClusterKind {
  readonly configuredBy: 'belay' | 'kwokctl';
  /** The level of Pod security that namespaces have by default, but for kube-system and those that are named. */
  readonly podSecurity?: { readonly level: 'restricted'; readonly exempt: readonly string[] };
}

/** Brings a cluster up in a temporary folder of its own, on free ports, and waits until it schedules. */
export async function startCluster(kind: ClusterKind = { configuredBy: 'kwokctl' }): Promise<TestCluster> {
  const { configuredBy, podSecurity } = kind;
  const tools = await ensureTools(['kwokctl', ...BINARIES.map(([, tool]) => tool)]);
  const pathOf = (name: ToolName): string => tools.get(name)?.path ?? name;
  const folder = mkdtempSync(join(tmpdir(), 'belay-test-cluster-'));
  const kubeconfigPath = join(folder, 'kubeconfig');
  const name = 'test';
  const kwokctl = async (args: readonly string[]): Promise<void> => {
    await execa(pathOf('kwokctl'), [...args, '--name', name], {
      env: { PATH: `${kubectlStandIn(folder)}:/usr/bin:/bin`, HOME: folder, KWOK_WORKDIR: folder },
      extendEnv: false,
      stdin: 'ignore',
      timeout: 60_000,
    });
  };
  const pidsFolder = join(folder, 'clusters', name, 'pids');
  const pids = (): readonly number[] =>
    readdirSync(pidsFolder).map((file) => Number(readFileSync(join(pidsFolder, file), 'utf8')));
  const remove = async (): Promise<void> => {
    const running = pids().map((pid) => ({ pid, startTicks: startTicksOf(pid) ?? '' }));
    await Promise.all(running.map((record) => stopProcess(record, 1_000)));
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const startDead = async (): Promise<void> => {
    for (const file of readdirSync(pidsFolder)) {
      // kwokctl takes a pid file for a running process.
      const path = join(pidsFolder, file);
      if (startTicksOf(Number(readFileSync(path, 'utf8'))) === undefined) rmSync(path);
    }
    await kwokctl(['start', 'cluster']);
  };
  try {
    const ports = await freePorts();
    if (configuredBy === 'belay') {
      const record = { index: 0, name, kubeconfigPath, context: '', owned: true, uid: '' };
      // Tests make Nodes that kwok turns Ready.
      writeKwokConfig(record, { tools, ports, env: {}, nodeReadyDelayMs: 0, nodesFromSystem: true });
      await kwokctl(['create', 'cluster', `--config=${configPath(record)}`, `--kubeconfig=${kubeconfigPath}`]);
    } else {
      await kwokctl([
        'create',
        'cluster',
        '--runtime=binary',
        `--kubeconfig=${kubeconfigPath}`,
        '--disable-qps-limits',
        ...BINARIES.map(([option, tool]) => `${option}=${pathOf(tool)}`),
        ...PORT_OPTIONS.map((option, index) => `${option}=${ports[index]}`),
        ...LEADERLESS,
        ...(podSecurity === undefined ? [] : podSecurityArgs(folder, podSecurity)),
      ]);
    }
    const limit = AbortSignal.timeout(READY_LIMIT_MS);
    // On a busy host a component gives up waiting for another one, and ends: kwokctl starts each only once.
    while (!(await answersWithServiceAccount(kubeconfigPath, limit))) await startDead();
  } catch (cause) {
    await remove();
    throw cause;
  }
  const pidOf = (component: Component): number => Number(readFileSync(join(pidsFolder, `${component}.pid`), 'utf8'));
  return {
    kubeconfigPath,
    pidOf,
    kill: async (component) => {
      const pid = pidOf(component);
      const startTicks = startTicksOf(pid) ?? '';
      process.kill(pid, 'SIGKILL');
      while (isAlive({ pid, startTicks })) await sleep(10);
    },
    startMissing: async () => {
      const limit = AbortSignal.timeout(READY_LIMIT_MS);
      do {
        await startDead();
        // A killed process may hold its port for a moment longer, and the new one ends for it: hence the second look.
      } while (!(await answers(kubeconfigPath, limit)));
    },
    remove,
  };
}

/** Runs a test against a cluster that is gone afterwards, whatever came of it. */
export async function withCluster<T>(use: (cluster: TestCluster) => Promise<T>, kind?: ClusterKind): Promise<T> {
  const cluster = await startCluster(kind);
  try {
    return await use(cluster);
  } finally {
    await cluster.remove();
  }
}

/**
 * Whether the controller-manager gives the namespace `default` its ServiceAccount before long: apiserver, etcd and it work together.
 * @throws the limit's reason when it has passed
 */
async function answersWithServiceAccount(kubeconfigPath: string, limit: AbortSignal): Promise<boolean> {
  const within = AbortSignal.any([limit, AbortSignal.timeout(PATIENCE_MS)]);
  const client = await connectCluster({ kubeconfigPath, connections: 1 });
  const path = '/api/v1/namespaces/default/serviceaccounts/default';
  try {
    while ((await client.get(path, { signal: within, budgetMs: PATIENCE_MS })) === undefined) {
      await sleep(50, undefined, { signal: within });
    }
    return true;
  } catch (cause) {
    limit.throwIfAborted();
    if (within.aborted || cause instanceof KubeError) return false;
    throw cause;
  } finally {
    await client.close();
  }
}

/** Whether the API is served before long. @throws the limit's reason when it has passed */
async function answers(kubeconfigPath: string, limit: AbortSignal): Promise<boolean> {
  const client = await connectCluster({ kubeconfigPath, connections: 1 });
  try {
    await client.get('/api/v1/namespaces/default', { signal: limit, budgetMs: PATIENCE_MS });
    return true;
  } catch (cause) {
    limit.throwIfAborted();
    if (cause instanceof KubeError) return false;
    throw cause;
  } finally {
    await client.close();
  }
}

/**
 * Ports far from each other's: kwokctl by itself takes the highest free ones, and with them the port of a component that
 * another test has just killed and is about to start again.
 */
async function freePorts(): Promise<readonly number[]> {
  const chosen = new Set<number>();
  while (chosen.size < PORTS_PER_CLUSTER) {
    const port = randomInt(12_000, 32_000);
    if (await isFree(port)) chosen.add(port);
  }
  return [...chosen];
}

/** Arguments that configure the admission of Pods in all namespaces. */
function podSecurityArgs(
  folder: string,
  { level, exempt }: NonNullable<ClusterKind['podSecurity']>,
): readonly string[] {
  const path = join(folder, 'admission.json');
  const configuration = {
    apiVersion: 'pod-security.admission.config.k8s.io/v1',
    kind: 'PodSecurityConfiguration',
    defaults: { enforce: level, 'enforce-version': 'latest' },
    exemptions: { namespaces: ['kube-system', ...exempt] },
  };
  const plugins = [{ name: 'PodSecurity', configuration }];
  const file = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AdmissionConfiguration', plugins };
  writeFileSync(path, JSON.stringify(file));
  return ['--extra-args', `kube-apiserver=admission-control-config-file=${path}`];
}

/** kwokctl asks kubectl whether the API is served, and would download one: the answer is yes, the API itself is asked above. */
function kubectlStandIn(folder: string): string {
  const path = join(folder, 'stand-in');
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'kubectl'), '#!/bin/sh\necho ok\n');
  chmodSync(join(path, 'kubectl'), 0o755);
  return path;
}
