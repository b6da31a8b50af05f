import type { ObservedCluster } from '../adapters/observe/observed-cluster.ts';
import type { WantedPods } from '../core/plan/demand.ts';
import { LAST_PODS_POLL_MS } from '../core/plan/limits.ts';
import type { CampaignSpec } from '../core/plan/spec.ts';
import { lastListMs } from '../core/plan/watch-trust.ts';
import { pause } from './pause.ts';
import { total } from './steady.ts';

/** The Pods at the end of a soak. */
export interface LastPodsRequest {
  readonly spec: CampaignSpec;
  readonly clusters: readonly ObservedCluster[];
  readonly wanted: WantedPods;
  /** Settle when the Pods of a cluster are as wanted, or had their time. */
  readonly loads: readonly Promise<void>[];
  readonly signal: AbortSignal;
}

/**
 * Waits until the last Pods of a soak are bound and Ready, at most for the budget of a Pod, and ends the waiting of the others. Where
 * the profile expects a standing shortfall they only have to exist; the same holds for Pods beyond the machines. What a watch shows
 * counts only when a list has confirmed it: the watch may have been refused, and Pods may have come, gone and been bound unseen.
 * @throws what a load throws; the signal's reason
 */
export async function endLastPods({ spec, clusters, wanted, loads, signal }: LastPodsRequest): Promise<void> {
  const untilMs = Date.now() + spec.deadlines.budgets.podReadyMs;
  const toBeReady = spec.profile.slo.expectStandingShortfall === true ? 0 : wanted.bindable;
  const count = (of: 'bound' | 'ready' | 'present'): number => total(clusters, of);
  const areThere = (): boolean =>
    count('bound') >= toBeReady && count('ready') >= toBeReady && count('present') === wanted.pods;
  for (;;) {
    while (Date.now() < untilMs && !areThere()) await pause(LAST_PODS_POLL_MS, signal);
    await Promise.all(loads);
    const sinceMs = Date.now();
    await confirmed({ clusters, sinceMs, untilMs: Math.max(untilMs, sinceMs + lastListMs(spec)), signal });
    if (!areThere() && Date.now() < untilMs) continue;
    for (const cluster of clusters) cluster.endPods(sinceMs);
    return;
  }
}

/** Waits until every cluster has a list that was asked for at `sinceMs` or later, or until its time is over. */
async function confirmed(request: {
  readonly clusters: readonly ObservedCluster[];
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { clusters, sinceMs, untilMs, signal } = request;
  for (const cluster of clusters) cluster.confirm();
  while (Date.now() < untilMs && !clusters.every((cluster) => cluster.isConfirmedSince(sinceMs)))
    await pause(LAST_PODS_POLL_MS, signal);
}
