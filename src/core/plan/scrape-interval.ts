import type { ScrapeEntry } from '../model/scrape-entry.ts';

/** Scraping an apiserver costs some 19,000 samples: every second for a few clusters, more seldom for many, at most every 5 s. */
const CLUSTERS_PER_SECOND = 2;
const LONGEST_MS = 5_000;

/** How often a campaign's Prometheus scrapes, ms: a short soak needs readings, and one Prometheus has to bear them all. */
export function scrapeIntervalMs(plan: { readonly clusterCount: number }): number {
  return Math.min(LONGEST_MS, 1_000 * Math.max(1, Math.ceil(plan.clusterCount / CLUSTERS_PER_SECOND)));
}

/** By job: how often it is scraped, ms, where the system says so; of several entries of one job the longest. */
export function ownIntervals(
  scrape: readonly Pick<ScrapeEntry, 'job' | 'intervalMs'>[],
): Readonly<Record<string, number>> {
  const longest = new Map<string, number>();
  for (const { job, intervalMs } of scrape) {
    if (intervalMs !== undefined) longest.set(job, Math.max(longest.get(job) ?? 0, intervalMs));
  }
  return Object.fromEntries(longest);
}

/** Of two samples that an existing Prometheus takes, none is missed: it is asked twice as often, or as often as is allowed. */
const ASKED_PER_SAMPLE = 2;
const SHORTEST_MS = 1_000;

/** How often an existing Prometheus is asked for its newest samples, ms. @param sampleMs how often it takes them */
export function federationIntervalMs(sampleMs: number): number {
  return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, Math.floor(sampleMs / ASKED_PER_SAMPLE)));
}
