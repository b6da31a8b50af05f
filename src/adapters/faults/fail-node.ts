import type { FailNode } from '../../core/faults/registry.ts';
import { FAILED_TAINT as FAILED_KEY } from '../../core/plan/labels.ts';
import { counted } from '../../core/text/counted.ts';
import type { ObjectMeta } from '../kube/client.ts';
import { KubeError } from '../kube/kube-error.ts';
import { podsPath } from '../kube/slot-book.ts';
import type { Within } from '../kube/api-request.ts';
import type { FaultEffect, FaultSite } from './effect.ts';

/** The fields of a Node that are read and changed. */
interface NodeObject {
  readonly metadata: ObjectMeta;
  readonly spec: { readonly unschedulable?: boolean; readonly taints?: readonly Taint[] };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

/** Taint of a Node that a campaign has failed. The controller-manager evicts its Pods at once. */
const FAILED_TAINT: Taint = { key: FAILED_KEY, value: 'true', effect: 'NoExecute' };
/** Taints that the controller-manager adds to a Node that is cordoned or not Ready. It removes them later than their cause. */
const CONTROLLER_TAINTS = ['unschedulable', 'not-ready', 'unreachable'].map((name) => `node.kubernetes.io/${name}`);

/**
 * Takes a Node out: it gets no more Pods and loses those that it has, by a cordon and a NoExecute taint. In a local cluster kwok
 * sees the taint as well, and the Node turns NotReady like one whose kubelet is dead. Elsewhere its kubelet stays well, and the Node
 * stays Ready. The effect is seen when taint and cordon are there, no Pod of the campaign is left on the Node, and it is NotReady if
 * it can be. It is undone when the Node is Ready and takes Pods again.
 */
export const failNode: FaultEffect<FailNode> = {
  choose: ({ position }, site, taken, within) =>
    position === undefined ? busiest(site, taken, within) : numbered(position, site, taken, within),
  fire: (name, site, within) => changeNode(site, name, true, (taints) => [...taints, FAILED_TAINT], within),
  async assert(name, site, within) {
    const node = await site.client.get<NodeObject>(nodePath(name), within);
    const lost = node === undefined ? goneEarly(name, site) : healed(name, node);
    if (lost !== undefined) return { seen: false, final: true, detail: lost };
    const left = await podsOn(name, site, within);
    const pods = counted(left, 'Pod');
    if (node === undefined) {
      if (left > 0) return { seen: false, detail: `node ${name} is gone, but ${pods} of the campaign on it` };
      return { seen: true, gone: true, detail: `node ${name} is gone, and no Pod of the campaign is left on it` };
    }
    const what = `node ${name} has the taint ${FAILED_TAINT.key}`;
    const missing = [
      ...(site.failedNodesTurnNotReady && isReady(node) ? ['is Ready'] : []),
      ...(left > 0 ? [`has ${pods} of the campaign`] : []),
    ];
    if (missing.length > 0) return { seen: false, detail: `${what}, but ${missing.join(' and ')}` };
    const seen = `${what} and no Pod of the campaign`;
    if (site.failedNodesTurnNotReady) return { seen: true, detail: `${seen}, and is NotReady` };
    return { seen: true, detail: `${seen}; it may stay Ready, because its kubelet is not Belay's` };
  },
  undo: (name, site, within) => changeNode(site, name, false, (taints) => taints, within),
  async assertUndone(name, site, within) {
    const node = await site.client.get<NodeObject>(nodePath(name), within);
    if (node === undefined) {
      const lost = goneEarly(name, site);
      return lost === undefined
        ? { seen: true, detail: `node ${name} is gone and cannot come back` }
        : { seen: false, final: true, detail: lost };
    }
    const left = (node.spec.taints ?? [])
      .map(({ key }) => key)
      .filter((key) => key === FAILED_TAINT.key || CONTROLLER_TAINTS.includes(key));
    const missing = [
      ...(left.length === 0 && node.spec.unschedulable === true ? ['it is cordoned'] : left),
      ...(isReady(node) ? [] : ['it is not Ready']),
    ];
    if (missing.length === 0) return { seen: true, detail: `node ${name} is Ready and takes Pods again` };
    return { seen: false, detail: `node ${name} does not take Pods: ${missing.join(', ')}` };
  },
  describe: (name) => `node ${name} fails`,
};

/** Why a Node that does not exist shows no effect; undefined where the system removes Nodes that have become empty. */
function goneEarly(name: string, { nodesOfSystem }: FaultSite): string | undefined {
  return nodesOfSystem ? undefined : `node ${name} is gone: something else removed it`;
}

/** Why a Node that was failed is not failed any more; undefined when it is. */
function healed(name: string, { spec }: NodeObject): string | undefined {
  if (!isFailed({ spec })) return `node ${name} does not have the taint ${FAILED_TAINT.key}`;
  return spec.unschedulable === true ? undefined : `node ${name} is not cordoned`;
}

/** A Node that may be failed, and why it must not be. */
interface Candidate {
  readonly name: string;
  readonly problem: string | undefined;
}

async function numbered(
  position: number,
  site: FaultSite,
  taken: ReadonlySet<string>,
  within: Within,
): Promise<string> {
  const nodes = await candidates(site, taken, within);
  const node = nodes[position];
  if (node === undefined) throw new Error(`the campaign has ${counted(nodes.length, 'Node')}, numbered from 0`);
  if (node.problem !== undefined) throw new Error(`node ${node.name} was broken before: ${node.problem}`);
  // A Node that stays Ready shows the failure by the Pods that it loses, and by nothing else.
  if (!site.failedNodesTurnNotReady && (await podsOn(node.name, site, within)) === 0)
    throw new Error(`node ${node.name} has no Pod of this campaign, and its failure would show nothing else`);
  return node.name;
}

/** How many Pods of the campaign are on a Node. */
async function podsOn(name: string, site: FaultSite, within: Within): Promise<number> {
  const { namespace, labelSelector } = site;
  const selection = { labelSelector, fieldSelector: `spec.nodeName=${name}`, metadataOnly: true, pick: () => true };
  const { items } = await site.client.list(podsPath(namespace), selection, within);
  return items.length;
}

/** The Node with most Pods of those that are well, so that the failure has an effect. Of several, the first by name. */
async function busiest(site: FaultSite, taken: ReadonlySet<string>, within: Within): Promise<string> {
  const nodes = await candidates(site, taken, within);
  const { items } = await site.client.list(
    podsPath(site.namespace),
    { labelSelector: site.labelSelector, pick: ({ spec }: { spec?: { nodeName?: string } }) => spec?.nodeName ?? '' },
    within,
  );
  const pods = new Map<string, number>();
  for (const node of items) pods.set(node, (pods.get(node) ?? 0) + 1);
  const [first, ...others] = nodes
    .filter(({ name }) => pods.has(name))
    .sort((a, b) => (pods.get(b.name) ?? 0) - (pods.get(a.name) ?? 0));
  if (first === undefined) throw new Error('no Node has a Pod of this campaign');
  const well = [first, ...others].find(({ problem }) => problem === undefined);
  if (well !== undefined) return well.name;
  throw new Error(
    `every Node with a Pod of this campaign was broken before, e.g. node ${first.name}: ${first.problem}`,
  );
}

async function candidates(
  { client, nodes }: FaultSite,
  taken: ReadonlySet<string>,
  within: Within,
): Promise<readonly Candidate[]> {
  const pick = (node: NodeObject): Candidate => ({
    name: node.metadata.name,
    problem: taken.has(node.metadata.name) ? 'another fault has it' : brokenBefore(node),
  });
  const { items } = await client.list('/api/v1/nodes', { ...nodes, pick }, within);
  return items.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

/** Why the effect of a failure does not show in the state that a Node is in. */
function brokenBefore(node: NodeObject): string | undefined {
  if (node.metadata.deletionTimestamp !== undefined) return 'it is being deleted';
  const evicting = node.spec.taints?.find(({ effect }) => effect === 'NoExecute');
  if (evicting !== undefined) return `it has the taint ${evicting.key}`;
  if (node.spec.unschedulable === true) return 'it is cordoned';
  return isReady(node) ? undefined : 'it is not Ready';
}

function isReady({ status }: NodeObject): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
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

function isFailed({ spec }: Pick<NodeObject, 'spec'>): boolean {
  return spec.taints?.some(({ key }) => key === FAILED_TAINT.key) ?? false;
}

function nodePath(name: string): string {
  return `/api/v1/nodes/${name}`;
}
