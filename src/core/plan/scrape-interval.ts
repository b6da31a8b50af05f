/** Scraping an apiserver costs some 19,000 samples: every second for a few clusters, more seldom for many, at most every 5 s. */
const CLUSTERS_PER_SECOND = 2;
const LONGEST_MS = 5_000;

/** How often a campaign's Prometheus scrapes, ms: a short soak needs readings, and one Prometheus has to bear them all. */
export function scrapeIntervalMs(plan: { readonly clusterCount: number }): number {
  return Math.min(LONGEST_MS, 1_000 * Math.max(1, Math.ceil(plan.clusterCount / CLUSTERS_PER_SECOND)));
}
