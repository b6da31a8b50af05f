/**
 * Measured cost of local clusters on their host; docs/performance.md has the measurements. They are estimates: a host with less
 * may do, and one with as much may not.
 */

/** Memory of a local cluster without Pods. */
export const CLUSTER_BYTES = 0.8e9;
/** Memory that each Pod adds to its cluster and to Belay. */
export const POD_BYTES = 0.3e6;
/** Memory of Temporal, a worker and a Prometheus. */
export const BELAY_BYTES = 0.8e9;
