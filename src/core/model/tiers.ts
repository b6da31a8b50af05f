/** Machines in each tier of the seed: the configured tier per cluster, the others per shard. */
export interface Tiers {
  readonly configuredPerCluster: number;
  readonly idlePerShard: number;
  readonly speculativePerShard: number;
  readonly spotPerShard: number;
}
