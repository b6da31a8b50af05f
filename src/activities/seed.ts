import type { Logger } from 'pino';
import type { ClusterRecord } from '../adapters/host/ledger.ts';
import type { SeedClient } from '../adapters/kube/seed-client.ts';
import type { StageInput, StageResult } from '../core/campaign/stage-io.ts';
import { clusterLoad } from '../core/plan/cluster-load.ts';
import { ownershipLabels } from '../core/plan/labels.ts';
import { nodeBody } from '../core/plan/nodes.ts';
import { stageActivity } from './stage-activity.ts';

/** What the stage works with. */
export interface SeedAdapters {
  connect(cluster: ClusterRecord): Promise<SeedClient>;
}

const SEED_STEPS = ['namespaceMade', 'nodesListed', 'nodesCreated', 'nodesReady'] as const;

/**
 * Creates the namespace and the Nodes of every cluster and waits until the Nodes are Ready. Where the system creates the Nodes,
 * it creates only the namespace.
 */
export function createSeed(log: Logger, adapters: SeedAdapters): (input: StageInput) => Promise<StageResult> {
  return stageActivity('seed', log, async (context) => {
    const { spec, owner } = context;
    const { apiCallMs } = spec.deadlines.budgets;
    const clusters = context.clusters();
    const done = new Map<string, number>();
    const seeded = await context.stepEach(SEED_STEPS, clusters, async (cluster, { signal, progress, msOf }) => {
      const { namespace, nodes } = clusterLoad(spec, cluster.index, owner);
      const client = await adapters.connect(cluster);
      const total = nodes.length * clusters.length;
      const report = (count: number, what: string): void => {
        done.set(cluster.name, count);
        const sum = [...done.values()].reduce((a, b) => a + b, 0);
        progress({ live: `${sum} of ${total} Nodes ${what}`, fraction: total === 0 ? 1 : sum / total });
      };
      try {
        await client.createNamespace(namespace, ownershipLabels(owner), { signal, budgetMs: msOf('namespaceMade') });
        if (nodes.length === 0) return { nodes: 0, existing: 0 };
        const bodies = nodes.map((node) => nodeBody(node, owner));
        const { existing } = await client.createNodes(bodies, { signal, budgetMs: apiCallMs }, (count) =>
          report(count, 'created'),
        );
        const readyWithin = { signal, budgetMs: msOf('nodesReady') };
        await client.waitForNodes(spec.campaign, nodes.length, readyWithin, (count) => report(count, 'Ready'));
        return { nodes: nodes.length, existing };
      } finally {
        await client.close();
      }
    });
    const nodes = seeded.reduce((sum, cluster) => sum + cluster.nodes, 0);
    const existing = seeded.reduce((sum, cluster) => sum + cluster.existing, 0);
    return {
      detail: spec.capacityFromSystem
        ? `no Nodes: ${spec.system.name} makes them`
        : `${nodes} Nodes Ready${existing === 0 ? '' : ` (${existing} existed already)`}`,
      facts: { nodes, nodesExisting: existing },
    };
  });
}
