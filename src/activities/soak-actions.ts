import { setTimeout as sleep } from 'node:timers/promises';
import type { ObjectMeta, Selection } from '../adapters/kube/client.ts';
import { failNode, recoverNode } from '../adapters/kube/machines.ts';
import { podsPath } from '../adapters/kube/slot-book.ts';
import type { ActionState } from '../core/plan/checkpoints/soak.ts';
import type { RunnerAction } from '../core/model/profile.ts';
import type { ObservedCluster } from '../adapters/observe/observed-cluster.ts';
import { HEARTBEAT_MS } from '../core/plan/limits.ts';

/** How long a failed Node stays away. */
const FAILED_NODE_MS = 10_000;

/** The runner actions of a soak. */
export interface ActionsRequest {
  readonly actions: readonly RunnerAction[];
  readonly before: Readonly<Record<string, ActionState>>;
  readonly startAtMs: number;
  readonly cluster: ObservedCluster;
  /** Which Nodes may be failed: in a cluster that is lent, only the campaign's own. */
  readonly nodes: Selection;
  readonly callBudgetMs: number;
  /** Ends the waiting; what was done is undone all the same. */
  readonly signal: AbortSignal;
  /** Bounds the undoing after `signal` has aborted. */
  readonly undoSignal: AbortSignal;
  readonly onChange: (index: number, state: ActionState, told: string) => void;
}

/** Carries out each action at its moment, and undoes it. An action that cannot be carried out is told, not thrown: the soak goes on. */
export async function runActions(request: ActionsRequest): Promise<void> {
  await Promise.all(request.actions.map((action, index) => runAction(request, action, index)));
}

async function runAction(request: ActionsRequest, action: RunnerAction, index: number): Promise<void> {
  let state = request.before[String(index)] ?? {};
  const change = (next: ActionState, told: string): void => {
    state = next;
    request.onChange(index, state, told);
  };
  if (state.undoneAtMs !== undefined || state.error !== undefined) return;
  const { client } = request.cluster;
  const within = { signal: request.undoSignal, budgetMs: request.callBudgetMs };
  try {
    if (state.firedAtMs === undefined) {
      await until(request.startAtMs + action.atSeconds * 1_000, request.signal);
      if (request.signal.aborted) return;
      const node = await pickNode(request, action.action, within);
      // On record before it happens: a Node that is out and that nobody knows of would stay out.
      change({ node, firedAtMs: Date.now() }, `${action.action}: node ${node} fails`);
      await failNode(client, node, within);
    }
    await until((state.firedAtMs ?? Date.now()) + FAILED_NODE_MS, request.signal);
    if (state.node !== undefined) await recoverNode(client, state.node, within);
    change({ ...state, undoneAtMs: Date.now() }, `${action.action}: node ${state.node ?? '?'} is back`);
  } catch (error) {
    // The worker is stopped or the soak cancelled: nothing is said about the action, and whoever comes next undoes it.
    if (request.undoSignal.aborted) return;
    const message = error instanceof Error ? error.message : String(error);
    change({ ...state, error: message }, `${action.action}: ${message}`);
  }
}

/**
 * Brings back at once what is still out of a soak that was cut off: nobody may come to resume it.
 * @throws KubeError, or a time-out, when a Node cannot be brought back
 */
export async function undoActions(
  request: Pick<ActionsRequest, 'actions' | 'before' | 'cluster' | 'callBudgetMs' | 'onChange'>,
): Promise<void> {
  const { actions, before, cluster, callBudgetMs, onChange } = request;
  // Nothing beats here any more: it is over before the attempt would be taken for dead, and its reason lost.
  const budgetMs = Math.min(callBudgetMs, HEARTBEAT_MS / 2);
  const within = { signal: AbortSignal.timeout(budgetMs), budgetMs };
  await Promise.all(
    actions.map(async ({ action }, index) => {
      const state = before[String(index)];
      if (state?.node === undefined || state.undoneAtMs !== undefined) return;
      await recoverNode(cluster.client, state.node, within);
      onChange(index, { ...state, undoneAtMs: Date.now() }, `${action}: node ${state.node} is back`);
    }),
  );
}

/** `fail-node`: the one with most Pods, so that the failure is felt; `fail-node-3`: the fourth by name. */
async function pickNode(
  { cluster: { client, load: where }, nodes }: Pick<ActionsRequest, 'cluster' | 'nodes'>,
  action: string,
  within: { readonly signal: AbortSignal; readonly budgetMs: number },
): Promise<string> {
  const { items: names } = await client.list(
    '/api/v1/nodes',
    { ...nodes, metadataOnly: true, pick: ({ metadata }: { metadata: ObjectMeta }) => metadata.name },
    within,
  );
  names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const wanted = /^fail-node-(\d+)$/.exec(action)?.[1];
  if (wanted !== undefined) {
    const named = names[Number(wanted)];
    if (named === undefined) throw new Error(`${action}: the campaign has ${names.length} Nodes, numbered from 0`);
    return named;
  }
  const { items: placed } = await client.list(
    podsPath(where.namespace),
    { labelSelector: where.labelSelector, pick: ({ spec }: { spec?: { nodeName?: string } }) => spec?.nodeName ?? '' },
    within,
  );
  const count = new Map<string, number>();
  for (const node of placed) if (node !== '') count.set(node, (count.get(node) ?? 0) + 1);
  const busiest = names.filter((name) => count.has(name)).sort((a, b) => (count.get(b) ?? 0) - (count.get(a) ?? 0))[0];
  if (busiest === undefined) throw new Error(`${action}: no Node has a Pod of this campaign`);
  return busiest;
}

async function until(atMs: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.max(0, atMs - Date.now()), undefined, { signal }).catch(() => undefined);
}
