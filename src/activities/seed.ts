import type { Logger } from 'pino';
import { allAtOnce } from '../adapters/host/at-once.ts';
import { connectCluster } from '../adapters/kube/client.ts';
import { createNodes, waitForNodes } from '../adapters/kube/machines.ts';
import { ensureNamespace } from '../adapters/kube/namespace.ts';
import type { StageInput, StageResult } from '../core/campaign/stage-io.ts';
import { CONVERSATIONS_AT_ONCE } from '../core/plan/limits.ts';
import { clusterLoad } from '../core/plan/cluster-load.ts';
import { ownershipLabels } from '../core/plan/labels.ts';
import { nodeBody } from '../core/plan/nodes.ts';
import { bounded } from './bounded.ts';
import { stageActivity } from './stage-activity.ts';

/** Creates of one kind under way at once in a cluster. */
const PARALLEL = 32;

/** Makes the namespace and the machines of every cluster and waits until they are Ready. Where the system makes the machines, only the namespace. */
export function createSeed(log: Logger): (input: StageInput) => Promise<StageResult> {
  return stageActivity('seed', log, async (context) => {
    const { spec, owner } = context;
    const { budgets } = spec.deadlines;
    const clusters = context.clusters();
    const done = new Map<string, number>();
    const perCluster = await bounded(
      'seed',
      { budgetMs: spec.deadlines.stages.seed.attemptMs, stallMs: budgets.nodeReadyMs + budgets.apiCallMs },
      (outer, progress) =>
        allAtOnce(clusters, { atOnce: CONVERSATIONS_AT_ONCE, signal: outer }, async (cluster, signal) => {
          const load = clusterLoad(spec, cluster.index, owner);
          const client = await connectCluster({
            kubeconfigPath: cluster.kubeconfigPath,
            context: cluster.context,
            connections: PARALLEL,
          });
          const total = load.nodes.length * clusters.length;
          const report = (count: number, what: string): void => {
            done.set(cluster.name, count);
            const sum = [...done.values()].reduce((a, b) => a + b, 0);
            progress({ live: `${sum} of ${total} Nodes ${what}`, fraction: total === 0 ? 1 : sum / total });
          };
          try {
            const within = { signal, budgetMs: budgets.apiCallMs };
            await ensureNamespace(client, load.namespace, ownershipLabels(owner), {
              signal,
              budgetMs: 3 * budgets.apiCallMs,
            });
            if (load.nodes.length === 0) return { created: 0, existing: 0, nodes: 0 };
            const made = await createNodes({
              client,
              bodies: load.nodes.map((node) => nodeBody(node, owner)),
              parallel: PARALLEL,
              callBudgetMs: within.budgetMs,
              signal,
              onProgress: (count) => report(count, 'created'),
            });
            await waitForNodes(
              client,
              { campaign: spec.campaign, count: load.nodes.length, onProgress: (count) => report(count, 'Ready') },
              { signal, budgetMs: budgets.nodeReadyMs },
            );
            return { ...made, nodes: load.nodes.length };
          } finally {
            await client.close();
          }
        }),
    );
    const nodes = perCluster.reduce((sum, cluster) => sum + cluster.nodes, 0);
    const existing = perCluster.reduce((sum, cluster) => sum + cluster.existing, 0);
    return {
      detail: spec.capacityFromSystem
        ? `no Nodes: ${spec.system.name} makes them`
        : `${nodes} Nodes Ready${existing === 0 ? '' : ` (${existing} stood already)`}`,
      facts: { nodes, nodesExisting: existing },
    };
  });
}
