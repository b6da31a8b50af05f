import type { FailNode } from '../../core/faults/registry.ts';
import { counted } from '../../core/text/counted.ts';
import type { ObjectMeta } from '../kube/client.ts';
import { KubeError } from '../kube/kube-error.ts';
import { podsPath } from '../kube/slot-book.ts';
import type { Within } from '../kube/transport.ts';
import type { FaultEffect, FaultSite } from './effect.ts';

/** The fields of a Node that are read and changed. */
interface NodeObject {
  readonly metadata: ObjectMeta;
  readonly spec: { readonly unschedulable?: boolean; readonly taints?: readonly Taint[] };
}

interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

/** Taint of a Node that a campaign has failed. The controller-manager evicts its Pods at once. */
const FAILED_TAINT: Taint = { key: 'belay.dev/failed', value: 'true', effect: 'NoExecute' };
/** Taint that the controller-manager adds to a cordoned Node and removes later than the cordon. */
const CORDON_TAINT = 'node.kubernetes.io/unschedulable';

/**
 * Takes a Node out: it gets no more Pods and loses those that it has, by a NoExecute taint. Its effect is seen when the taint is
 * there and no Pod of the campaign is left on the Node. It is undone when the Node takes Pods again.
 */
export const failNode: FaultEffect<FailNode> = {
  choose: ({ position }, site, within) =>
    position === undefined ? busiest(site, within) : numbered(position, site, within),
  fire: (name, site, within) => changeNode(site, name, true, (taints) => [...taints, FAILED_TAINT], within),
  async assert(name, site, within) {
    const node = await site.client.get<NodeObject>(nodePath(name), within);
    if (node !== undefined && !isFailed(node)) {
      return { seen: false, detail: `node ${name} does not have the taint ${FAILED_TAINT.key}` };
    }
    const { items } = await site.client.list(
      podsPath(site.namespace),
      {
        labelSelector: site.labelSelector,
        fieldSelector: `spec.nodeName=${name}`,
        metadataOnly: true,
        pick: () => true,
      },
      within,
    );
    const what = node === undefined ? `node ${name} is gone` : `node ${name} has the taint ${FAILED_TAINT.key}`;
    if (items.length > 0)
      return { seen: false, detail: `${what}, but ${counted(items.length, 'Pod')} of the campaign on it` };
    return { seen: true, detail: `${what} and no Pod of the campaign` };
  },
  undo: (name, site, within) => changeNode(site, name, false, (taints) => taints, within),
  async assertUndone(name, site, within) {
    const node = await site.client.get<NodeObject>(nodePath(name), within);
    // A capacity system may remove a Node that has become empty.
    if (node === undefined) return { seen: true, detail: `node ${name} is gone and cannot come back` };
    const left = (node.spec.taints ?? [])
      .map(({ key }) => key)
      .filter((key) => key === FAILED_TAINT.key || key === CORDON_TAINT);
    if (node.spec.unschedulable !== true && left.length === 0) return { seen: true, detail: `node ${name} is back` };
    return {
      seen: false,
      detail: `node ${name} does not take Pods: ${left.length === 0 ? 'it is cordoned' : left.join(', ')}`,
    };
  },
  describe: (name) => `node ${name} fails`,
};

async function numbered(position: number, site: FaultSite, within: Within): Promise<string> {
  const names = await nodeNames(site, within);
  const name = names[position];
  if (name === undefined) throw new Error(`the campaign has ${counted(names.length, 'Node')}, numbered from 0`);
  return name;
}

/** The Node with most Pods, so that the failure has an effect. Of several, the first by name. */
async function busiest(site: FaultSite, within: Within): Promise<string> {
  const names = await nodeNames(site, within);
  const { items } = await site.client.list(
    podsPath(site.namespace),
    { labelSelector: site.labelSelector, pick: ({ spec }: { spec?: { nodeName?: string } }) => spec?.nodeName ?? '' },
    within,
  );
  const pods = new Map<string, number>();
  for (const node of items) pods.set(node, (pods.get(node) ?? 0) + 1);
  const [first] = names.filter((name) => pods.has(name)).sort((a, b) => (pods.get(b) ?? 0) - (pods.get(a) ?? 0));
  if (first === undefined) throw new Error('no Node has a Pod of this campaign');
  return first;
}

async function nodeNames({ client, nodes }: FaultSite, within: Within): Promise<readonly string[]> {
  const { items } = await client.list('/api/v1/nodes', { ...nodes, metadataOnly: true, pick: nameOf }, within);
  return items.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

function nameOf({ metadata }: { readonly metadata: ObjectMeta }): string {
  return metadata.name;
}

async function changeNode(
  { client }: FaultSite,
  name: string,
  unschedulable: boolean,
  taintsOf: (others: readonly Taint[]) => readonly Taint[],
  within: Within,
): Promise<void> {
  const untilMs = Date.now() + within.budgetMs;
  for (;;) {
    const node = await client.get<NodeObject>(nodePath(name), within);
    if (node === undefined) {
      if (!unschedulable) return;
      throw new KubeError(`node ${name} does not exist`, 404, 'NotFound');
    }
    // The patch keeps every other taint: the cordon's taint belongs to the controller-manager.
    const others = (node.spec.taints ?? []).filter(({ key }) => key !== FAILED_TAINT.key);
    const patch = {
      metadata: { resourceVersion: node.metadata.resourceVersion },
      spec: { unschedulable, taints: taintsOf(others) },
    };
    try {
      await client.patch(nodePath(name), 'merge', patch, within);
      return;
    } catch (cause) {
      if (!(cause instanceof KubeError && cause.status === 409) || Date.now() > untilMs) throw cause;
    }
  }
}

function isFailed({ spec }: NodeObject): boolean {
  return spec.taints?.some(({ key }) => key === FAILED_TAINT.key) ?? false;
}

function nodePath(name: string): string {
  return `/api/v1/nodes/${name}`;
}
