import type { Within } from '../../../src/adapters/kube/api-request.ts';
import type { FaultSite } from '../../../src/adapters/faults/effect.ts';
import { FAILED_TAINT } from '../../../src/core/plan/labels.ts';

interface ScriptedNode {
  readonly labels: Readonly<Record<string, string>>;
  unschedulable: boolean;
  taints: readonly { readonly key: string; readonly effect?: string }[];
  ready: boolean;
}

/** Nodes and Pods in memory, behind the part of the client that faults use. */
export interface ScriptedNodes {
  readonly client: FaultSite['client'];
  readonly nodes: Map<string, ScriptedNode>;
  /** Name of the Node of each Pod. */
  pods: string[];
  /** Paths of the patches so far. */
  readonly patches: string[];
  /** Whether the controller-manager evicts Pods from tainted Nodes. */
  evicts: boolean;
  /** Whether a Node with the taint of a fault turns NotReady, and Ready again when it is gone. */
  turnsNotReady: boolean;
}

/** A cluster with Nodes (labels by name) and Pods (names of their Nodes). */
export function scriptedNodes(
  nodes: Readonly<Record<string, Readonly<Record<string, string>>>>,
  pods: readonly string[],
): ScriptedNodes {
  const state: ScriptedNodes = {
    nodes: new Map(
      Object.entries(nodes).map(([name, labels]) => [name, { labels, unschedulable: false, taints: [], ready: true }]),
    ),
    pods: [...pods],
    patches: [],
    evicts: true,
    turnsNotReady: true,
    client: {
      get: <T>(path: string, { signal }: Within) => {
        if (signal.aborted) return Promise.reject(signal.reason as Error);
        const name = path.split('/').at(-1) ?? '';
        const node = state.nodes.get(name);
        return Promise.resolve(node === undefined ? undefined : (objectOf(name, node) as T));
      },
      list: (path, { labelSelector = '', fieldSelector = '', pick }, { signal }) => {
        if (signal.aborted) return Promise.reject(signal.reason as Error);
        const [key = '', value] = labelSelector.split('=');
        const onNode = fieldSelector.split('=')[1];
        const items = path.endsWith('/nodes')
          ? [...state.nodes]
              .filter(([, { labels }]) => key === '' || labels[key] === value)
              .map(([name, node]) => objectOf(name, node))
          : state.pods
              .filter((node) => onNode === undefined || node === onNode)
              .map((nodeName) => ({ spec: { nodeName } }));
        return Promise.resolve({ items: items.map((item) => pick(item as never)), resourceVersion: '1' });
      },
      patch: <T>(path: string, _: string, patch: unknown, { signal }: Within) => {
        if (signal.aborted) return Promise.reject(signal.reason as Error);
        state.patches.push(path);
        const name = path.split('/').at(-1) ?? '';
        const node = state.nodes.get(name);
        if (node === undefined) return Promise.resolve(undefined);
        const { spec } = patch as { readonly spec: Pick<ScriptedNode, 'unschedulable' | 'taints'> };
        Object.assign(node, spec);
        const isFailed = spec.taints.some(({ key }) => key === FAILED_TAINT);
        if (state.turnsNotReady) node.ready = !isFailed;
        if (state.evicts && spec.taints.length > 0) state.pods = state.pods.filter((at) => at !== name);
        return Promise.resolve(objectOf(name, node) as T);
      },
    },
  };
  return state;
}

function objectOf(name: string, { unschedulable, taints, labels, ready }: ScriptedNode): object {
  return {
    metadata: { name, labels, uid: name, resourceVersion: '1' },
    spec: { unschedulable, taints },
    status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'Unknown' }] },
  };
}
