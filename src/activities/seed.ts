import type { Logger } from 'pino';
import type { ClusterRecord } from '../adapters/host/ledger.ts';
import type { SeedClient } from '../adapters/kube/seed-client.ts';
import type { StageInput, StageResult } from '../core/campaign/stage-io.ts';
import { clusterLoad } from '../core/plan/cluster-load.ts';
import { podsOfCluster } from '../core/plan/cluster-pods.ts';
import { daemonRoom, withDaemonRoom, type DaemonSet } from '../core/plan/daemon-sets.ts';
import { campaignTaint, namespaceLabels, type Ownership } from '../core/plan/labels.ts';
import { nodeBody, nodeLabels, type PlannedNode } from '../core/plan/nodes.ts';
import type { Kubelet } from '../core/plan/node-status.ts';
import { priorityBody } from '../core/plan/priorities.ts';
import type { CampaignSpec } from '../core/plan/spec.ts';
import { trialObjects } from '../core/plan/trial-objects.ts';
import { messageOf } from '../core/text/message-of.ts';
import { TargetRefusal } from '../adapters/kube/kube-error.ts';
import { stageActivity, type StageContext } from './stage-activity.ts';

/** DaemonSets of others, whose Pods may land on the campaign's Nodes. */
async function othersOnNodes(
  context: StageContext<'seed'>,
  client: SeedClient,
  cluster: ClusterRecord,
  within: { readonly signal: AbortSignal; readonly budgetMs: number },
): Promise<readonly DaemonSet[]> {
  try {
    return await client.daemonSets(within);
  } catch (error) {
    if (!(error instanceof TargetRefusal)) throw error;
    context.event(
      'not-counted',
      `${cluster.name}: DaemonSets are not counted, which may take room on Nodes: ${messageOf(error)}`,
    );
    return [];
  }
}

/** A Node with room for what others run on it. */
function withRoom(node: PlannedNode, daemonSets: readonly DaemonSet[], owner: Ownership): PlannedNode {
  const room = daemonRoom(daemonSets, { labels: nodeLabels(node, owner), taint: campaignTaint(owner) });
  return room.pods === 0 ? node : { ...node, allocatable: withDaemonRoom(node.allocatable, room) };
}

/** What the stage works with. */
export interface SeedAdapters {
  connect(cluster: ClusterRecord): Promise<SeedClient>;
  /** What answers in place of kubelets, where Nodes may be Ready from their creation on. */
  kubelet(spec: CampaignSpec, cluster: ClusterRecord): Kubelet | undefined;
}

const SEED_STEPS = [
  'namespaceMade',
  'prioritiesMade',
  'podsTried',
  'nodesListed',
  'nodesCreated',
  'nodesReady',
] as const;

/**
 * Creates the namespace, the PriorityClasses of the Pods and the Nodes of every cluster, and waits until the Nodes are Ready. Where
 * the system creates the Nodes, it creates none.
 */
export function createSeed(log: Logger, adapters: SeedAdapters): (input: StageInput) => Promise<StageResult> {
  return stageActivity('seed', log, async (context) => {
    const { spec, owner } = context;
    const { apiCallMs } = spec.deadlines.budgets;
    const clusters = context.clusters();
    const done = new Map<string, number>();
    const seeded = await context.stepEach(SEED_STEPS, clusters, async (cluster, { signal, progress, msOf }) => {
      const { namespace, nodes, priorities } = clusterLoad(spec, cluster.index, owner);
      const client = await adapters.connect(cluster);
      const total = nodes.length * clusters.length;
      const report = (count: number, what: string): void => {
        done.set(cluster.name, count);
        const sum = [...done.values()].reduce((a, b) => a + b, 0);
        progress({ live: `${sum} of ${total} Nodes ${what}`, fraction: total === 0 ? 1 : sum / total });
      };
      try {
        await client.createNamespace(namespace, namespaceLabels(owner), { signal, budgetMs: msOf('namespaceMade') });
        const bodiesOfPriorities = priorities.map((priority) => priorityBody(priority, spec.profile, owner));
        await client.createPriorities(bodiesOfPriorities, { signal, budgetMs: apiCallMs });
        const tries = msOf('podsTried') > 0;
        if (tries) {
          const { podBodies } = trialObjects(spec, cluster.index, owner, true);
          await client.tryPods(
            { namespace, podBodies, pods: podsOfCluster(spec.plan, cluster.index) },
            { signal, budgetMs: apiCallMs },
          );
        }
        if (nodes.length === 0) return { nodes: 0, existing: 0 };
        const daemonSets = tries ? await othersOnNodes(context, client, cluster, { signal, budgetMs: apiCallMs }) : [];
        const kubelet = adapters.kubelet(spec, cluster);
        const ready = kubelet && { kubelet, nowMs: Date.now() };
        const bodies = nodes.map((node) => nodeBody(withRoom(node, daemonSets, owner), owner, ready));
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
