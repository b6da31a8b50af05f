import type { Plan } from './plan.ts';
import { evenPart } from './whole-numbers.ts';

/**
 * Target Pods of the cluster with this index. Clusters share the campaign's Pods as evenly as whole numbers allow; the first
 * clusters get one Pod more. The sum over all clusters is exactly `totalPods`. An index outside of the clusters has no Pods.
 */
export function podsOfCluster({ totalPods, clusterCount }: ClusterPods, index: number): number {
  return evenPart(totalPods, clusterCount, index);
}

/** Target Pods of the largest cluster, which is the first one. */
export function podsOfLargestCluster(plan: ClusterPods): number {
  return podsOfCluster(plan, 0);
}

/** Target Pods of the smallest cluster, which is the last one. */
export function podsOfSmallestCluster(plan: ClusterPods): number {
  return podsOfCluster(plan, plan.clusterCount - 1);
}

type ClusterPods = Pick<Plan, 'totalPods' | 'clusterCount'>;
