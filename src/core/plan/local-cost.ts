/**
 * Estimated cost of local clusters on their host. One run on a host without CPU left needed more: 1.25 GB a cluster with 228 Nodes,
 * and 0.22 to 0.28 MB a Pod. There is no measurement of a quiet host yet.
 */

/** Memory of a local cluster without Pods. */
export const CLUSTER_BYTES = 0.8e9;
/** Memory that each Pod adds to its cluster and to Belay. */
export const POD_BYTES = 0.3e6;
/** Memory of Temporal, a worker and a Prometheus. */
export const BELAY_BYTES = 0.8e9;
