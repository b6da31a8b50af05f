/** A campaign or climb, as the list of workflows shows it. */
export interface WatchedWorkflow {
  readonly workflowId: string;
  readonly runId: string;
  readonly kind: 'campaign' | 'ladder';
  /** Temporal's name of it, e.g. `RUNNING`. */
  readonly status: string;
  readonly stage: string;
  /** Empty until it is judged. */
  readonly verdict: string;
  readonly profile: string;
  readonly substrate: string;
  readonly trigger: string;
  readonly startedAtMs: number;
  /** Undefined while it runs. */
  readonly closedAtMs: number | undefined;
}

/** How a workflow ended, in the words of verdicts: as it was judged, aborted, or a fault of the harness. Undefined while it runs. */
export function watchedEnd({
  status,
  verdict,
}: {
  readonly status: string;
  readonly verdict: string;
}): string | undefined {
  if (status === 'RUNNING') return undefined;
  if (status === 'COMPLETED') return verdict === '' ? 'harness-fault' : verdict;
  return status === 'CANCELLED' || status === 'TERMINATED' ? 'aborted' : 'harness-fault';
}
