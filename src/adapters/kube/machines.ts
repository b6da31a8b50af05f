import { setTimeout as sleep } from 'node:timers/promises';
import { LABELS } from '../../core/plan/labels.ts';
import type { ClusterClient, ObjectMeta } from './client.ts';
import { KubeError } from './kube-error.ts';
import { openLoop, throttled } from './open-loop.ts';
import type { Within } from './transport.ts';

/** What of a Node tells whether it can be used. */
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

/** Taint of a Node that a campaign has failed: the controller-manager evicts its Pods at once. */
const FAILED_TAINT: Taint = { key: 'belay.dev/failed', value: 'true', effect: 'NoExecute' };

const READY_POLL_MS = 250;

/** Creates Nodes, those that are there already aside. */
export async function createNodes(request: {
  readonly client: ClusterClient;
  readonly bodies: readonly unknown[];
  readonly parallel: number;
  readonly callBudgetMs: number;
  readonly signal: AbortSignal;
  /** Called about twice a second with the number of Nodes that are there. */
  readonly onProgress: (done: number) => void;
}): Promise<{ readonly created: number; readonly existing: number }> {
  const { client, bodies, signal } = request;
  const within = { signal, budgetMs: request.callBudgetMs };
  const counts = { created: 0, existing: 0 };
  await openLoop({
    count: bodies.length,
    fromIndex: 0,
    dueAtMs: () => 0,
    parallel: request.parallel,
    signal,
    run: async (index) => {
      const { outcome } = await client.create('/api/v1/nodes', JSON.stringify(bodies[index]), within);
      if (outcome === 'created') counts.created++;
      else counts.existing++;
    },
    onDone: throttled(500, request.onProgress),
  });
  return counts;
}

/**
 * Waits until `count` of a campaign's Nodes are Ready.
 * @throws KubeError when they are not within the budget; the signal's reason
 */
export async function waitForNodes(
  client: ClusterClient,
  request: { readonly campaign: string; readonly count: number; readonly onProgress: (ready: number) => void },
  within: Within,
): Promise<void> {
  const untilMs = Date.now() + within.budgetMs;
  for (let best = -1; ;) {
    const askedAtMs = Date.now();
    const { items } = await client.list(
      '/api/v1/nodes',
      { labelSelector: `${LABELS.campaign}=${request.campaign}`, pick: isReady },
      within,
    );
    const ready = items.filter(Boolean).length;
    if (ready > best) request.onProgress(ready);
    best = Math.max(best, ready);
    if (ready >= request.count) return;
    if (Date.now() > untilMs) {
      throw new KubeError(
        `${ready} of ${request.count} Nodes are Ready after ${within.budgetMs} ms (${items.length} exist)`,
        0,
      );
    }
    // Thousands of Nodes make a long list: the server shall have at least as much time for other things.
    const pauseMs = Math.max(READY_POLL_MS, 2 * (Date.now() - askedAtMs));
    await sleep(pauseMs, undefined, { signal: within.signal }).catch(() => within.signal.throwIfAborted());
  }
}

/**
 * Fails a machine: it takes no more Pods and loses those it has at once (a NoExecute taint, which the controller-manager
 * carries out). Failing it twice changes nothing.
 * @throws KubeError when there is no such Node
 */
export function failNode(client: ClusterClient, name: string, within: Within): Promise<void> {
  return changeNode(client, name, true, (taints) => [...taints, FAILED_TAINT], within);
}

/** Brings a failed machine back, empty. @throws KubeError when there is no such Node */
export function recoverNode(client: ClusterClient, name: string, within: Within): Promise<void> {
  return changeNode(client, name, false, (taints) => taints, within);
}

async function changeNode(
  client: ClusterClient,
  name: string,
  unschedulable: boolean,
  taintsOf: (others: readonly Taint[]) => readonly Taint[],
  within: Within,
): Promise<void> {
  const path = `/api/v1/nodes/${name}`;
  const untilMs = Date.now() + within.budgetMs;
  for (;;) {
    const node = await client.get<NodeObject>(path, within);
    if (node === undefined) throw new KubeError(`node ${name}: there is none`, 404, 'NotFound');
    // Cordoning adds a taint of its own, which the controller-manager owns; the patch keeps whatever else is there.
    const others = (node.spec.taints ?? []).filter(({ key }) => key !== FAILED_TAINT.key);
    const patch = {
      metadata: { resourceVersion: node.metadata.resourceVersion },
      spec: { unschedulable, taints: taintsOf(others) },
    };
    try {
      await client.patch(path, 'merge', patch, within);
      return;
    } catch (cause) {
      if (!(cause instanceof KubeError && cause.status === 409) || Date.now() > untilMs) throw cause;
    }
  }
}

function isReady({ status }: NodeObject): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}
