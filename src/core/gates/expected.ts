/** Targets that one scrape job must have. */
export interface ExpectedTargets {
  /** Targets in all. */
  readonly count: number;
  /** Value of the label `cluster` of each cluster that has targets of the job, all of them the same number. Absent = none has. */
  readonly clusters?: readonly string[];
}

/** The targets of each scrape job of a campaign. A job that is not in it may have any number. */
export type ExpectedByJob = Readonly<Record<string, ExpectedTargets>>;
