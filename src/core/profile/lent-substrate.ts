import type { Substrate } from '../model/substrate.ts';

/**
 * The substrate of `belay run --context`: clusters that are lent on the command line, without a file. Nothing is known about them:
 * they get as many Pods as Kubernetes supports in one cluster, bound as fast as kube-scheduler binds by default, and cost nothing.
 */
export function lentSubstrate(contexts: readonly string[]): Substrate {
  return {
    metadata: { name: 'lent', description: 'lent on the command line' },
    type: 'kubeconfig',
    kubeconfig: { file: '', contexts },
    host: { vCPU: 1, memoryGiB: 1 },
    cluster: { podsPerCluster: 150_000, clustersPerHost: 1, storage: 'etcd', bindThroughputPodsPerSec: 100 },
    costEstimate: { perHostUsdPerHour: 0, notes: '' },
    provisioning: '',
  };
}
