import {
  LIST_PAGE_MS,
  WATCH_COMPARE_MS,
  WATCH_COMPARE_PER_POD_MS,
  WATCH_LATE_NEWS_MS,
  WATCH_LONGEST_COMPARE_MS,
  WATCH_SPARE_MS,
} from './limits.ts';
import { demandPeak } from './demand-peak.ts';
import type { CampaignSpec } from './spec.ts';
import { largestCluster, pagesOf } from './stages/shape.ts';

/**
 * The usual pause between two lists that a watch of this many Pods is compared with, ms. It grows with the number of Pods, so that
 * lists stay a small part of the API server's work.
 */
export function comparePauseMs(pods: number, shortestMs = WATCH_COMPARE_MS): number {
  return Math.max(shortestMs, leastPauseMs(pods));
}

/** What the number of Pods demands of every pause between two lists, ms. */
export function leastPauseMs(pods: number): number {
  return Math.min(pods * WATCH_COMPARE_PER_POD_MS, WATCH_LONGEST_COMPARE_MS);
}

/**
 * The age of the last confirmed state above which the counts of a cluster with this many Pods are not trusted, ms. A list confirms
 * the state of the moment at which it was asked for. That state is the last confirmed one until the list after it has been read: for
 * both lists and the pause between them. A short refusal of a list is allowed for.
 */
export function watchTrustedMs(pods: number): number {
  const listMs = pagesOf(pods) * LIST_PAGE_MS + WATCH_LATE_NEWS_MS;
  return comparePauseMs(pods) + 2 * listMs + WATCH_SPARE_MS;
}

/** That age for a campaign: for the most Pods that one of its clusters has at once, ms. */
export function trustedAgeMs(spec: CampaignSpec): number {
  return watchTrustedMs(podsOf(spec));
}

/**
 * How long the end of a soak waits for a list that confirms its last Pods, ms. It is a part of the time for a server that is late. A
 * list that takes longer comes too late to be trusted.
 */
export function lastListMs(spec: CampaignSpec): number {
  return pagesOf(podsOf(spec)) * LIST_PAGE_MS + WATCH_LATE_NEWS_MS + WATCH_SPARE_MS;
}

/** The most Pods that one of the clusters has at once. */
function podsOf({ profile, plan, catalogue }: CampaignSpec): number {
  return largestCluster({ plan, peak: demandPeak(profile, plan, catalogue) });
}
