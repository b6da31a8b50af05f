import { traitsOf } from '../../model/substrate-types.ts';
import { counted } from '../../text/counted.ts';
import type { Wait } from '../deadline-model.ts';
import {
  CONVERSATIONS_AT_ONCE,
  NAMESPACE_CALLS,
  NODES_PER_SECOND_FLOOR,
  PRIORITY_CALLS,
  TRIAL_CALLS,
} from '../limits.ts';
import { clustersOnHost, itemWait, nodesOfCluster, pagesOf, secondsOf, type CampaignShape } from './shape.ts';
import { noCheckpoint, type StageDescriptor } from './stage-descriptor.ts';

/** Creates the namespace and the Nodes of every cluster. A system that makes the Nodes itself only gets the namespace. */
export const seed = {
  steps: {
    namespaceMade: (shape) =>
      itemWait(shape, 'namespace created', 'apiCallMs', { ...atOnce(shape), perItem: NAMESPACE_CALLS }),
    prioritiesMade: (shape) =>
      shape.profile.pods?.priorities === 'ignore'
        ? undefined
        : itemWait(shape, 'priority classes made', 'apiCallMs', { ...atOnce(shape), perItem: PRIORITY_CALLS }),
    podsTried: (shape) =>
      traitsOf(shape.substrate).clusters === 'borrowed'
        ? itemWait(shape, 'Pods tried in the namespace, and what others run on every Node listed', 'apiCallMs', {
            ...atOnce(shape),
            perItem: TRIAL_CALLS,
          })
        : undefined,
    nodesListed: (shape) =>
      makesNodes(shape)
        ? itemWait(shape, 'existing Nodes listed', 'apiCallMs', {
            ...atOnce(shape),
            perItem: pagesOf(nodesOfCluster(shape)),
          })
        : undefined,
    nodesCreated: (shape) => (makesNodes(shape) ? nodesCreated(shape) : undefined),
    nodesReady: (shape) =>
      makesNodes(shape) ? itemWait(shape, 'the last Node ready', 'nodeReadyMs', atOnce(shape)) : undefined,
  },
  describe: ({ capacityFromSystem, system, plan }) =>
    capacityFromSystem ? `no Nodes: ${system.name} makes them` : `Nodes for ${counted(plan.totalPods, 'Pod')}`,
  facts: { nodes: 'sum', nodesExisting: 'sum' },
  parseCheckpoint: noCheckpoint,
} as const satisfies StageDescriptor;

function nodesCreated(shape: CampaignShape): Wait {
  const perItem = secondsOf(nodesOfCluster(shape), NODES_PER_SECOND_FLOOR);
  const { total, atOnce: together } = atOnce(shape);
  return {
    what: `Nodes created, at least ${NODES_PER_SECOND_FLOOR} a second in a cluster`,
    count: Math.ceil(total / together) * perItem,
    eachMs: 1_000,
    perItem,
    atOnce: together,
    stallMs: shape.budgets.nodeReadyMs + shape.budgets.apiCallMs,
  };
}

function makesNodes({ system }: CampaignShape): boolean {
  return !system.makesNodes;
}

function atOnce(shape: CampaignShape): { readonly total: number; readonly atOnce: number } {
  return { total: clustersOnHost(shape), atOnce: CONVERSATIONS_AT_ONCE };
}
