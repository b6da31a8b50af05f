import { readFileSync, writeFileSync } from 'node:fs';
import { Document, parseAllDocuments, stringify } from 'yaml';
import type { ClusterRecord } from '../../host/ledger.ts';
import type { ToolName } from '../../toolchain/tools.ts';
import type { ToolPaths } from '../substrate.ts';
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

/** kwok's stage that turns a Node Ready. */
const NODE_READY_STAGE = 'node-initialize';

/** Tools that a local substrate needs of the toolchain. */
export const LOCAL_TOOLS: readonly ToolName[] = ['kwokctl', ...Object.values(TOOL_OF)];

/** What differs between clusters. */
export interface ClusterSettings {
  readonly tools: ToolPaths;
  readonly ports: readonly number[];
  /** Environment of every component. */
  readonly env: Readonly<Record<string, string>>;
  readonly nodeReadyDelayMs: number;
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
  writeFileSync(configPath(cluster), stringify(config), { mode: 0o600 });
}

function extraArguments(name: ComponentName, settings: ClusterSettings): Readonly<Record<string, string>> {
  switch (name) {
    case 'kube-apiserver':
      return {
        // Pods in a new namespace would race the creation of its default ServiceAccount.
        'disable-admission-plugins': 'ServiceAccount',
        // Without these two it looks for the address of a default route, and exits on a machine that has none.
        'advertise-address': '127.0.0.1',
        'endpoint-reconciler-type': 'none',
      };
    case 'kube-scheduler':
      // With one replica an election gains nothing, and losing it under load ends the process.
      return { 'leader-elect': 'false' };
    case 'kube-controller-manager':
      return { 'leader-elect': 'false', ...graceForSlowNodes(settings.nodeReadyDelayMs) };
    case 'etcd':
    case 'kwok-controller':
      return {};
  }
}

/** A Node that is meant to come late must not be declared lost before it came. */
function graceForSlowNodes(nodeReadyDelayMs: number): Readonly<Record<string, string>> {
  if (nodeReadyDelayMs === 0) return {};
  return { 'node-startup-grace-period': `${Math.ceil(nodeReadyDelayMs / 1_000) * 2 + 60}s` };
}

/**
 * Sets the delay after which kwok turns a new Node Ready, in the stages that kwokctl wrote for the cluster. kwok reads
 * them when it starts.
 * @returns whether anything was changed
 * @throws Error when kwokctl wrote no such stage
 */
export function setNodeReadyDelay(cluster: ClusterRecord, delayMs: number): boolean {
  const documents = parseAllDocuments(readFileSync(statePath(cluster), 'utf8')).filter(
    (each) => each instanceof Document,
  );
  const stage = documents.find(
    (each) => each.get('kind') === 'Stage' && each.getIn(['metadata', 'name']) === NODE_READY_STAGE,
  );
  if (stage === undefined) throw new Error(`${statePath(cluster)}: no Stage ${NODE_READY_STAGE} to delay`);
  const delayField = ['spec', 'delay', 'durationMilliseconds'];
  if ((stage.getIn(delayField) ?? 0) === delayMs) return false;
  stage.setIn(delayField, delayMs);
  writeFileSync(statePath(cluster), documents.map((each) => each.toString()).join('---\n'));
  return true;
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
  const documents = parseAllDocuments(readFileSync(statePath(cluster), 'utf8'));
  const config = documents
    .map((each) => each.toJS() as KwokctlState)
    .find((each) => each.kind === 'KwokctlConfiguration');
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

interface KwokctlState {
  readonly kind: string;
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
