import type { Metadata } from './metadata.ts';
import type { SubstrateType } from './substrate-types.ts';

/** Where a campaign runs. What each type can do is in `SUBSTRATE_TYPES`. */
export interface Substrate {
  readonly metadata: Metadata;
  readonly type: SubstrateType;
  readonly host: { readonly vCPU: number; readonly memoryGiB: number };
  readonly cluster: {
    readonly podsPerCluster: number;
    readonly clustersPerHost: number;
    readonly storage: 'etcd' | 'kine';
    readonly bindThroughputPodsPerSec: number;
  };
  readonly kwokPod?: {
    readonly requests: { readonly cpu: string; readonly memory: string };
    readonly limits: { readonly cpu: string; readonly memory: string };
    readonly sharedVolumeSizeLimit?: string;
  };
  readonly costEstimate: { readonly perHostUsdPerHour: number; readonly notes: string };
  readonly provisioning: string;
  /** `kubeconfig` only: contexts in order, one cluster each; `file` empty = the user's own. */
  readonly kubeconfig?: { readonly file: string; readonly contexts: readonly string[] };
  /** `local` only: environment of the cluster's processes (e.g. GOGC) and seconds of delay before a Node turns Ready. */
  readonly local?: { readonly env: Readonly<Record<string, string>>; readonly nodeReadyDelaySeconds: number };
}
