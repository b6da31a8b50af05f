/** A job that an existing Prometheus scrapes, in place of the campaign's own. */
export interface FederatedJob {
  /** Labels that its series have there; together they select the targets of the job, and of no other one. */
  readonly labels: Readonly<Record<string, string>>;
  /** Its targets in one cluster. */
  readonly targets: number;
  /** How often it is scraped there. */
  readonly scrapeIntervalMs: number;
}

/**
 * The Prometheus of the owner of borrowed clusters. It scrapes what a campaign cannot reach. The campaign's own Prometheus takes the
 * series over by federation.
 */
export interface ExistingPrometheus {
  /** With the path that it is served under; without user, password and query. */
  readonly url: string;
  /** By the name that a job has in gates. */
  readonly jobs: Readonly<Record<string, FederatedJob>>;
  /** Labels of each cluster there, in the order of the contexts. Absent: the labels of the jobs are enough. */
  readonly clusters?: readonly Readonly<Record<string, string>>[];
  readonly user?: string;
  /** File with the password of the user, or with a bearer token where there is no user. An absolute path. */
  readonly secretFile?: string;
  /** File with certificates that sign that of the server. Absent: those of the machine. */
  readonly caFile?: string;
}
