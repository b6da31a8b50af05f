/** What a worker says of itself to Temporal, which shows it with the worker's polls to everyone on every host. */
export interface WorkerIdentity {
  /** Name of the worker's host. */
  readonly host: string;
  readonly pid: number;
  /** Clusters that the host takes. */
  readonly clusters: number;
  /** Where other hosts reach this one. */
  readonly address: string;
}

/** A worker as one line, e.g. `belay host=anna-0123abcd pid=17 clusters=4 address=10.0.0.7`. */
export function formatWorkerIdentity({ host, pid, clusters, address }: WorkerIdentity): string {
  return `belay host=${host} pid=${pid} clusters=${clusters} address=${address}`;
}

/** Reads such a line. Undefined for anything else: other programs, and workers of other versions, may serve the same queue. */
export function parseWorkerIdentity(line: string): WorkerIdentity | undefined {
  const [, host, pid, clusters, address] =
    /^belay host=(\S+) pid=(\d+) clusters=(\d+) address=(\S+)(?: |$)/.exec(line) ?? [];
  if (host === undefined || address === undefined) return undefined;
  return { host, pid: Number(pid), clusters: Number(clusters), address };
}
