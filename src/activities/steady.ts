import { ApplicationFailure } from '@temporalio/activity';
import type { Logger } from 'pino';
import { allAtOnce } from '../adapters/host/at-once.ts';
import { removeSurplus, replaceMissing } from '../adapters/kube/mend.ts';
import { pendingReasons } from '../adapters/kube/pending-reasons.ts';
import { SlotBook } from '../adapters/kube/slot-book.ts';
import type { ObservedCluster } from '../adapters/observe/observed-cluster.ts';
import type { Observers } from '../adapters/observe/observers.ts';
import type { StageInput, StageResult } from '../core/campaign/stage-io.ts';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import { isSteadyLook, type PodLook } from '../core/campaign/steadiness.ts';
import { wantedSlots } from '../core/plan/demand.ts';
import {
  CONVERSATIONS_AT_ONCE,
  PENDING_ASKED,
  PENDING_ASKED_MS,
  POD_REQUESTS_AT_ONCE,
  STEADY_POLL_MS,
  STEADY_POLLS,
  UNANSWERED_LIMIT_MS,
} from '../core/plan/limits.ts';
import { trustedAgeMs } from '../core/plan/watch-trust.ts';
import { observedSoFar, waitedText, waitingText } from './observing.ts';
import { observedClusters } from './observed-clusters.ts';
import { pause } from './pause.ts';
import { scopeOf } from './soak-load.ts';
import { stageActivity, systemNotThere } from './stage-activity.ts';

/** What the stage works with. */
export interface SteadyAdapters {
  readonly observers: Pick<Observers, 'of'>;
}

/** Reasons why Pods are pending that the failure names. */
const SHOWN_REASONS = 3;

const STEADY_STEPS = ['podsListed', 'rampBudget', 'goodLooks', 'overload', 'lastPodReady', 'pendingAsked'] as const;

/**
 * Waits until the system has bound the Pods that are wanted, in several looks in a row. Where the profile expects a standing
 * shortfall, it waits until the number of bound Pods stays the same. At the ramp budget it fails, as a failure of the system, and
 * says which Pods are pending and why, in the scheduler's words.
 */
export function createSteady(log: Logger, adapters: SteadyAdapters): (input: StageInput) => Promise<StageResult> {
  return stageActivity('steady', log, async (context) => {
    const { spec } = context;
    const clusters = await context.step(['watchesOpened', 'watchesAnswered'], () =>
      observedClusters(context, adapters.observers),
    );
    const startAtMs = context.checkpoint?.startAtMs ?? Date.now();
    const earlier = context.checkpoint?.observation;
    const keep = (): void => context.save({ startAtMs, observation: observedSoFar(clusters, earlier) });
    keep();
    const untilMs = startAtMs + spec.plan.rampBudgetMs;
    // A soak that is tried again may have left another target, and other slots that are wanted.
    for (const cluster of clusters) {
      cluster.target = cluster.load.demand.base;
      cluster.want(wantedSlots(cluster.load.demand, 0));
    }
    const trustedMs = trustedAgeMs(spec);
    const wanted = total(clusters, 'target');
    const expectsShortfall = spec.profile.slo.expectStandingShortfall === true;
    // Demand beyond the machines comes with the soak. Before it, every Pod can be bound.
    const comesLater = spec.profile.loadProfile.openLoopDemandMultiplier > 1;
    const seconds = await context.step(STEADY_STEPS, async ({ signal, progress }) => {
      let before: PodLook | undefined;
      // Counts that no list has confirmed lately say nothing about the system: that time is not the system's.
      let unconfirmedMs = 0;
      let lookedAtMs = Date.now();
      for (let good = 0; ;) {
        const isConfirmed = clusters.every((cluster) => cluster.confirmedAgeMs() <= trustedMs);
        if (!isConfirmed) unconfirmedMs += Date.now() - lookedAtMs;
        lookedAtMs = Date.now();
        const look = { wanted, present: total(clusters, 'present'), bound: total(clusters, 'bound') };
        const isGood =
          isConfirmed &&
          (isSteadyLook(look, before, expectsShortfall) || (comesLater && isSteadyLook(look, before, false)));
        before = look;
        good = isGood ? good + 1 : 0;
        keep();
        progress({
          live: `${look.bound} of ${wanted} Pods bound, ${total(clusters, 'pending')} pending${isGood ? `, good look ${good} of ${STEADY_POLLS}` : ''}${waitingText(clusters)}`,
          fraction: wanted === 0 ? 1 : look.bound / wanted,
        });
        if (good >= STEADY_POLLS) return (Date.now() - startAtMs) / 1_000;
        const isUnanswered = clusters.some((cluster) => cluster.listedAgeMs() > UNANSWERED_LIMIT_MS);
        if (unconfirmedMs > UNANSWERED_LIMIT_MS && isUnanswered) throw unconfirmed(clusters);
        if (isConfirmed && Date.now() > untilMs + unconfirmedMs) {
          const found = { ...look, expectsShortfall, seconds: spec.plan.rampBudgetMs / 1_000 };
          throw systemNotThere(await explain(clusters, found, signal));
        }
        // A retry after a breach finds slots that the broken soak left empty, and Pods that it had on top.
        if (isConfirmed && look.present !== wanted) await mend(clusters, spec.deadlines.budgets.apiCallMs, signal);
        await pause(STEADY_POLL_MS, signal);
      }
    });
    return {
      detail:
        `${total(clusters, 'bound')} of ${wanted} Pods bound, steady after ${seconds.toFixed(1)} s` +
        waitedText(observedSoFar(clusters, earlier)),
      facts: { podsBound: total(clusters, 'bound'), steadySeconds: seconds },
    };
  });
}

/** The failure of a steadiness that cannot be judged: the counts of a cluster rest on an old state. */
function unconfirmed(clusters: readonly ObservedCluster[]): ApplicationFailure {
  const oldest = clusters.reduce((a, b) => (b.confirmedAgeMs() > a.confirmedAgeMs() ? b : a));
  const seconds = Math.round(oldest.confirmedAgeMs() / 1_000);
  return ApplicationFailure.create({
    message: `the Pods of cluster ${oldest.record.name} were last confirmed ${seconds} s ago: its API server answers no list`,
    type: FAILURE_TYPES.harnessFault,
  });
}

/** Sum of a count over clusters. */
export function total(
  clusters: readonly ObservedCluster[],
  count: 'target' | 'present' | 'bound' | 'ready' | 'pending' | 'deleted',
): number {
  return clusters.reduce((sum, cluster) => sum + (count === 'target' ? cluster.target : cluster.counts()[count]), 0);
}

/** Creates the Pods that are missing in every cluster, and removes those that are too many. */
async function mend(clusters: readonly ObservedCluster[], callBudgetMs: number, signal: AbortSignal): Promise<void> {
  await allAtOnce(clusters, { atOnce: CONVERSATIONS_AT_ONCE, signal }, async (cluster, inner) => {
    const scope = scopeOf(cluster);
    const request = {
      scope,
      wanted: wantedSlots(cluster.load.demand, 0),
      book: await SlotBook.read(scope, { signal: inner, budgetMs: callBudgetMs }),
      parallel: POD_REQUESTS_AT_ONCE,
      callBudgetMs,
      signal: inner,
      onLate: cluster.onLate,
    };
    await replaceMissing({ ...request, pods: cluster.load });
    await removeSurplus(request);
  });
}

async function explain(
  clusters: readonly ObservedCluster[],
  found: PodLook & { readonly expectsShortfall: boolean; readonly seconds: number },
  signal: AbortSignal,
): Promise<string> {
  const reasons: string[] = [];
  const pending = clusters.filter((cluster) => cluster.counts().pending > 0);
  for (const { client, load } of pending.slice(0, PENDING_ASKED)) {
    // The client waits for its server, but the failure does not.
    const within = {
      signal: AbortSignal.any([signal, AbortSignal.timeout(PENDING_ASKED_MS)]),
      budgetMs: PENDING_ASKED_MS,
    };
    reasons.push(...(await pendingReasons(client, load, within).catch(() => [])));
  }
  const why = reasons.length === 0 ? '' : `; the scheduler says: ${reasons.slice(0, SHOWN_REASONS).join(' | ')}`;
  const expected = found.expectsShortfall ? '; the profile expects that some stay without a Node' : '';
  return `not steady within the ramp budget of ${found.seconds} s: ${found.bound} of ${found.wanted} Pods bound, ${found.present} present${expected}${why}`;
}
