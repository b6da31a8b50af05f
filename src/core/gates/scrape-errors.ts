import type { GateResult, Reading } from './model.ts';

/** A target as Prometheus reports it. */
export interface ScrapedTarget {
  readonly job: string;
  readonly instance: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Of its last scrape; empty where that succeeded. */
  readonly lastError: string;
}

/** Reasons whose cause the error of a scrape may be. */
const CAUSED: readonly (string | undefined)[] = ['target-down', 'target-stale', 'no-series', 'empty'];

/** No job of a file has a colon in its name. */
const FEDERATION = 'federate:';

/** The job of the scrapes that take the series of another job over from an existing Prometheus. */
export function federationJob(job: string): string {
  return `${FEDERATION}${job}`;
}

/** The job whose series a target brings. */
function jobBrought({ job }: ScrapedTarget): string {
  return job.startsWith(FEDERATION) ? job.slice(FEDERATION.length) : job;
}

/** Longest error that is shown. */
const MAX_LETTERS = 300;

/** Whether a reading may be unmeasured because a scrape failed. */
export function mayBeUnscraped({ reading }: GateResult): boolean {
  return reading.value === null && CAUSED.includes(reading.reason);
}

/**
 * The results of gates, with the error of the scrape in the detail of those that a failed scrape made unmeasured: "target-down" alone
 * does not say whether a port is closed, a certificate unknown or a token refused.
 * @param jobOf the job that a gate names, if it names one
 */
export function withScrapeErrors(
  results: readonly GateResult[],
  targets: readonly ScrapedTarget[],
  jobOf: (gate: string) => string | undefined,
): readonly GateResult[] {
  const failed = targets.filter(({ lastError }) => lastError !== '');
  if (failed.length === 0) return results;
  return results.map((result) => {
    if (!mayBeUnscraped(result)) return result;
    const target = blamed(result.reading, failed, jobOf(result.gate));
    if (target === undefined) return result;
    const error = `the last scrape of ${nameOf(target)} failed: ${shortened(target.lastError)}`;
    return {
      ...result,
      reading: { ...result.reading, detail: `${result.reading.detail ?? ''}; ${error}` },
      message: `${result.message}; ${error}`,
    };
  });
}

/** The target that the reading's detail names; else one of the job that it names, or that its gate names. */
function blamed(
  { detail = '' }: Reading,
  failed: readonly ScrapedTarget[],
  job: string | undefined,
): ScrapedTarget | undefined {
  const ofJob = failed.filter((target) => {
    const brought = jobBrought(target);
    return brought === job || detail.includes(`job "${brought}"`);
  });
  return ofJob.find((target) => detail.includes(`target ${nameOf(target)} `)) ?? ofJob[0];
}

/** As the details of readings name a target. */
function nameOf({ instance, labels }: ScrapedTarget): string {
  const cluster = labels['cluster'] ?? '';
  return cluster === '' ? instance : `${instance} of ${cluster}`;
}

/** On one line and without what a terminal would obey: it is a text of somebody else. */
function shortened(error: string): string {
  const line = error.replaceAll(/\p{Cc}+/gu, ' ').trim();
  return line.length > MAX_LETTERS ? `${line.slice(0, MAX_LETTERS)}…` : line;
}
