/** How often a campaign's Prometheus scrapes: a short soak needs readings, and one Prometheus a campaign can afford it. */
export const SCRAPE_INTERVAL_MS = 1_000;
