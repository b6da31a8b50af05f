import { LABELS } from '../../core/plan/labels.ts';
import { LOAD_PROGRESS_MS, NODES_POLL_MS } from '../../core/plan/limits.ts';
import { pause } from '../host/poll-until.ts';
import type { ClusterClient } from './client.ts';
import { KubeError } from './kube-error.ts';
import { openLoop, throttled } from './open-loop.ts';
import type { Within } from './api-request.ts';

/** The fields of a Node that are read. */
interface NodeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Creates the Nodes that do not exist yet. */
export async function createNodes(request: {
  readonly client: ClusterClient;
  readonly bodies: readonly unknown[];
  readonly parallel: number;
  readonly callBudgetMs: number;
  readonly signal: AbortSignal;
  /** Called about twice a second with the number of Nodes that exist. */
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
    onDone: throttled(LOAD_PROGRESS_MS, request.onProgress),
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
    // Thousands of Nodes make a long list. The pause leaves the server at least as much time for other requests.
    const pauseMs = Math.max(NODES_POLL_MS, 2 * (Date.now() - askedAtMs));
    await pause(pauseMs, within.signal);
  }
}

function isReady({ status }: NodeObject): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}
