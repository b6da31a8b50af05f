import type { Metadata } from './metadata.ts';
import type { SubstrateSettings, SubstrateType } from './substrate-types.ts';

/** Where a campaign runs. What each type can do is in `SUBSTRATE_TYPES`. */
export interface Substrate extends SubstrateSettings {
  readonly metadata: Metadata;
  readonly type: SubstrateType;
  readonly host: { readonly vCPU: number; readonly memoryGiB: number };
  readonly cluster: {
    readonly podsPerCluster: number;
    readonly clustersPerHost: number;
    readonly storage: 'etcd' | 'kine';
    readonly bindThroughputPodsPerSec: number;
  };
  readonly costEstimate: { readonly perHostUsdPerHour: number; readonly notes: string };
  /** How to get such hosts; for people. */
  readonly provisioning: string;
}
