import { readFileSync, writeFileSync } from 'node:fs';
import { parseAllDocuments, stringify } from 'yaml';
import type { Kubelet } from '../../../core/plan/node-status.ts';
import type { ClusterRecord } from '../../host/ledger.ts';
import type { ToolName } from '../../toolchain/tools.ts';
import type { ToolPaths } from '../substrate.ts';
import { FAILED_NODE_STAGE, kwokStages, READY_NODE_STAGE } from './kwok-stages.ts';
import { COMPONENTS, configPath, statePath } from './layout.ts';
import type { ComponentName } from './layout.ts';

/** How many ports a cluster needs. */
export const PORTS_PER_CLUSTER = 6;

/** Name of the toolchain's tool behind each component. */
const TOOL_OF: Readonly<Record<ComponentName, ToolName>> = {
  etcd: 'etcd',
  'kube-apiserver': 'kube-apiserver',
  'kube-controller-manager': 'kube-controller-manager',
  'kube-scheduler': 'kube-scheduler',
  'kwok-controller': 'kwok',
};

/** Tools that a local substrate needs of the toolchain. */
export const LOCAL_TOOLS: readonly ToolName[] = ['kwokctl', ...Object.values(TOOL_OF)];

/**
 * Settings of kwok. It fills none of those that are missing in such a document, so all are here. With its default of 4 requests at
 * once it waits for the API server most of the time.
 */
const KWOK_CONFIGURATION = {
  apiVersion: 'config.kwok.x-k8s.io/v1alpha1',
  kind: 'KwokConfiguration',
  options: {
    nodePlayStageParallelism: 32,
    podPlayStageParallelism: 32,
    // Nodes have no lease, see extraArguments.
    nodeLeaseParallelism: 1,
    podsOnNodeSyncParallelism: 4,
    // For each new Node kwok lists the Pods that are bound to it. With pages the API server asks etcd for each of these lists; without,
    // it answers from its cache, from which kwok's watch comes as well: a Pod that is not in it yet is news to the watch.
    enablePodsOnNodeSyncListPager: false,
    enablePodsOnNodeSyncStreamWatch: false,
    enableDebuggingHandlers: true,
    enableProfilingHandler: true,
    enableContentionProfiling: false,
    // Large enough for every Pod of a cluster: only addresses within it are used again.
    cidr: '10.0.0.0/8',
  },
} as const;

/** What differs between clusters. */
export interface ClusterSettings {
  readonly tools: ToolPaths;
  readonly ports: readonly number[];
  /** Environment of every component. */
  readonly env: Readonly<Record<string, string>>;
  readonly nodeReadyDelayMs: number;
  /** The system makes the Nodes, and not Belay. */
  readonly nodesFromSystem: boolean;
}

/**
 * Path of a tool.
 * @throws Error when the toolchain was not asked for it
 */
export function toolPath(tools: ToolPaths, name: string): string {
  const tool = tools.get(name);
  if (tool === undefined) throw new Error(`tool ${name} is needed, found: ${[...tools.keys()].join(', ') || 'none'}`);
  return tool.path;
}

/**
 * Writes the configuration from which kwokctl makes a cluster: every binary and every port is given, so that it neither
 * downloads nor chooses; everything listens on loopback, and works on a machine without any route.
 */
export function writeKwokConfig(cluster: ClusterRecord, settings: ClusterSettings): void {
  const [etcdPort, etcdPeerPort, kubeApiserverPort, kubeControllerManagerPort, kubeSchedulerPort, kwokControllerPort] =
    settings.ports;
  const extraEnvs = Object.entries(settings.env).map(([name, value]) => ({ name, value }));
  const config = {
    apiVersion: 'config.kwok.x-k8s.io/v1alpha1',
    kind: 'KwokctlConfiguration',
    options: {
      runtime: 'binary',
      bindAddress: '127.0.0.1',
      disableQPSLimits: true,
      etcdBinary: toolPath(settings.tools, TOOL_OF.etcd),
      kubeApiserverBinary: toolPath(settings.tools, TOOL_OF['kube-apiserver']),
      kubeControllerManagerBinary: toolPath(settings.tools, TOOL_OF['kube-controller-manager']),
      kubeSchedulerBinary: toolPath(settings.tools, TOOL_OF['kube-scheduler']),
      kwokControllerBinary: toolPath(settings.tools, TOOL_OF['kwok-controller']),
      etcdPort,
      etcdPeerPort,
      kubeApiserverPort,
      kubeControllerManagerPort,
      kubeSchedulerPort,
      kwokControllerPort,
    },
    componentsPatches: COMPONENTS.map((name) => ({
      name,
      extraArgs: Object.entries(extraArguments(name, settings)).map(([key, value]) => ({ key, value })),
      extraEnvs,
    })),
  };
  const documents = [config, KWOK_CONFIGURATION, ...kwokStages(settings.nodeReadyDelayMs)];
  const text = documents.map((each) => stringify(each)).join('---\n');
  writeFileSync(configPath(cluster), text, { mode: 0o600 });
}

function extraArguments(name: ComponentName, settings: ClusterSettings): Readonly<Record<string, string>> {
  switch (name) {
    case 'kube-apiserver':
      return {
        'disable-admission-plugins': unusedAdmission(settings).join(','),
        // Without these two it looks for the address of a default route, and exits on a machine that has none.
        'advertise-address': '127.0.0.1',
        'endpoint-reconciler-type': 'none',
      };
    case 'kube-scheduler':
      // With one replica an election gains nothing, and losing it under load ends the process.
      return { 'leader-elect': 'false' };
    case 'kube-controller-manager':
      return {
        'leader-elect': 'false',
        // The TTL controller writes an annotation for the caches of kubelets into every Node, and again as the number of Nodes grows.
        controllers: '*,-ttl-controller',
        // A Node that has turned Ready again is free of the taints of its failure after at most one period.
        'node-monitor-period': '5s',
        // Nodes have no heartbeats that could be missing.
        'node-monitor-grace-period': '24h',
        ...graceForSlowNodes(settings.nodeReadyDelayMs),
      };
    case 'kwok-controller':
      // No leases. Renewing them is a large part of the load of a large cluster. And a kwok that was restarted plays no Node whose
      // lease the dead one has, and no Pod on it, until the lease has expired.
      return { 'node-lease-duration-seconds': '0' };
    case 'etcd':
      return {};
  }
}

/** Plugins of admission that are off. */
function unusedAdmission({ nodeReadyDelayMs, nodesFromSystem }: ClusterSettings): readonly string[] {
  // Pods in a new namespace would race the creation of its default ServiceAccount.
  const unused = ['ServiceAccount'];
  // It gives every new Node a taint until it is Ready. Belay's are from the start, and the taint costs two more requests for each.
  if (nodeReadyDelayMs === 0 && !nodesFromSystem) unused.push('TaintNodesByCondition');
  return unused;
}

/** A Node that is meant to come late must not be declared lost before it came. */
function graceForSlowNodes(nodeReadyDelayMs: number): Readonly<Record<string, string>> {
  if (nodeReadyDelayMs === 0) return {};
  return { 'node-startup-grace-period': `${Math.ceil(nodeReadyDelayMs / 1_000) * 2 + 60}s` };
}

/**
 * Whether a Node with the taint of a fault turns NotReady in a cluster: kwok has the stage for it there. A cluster that an earlier
 * version made does not have it.
 */
export function showsFailedNodes(cluster: ClusterRecord): boolean {
  return stateDocuments(cluster).some(({ kind, metadata }) => kind === 'Stage' && metadata?.name === FAILED_NODE_STAGE);
}

/** kwok, in place of the kubelets of a cluster; undefined in a cluster whose Nodes turn Ready after a delay. */
export function kubeletOf(cluster: ClusterRecord): Kubelet | undefined {
  const ready = stateDocuments(cluster).find(({ metadata }) => metadata?.name === READY_NODE_STAGE);
  const kwok = componentMetrics(cluster).find(({ name }) => name === 'kwok-controller');
  if (ready === undefined || ready.spec?.delay !== undefined || kwok === undefined) return undefined;
  const { hostname: ip, port } = new URL(`${kwok.scheme}://${kwok.address}`);
  return { hostname: 'localhost', ip, port: Number(port) };
}

/** Where a component serves its metrics. */
export interface ComponentMetric {
  readonly name: ComponentName;
  readonly scheme: 'http' | 'https';
  readonly address: string;
  readonly path: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** Metrics endpoints of a cluster's components, as kwokctl recorded them. @throws Error when the cluster is not there */
export function componentMetrics(cluster: ClusterRecord): readonly ComponentMetric[] {
  const config = stateDocuments(cluster).find((each) => each.kind === 'KwokctlConfiguration');
  const components = config?.components ?? [];
  return components.flatMap(({ name, metric }) =>
    isComponent(name) && metric !== undefined
      ? [
          {
            name,
            scheme: metric.scheme,
            address: metric.host,
            path: metric.path,
            certFile: metric.certPath ?? '',
            keyFile: metric.keyPath ?? '',
          },
        ]
      : [],
  );
}

/** The documents that kwokctl wrote about a cluster, and from which its parts start. */
function stateDocuments(cluster: ClusterRecord): readonly StateDocument[] {
  return parseAllDocuments(readFileSync(statePath(cluster), 'utf8')).map((each) => each.toJS() as StateDocument);
}

interface StateDocument {
  readonly kind: string;
  readonly metadata?: { readonly name?: string };
  /** Of a Stage. */
  readonly spec?: { readonly delay?: unknown };
  readonly components?: readonly {
    readonly name: string;
    readonly metric?: {
      readonly scheme: 'http' | 'https';
      readonly host: string;
      readonly path: string;
      readonly certPath?: string;
      readonly keyPath?: string;
    };
  }[];
}

function isComponent(name: string): name is ComponentName {
  return (COMPONENTS as readonly string[]).includes(name);
}
