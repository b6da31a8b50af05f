/**
 * Cost of local clusters on their host. docs/performance.md has the figures. Memory is from bench/scale.ts and bench/nodes.ts on a busy
 * host, where it is higher: it is returned late there. CPU is estimated.
 */

/** Memory of a local cluster without Nodes and Pods. */
export const CLUSTER_BYTES = 1.2e9;
/** Memory that each Node adds to its cluster. */
export const NODE_BYTES = 0.2e6;
/** Memory that each Pod adds to its cluster and to Belay. */
export const POD_BYTES = 0.3e6;
/** Memory of Temporal, a worker and a Prometheus. */
export const BELAY_BYTES = 1.0e9;

/** Cores of a local cluster in which nothing happens, with its share of Prometheus. */
export const CLUSTER_CORES = 0.1;
/** Cores of Temporal, a worker and a Prometheus while nothing happens. */
export const BELAY_CORES = 0.2;
/** CPU of all parts for one Pod that is created, scheduled, started and observed, seconds. */
export const POD_CPU_SEC = 0.02;
