import type { HostSize } from '../model/host-size.ts';
import { ACTIVITY_SLOTS } from './limits.ts';
import { BELAY_BYTES, CLUSTER_BYTES, NODE_BYTES, POD_BYTES } from './local-cost.ts';

/** The values of a host's capacity, for messages. */
export const CAPACITY_ALLOWED = 'a whole number of clusters from 0 to 10000';

/** More clusters than any host can take: their ports alone would not suffice. */
const MAX_CAPACITY = 10_000;
/** Clusters that are created, or that schedule their Pods, at the same time on one core without failing their deadlines. */
const CLUSTERS_PER_CORE = 2;
/** Pods of a cluster of average size. */
const PODS_PER_CLUSTER = 1_000;
const NODES_PER_CLUSTER = PODS_PER_CLUSTER / 20;

/**
 * How many local clusters a host takes by default: two for each core, as far as each has the memory that a cluster with 1,000 Pods
 * is estimated to need, beside Belay itself. Every host takes at least one.
 */
export function defaultCapacity({ cores, memoryBytes }: HostSize): number {
  const clusterBytes = CLUSTER_BYTES + NODES_PER_CLUSTER * NODE_BYTES + PODS_PER_CLUSTER * POD_BYTES;
  const byMemory = (memoryBytes - BELAY_BYTES) / clusterBytes;
  return Math.min(MAX_CAPACITY, Math.max(1, Math.floor(Math.min(cores * CLUSTERS_PER_CORE, byMemory))));
}

/**
 * Activities that run at the same time on one queue of a host. A group whose activity waits for a place looks like one whose host is
 * dead, so that every group has one: at most as many groups as clusters, each with a drive and, on the lead, a watch.
 */
export function activitySlots(capacityClusters: number): number {
  return ACTIVITY_SLOTS + 2 * capacityClusters;
}

/** Reads a capacity as it was typed; undefined for everything that is not one. */
export function parseCapacity(text: string): number | undefined {
  const clusters = /^\d{1,5}$/.test(text) ? Number(text) : Infinity;
  return clusters <= MAX_CAPACITY ? clusters : undefined;
}
