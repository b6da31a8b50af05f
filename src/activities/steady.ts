import type { Logger } from 'pino';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeSurplus, replaceMissing } from '../adapters/kube/mend.ts';
import { SlotBook } from '../adapters/kube/slot-book.ts';
import { pendingReasons } from '../adapters/kube/pending-reasons.ts';
import { parseSteadyCheckpoint } from '../core/plan/checkpoints/steady.ts';
import type { StageInput, StageResult } from '../core/campaign/stage-io.ts';
import { isSteadyLook, type PodLook } from '../core/campaign/steadiness.ts';
import { wantedSlots } from '../core/plan/demand.ts';
import { STEADY_POLL_MS, STEADY_POLLS } from '../core/plan/limits.ts';
import { bounded } from './bounded.ts';
import type { ObservedCluster } from '../adapters/observe/observed-cluster.ts';
import type { Observers } from '../adapters/observe/observers.ts';
import { PARALLEL_REQUESTS } from './ramp.ts';
import { placeOf } from './soak-load.ts';
import { stageActivity, systemNotThere } from './stage-activity.ts';

/**
 * Waits until the system has bound what was asked for, several looks in a row, or, where the profile expects a standing
 * shortfall, until what it has bound stays the same. It gives up, as the system's failure, at the
 * ramp budget, and names what is pending and why the scheduler says so.
 */
export function createSteady(log: Logger, observers: Observers): (input: StageInput) => Promise<StageResult> {
  return stageActivity('steady', log, async (context) => {
    const { spec, owner } = context;
    const { budgets } = spec.deadlines;
    const clusters = await bounded('watch Pods', { budgetMs: 3 * budgets.apiCallMs }, () =>
      observers.of(spec, context.clusters(), owner, 'steady'),
    );
    const startAtMs = parseSteadyCheckpoint(context.checkpoint)?.startAtMs ?? Date.now();
    context.save({ startAtMs });
    const untilMs = startAtMs + spec.plan.rampBudgetMs;
    // A soak that is to be tried again may have left another target.
    for (const cluster of clusters) cluster.target = cluster.load.demand.base;
    const wanted = total(clusters, 'target');
    const expectsShortfall = spec.profile.slo.expectStandingShortfall === true;
    // Demand beyond the machines comes with the soak: before it, all that is there may be bound.
    const comesLater = spec.profile.loadProfile.openLoopDemandMultiplier > 1;
    const seconds = await bounded(
      'steady',
      { budgetMs: spec.deadlines.stages.steady.attemptMs },
      async (signal, progress) => {
        let before: PodLook | undefined;
        for (let good = 0; ;) {
          const present = total(clusters, 'present');
          const bound = total(clusters, 'bound');
          const look = { wanted, present, bound };
          const isGood =
            isSteadyLook(look, before, expectsShortfall) || (comesLater && isSteadyLook(look, before, false));
          before = look;
          good = isGood ? good + 1 : 0;
          progress({
            live: `${bound} of ${wanted} Pods bound, ${total(clusters, 'pending')} pending${isGood ? `, good look ${good} of ${STEADY_POLLS}` : ''}`,
            fraction: wanted === 0 ? 1 : bound / wanted,
            checkpoint: { startAtMs },
          });
          if (good >= STEADY_POLLS) return (Date.now() - startAtMs) / 1_000;
          if (Date.now() > untilMs)
            throw systemNotThere(
              await explain(clusters, { ...look, expectsShortfall, seconds: spec.plan.rampBudgetMs / 1_000 }, signal),
            );
          // A retry after a breach finds slots that the broken soak left empty, and Pods it had on top.
          if (present !== wanted) await mend(clusters, budgets.apiCallMs, signal);
          await sleep(STEADY_POLL_MS, undefined, { signal });
        }
      },
    );
    return {
      detail: `${total(clusters, 'bound')} of ${wanted} Pods bound, steady after ${seconds.toFixed(1)} s`,
      facts: { podsBound: total(clusters, 'bound'), steadySeconds: seconds },
    };
  });
}

/** Sum of a count over clusters. */
export function total(
  clusters: readonly ObservedCluster[],
  count: 'target' | 'present' | 'bound' | 'ready' | 'pending' | 'deleted',
): number {
  return clusters.reduce((sum, cluster) => sum + (count === 'target' ? cluster.target : cluster.counts()[count]), 0);
}

/** Creates what is missing in every cluster, and removes what is too much. */
async function mend(clusters: readonly ObservedCluster[], callBudgetMs: number, signal: AbortSignal): Promise<void> {
  for (const cluster of clusters) {
    const place = placeOf(cluster);
    const request = {
      place,
      wanted: wantedSlots(cluster.load.demand, 0),
      book: await SlotBook.read(place, { signal, budgetMs: callBudgetMs }),
      parallel: PARALLEL_REQUESTS,
      callBudgetMs,
      signal,
      onLate: cluster.onLate,
    };
    await replaceMissing({ ...request, pods: cluster.load });
    await removeSurplus(request);
  }
}

async function explain(
  clusters: readonly ObservedCluster[],
  found: PodLook & { readonly expectsShortfall: boolean; readonly seconds: number },
  signal: AbortSignal,
): Promise<string> {
  const reasons: string[] = [];
  for (const cluster of clusters) {
    if (cluster.counts().pending === 0 || reasons.length >= 3) continue;
    reasons.push(...(await pendingReasons(cluster.client, cluster.load, { signal, budgetMs: 10_000 }).catch(() => [])));
  }
  const why = reasons.length === 0 ? '' : `; the scheduler says: ${reasons.slice(0, 3).join(' | ')}`;
  const expected = found.expectsShortfall ? '; the profile expects that some stay without a Node' : '';
  return `not steady within the ramp budget of ${found.seconds} s: ${found.bound} of ${found.wanted} Pods bound, ${found.present} present${expected}${why}`;
}
