import type { Profile } from './profile.ts';

/** Machines that one shard can manage. */
const MACHINES_PER_SHARD = 500_000;

/** Number of shards of a campaign: `topology.shardReplicas`, or one for every 500,000 machines, at least one. */
export function shardReplicasOf(profile: Pick<Profile, 'scale' | 'topology'>): number {
  if (profile.topology.shardReplicas > 0) return profile.topology.shardReplicas;
  return Math.max(1, Math.ceil(profile.scale.machines / MACHINES_PER_SHARD));
}
