import { longestFaultMs } from '../../faults/registry.ts';
import type { CallBudgets, Wait } from '../deadline-model.ts';
import {
  READING_QUERIES,
  BURST_PODS_PER_SECOND_FLOOR,
  CHECK_SAMPLES_MS,
  FAULT_CALLS,
  LAST_SAMPLES_MS,
  SOAK_START_MS,
  WATCH_CALLS,
} from '../limits.ts';
import { answerWait, callWait, largestCluster, overloadWait, pagesOf, type CampaignShape } from './shape.ts';

/** The steps of a soak, of its drive and of its watch: each of them has its own selection. */

/** The clock of the soak, which all parts of it share. */
export const CLOCK_STEPS = {
  settle: ({ profile }: CampaignShape): Wait => ({
    what: 'settle',
    count: 1,
    eachMs: profile.loadProfile.settleSeconds * 1_000,
    field: 'loadProfile.settleSeconds',
  }),
  soak: (shape: CampaignShape): Wait => ({
    what: 'soak',
    count: 1,
    eachMs: shape.profile.loadProfile.soakSeconds * 1_000,
    field: 'loadProfile.soakSeconds',
    stallMs: stallMs(shape),
  }),
};

/** The start that all groups have in common lies ahead. */
export const START_STEPS = {
  startAwaited: (): Wait => ({ what: 'the start that all groups have in common', count: 1, eachMs: SOAK_START_MS }),
};

/** What is needed before the load can be driven. */
export const OPENING_STEPS = {
  watchesOpened: (shape: CampaignShape): Wait => callWait(shape, 'watches opened', 'apiCallMs', WATCH_CALLS),
  watchesAnswered: (): Wait => answerWait('watches'),
  podsListed: (shape: CampaignShape): Wait =>
    callWait(shape, 'existing Pods listed', 'apiCallMs', pagesOf(largestCluster(shape))),
  podsAnswered: (): Wait => answerWait('a list'),
};

/** Pods beyond those of the ramp. */
export const BURST_STEPS = {
  burstPods: ({ peak }: CampaignShape): Wait => ({
    what: `Pods of bursts, steps and open-loop demand, at least ${BURST_PODS_PER_SECOND_FLOOR} a second in a cluster`,
    count: Math.ceil((peak.bindable + peak.extra) / BURST_PODS_PER_SECOND_FLOOR),
    eachMs: 1_000,
  }),
};

/** Operations on a server that is late. */
export const OVERLOAD_STEPS = { overload: overloadWait };

/** The check that is under way when the soak ends. */
export const CHECK_STEPS = {
  lastCheckDue: (shape: CampaignShape): Wait =>
    callWait(shape, 'the check that is due when the soak ends', 'gateIntervalMs'),
  lastCheck: (shape: CampaignShape): Wait => callWait(shape, 'queries of that check', 'queryMs', READING_QUERIES),
};

/** The samples of the other hosts, which a check and the reading at the end wait for. */
export const ARRIVAL_STEPS = {
  samplesAwaited: (shape: CampaignShape): Wait => ({
    what: 'samples of the other hosts, for a check',
    count: 1,
    eachMs: CHECK_SAMPLES_MS,
    stallMs: checkMs(shape) + CHECK_SAMPLES_MS,
  }),
  lastSamplesAwaited: (): Wait => ({
    what: 'samples of the other hosts, for the reading of all gates',
    count: 1,
    // Twice, because what was not answered is asked again.
    eachMs: 2 * LAST_SAMPLES_MS,
  }),
};

/** The Pods of the last second. */
export const LAST_POD_STEPS = {
  lastPodReady: (shape: CampaignShape): Wait => callWait(shape, 'the last Pod ready', 'podReadyMs'),
};

/** The gates at the end. */
export const READING_STEPS = {
  // Twice, because what was not answered is asked again. One more than that: an evaluation ends by itself, with readings, before
  // the step would end it without any.
  gatesRead: (shape: CampaignShape): Wait =>
    callWait(shape, 'queries of all gates', 'queryMs', 2 * READING_QUERIES + 1),
};

/** Faults run side by side, in all clusters: one chain of waits covers them. */
export const FAULT_STEPS = {
  faultsInjected: (shape: CampaignShape): Wait | undefined =>
    faultWait(shape, 'a fault injected and undone', 'apiCallMs', FAULT_CALLS),
  faultEffectSeen: (shape: CampaignShape): Wait | undefined =>
    faultWait(shape, 'the effect of a fault seen', 'podReadyMs'),
  longestFault: ({ profile }: CampaignShape): Wait => ({
    what: 'the longest fault lasts',
    count: 1,
    eachMs: longestFaultMs(profile.runnerActions.map(({ action }) => action)),
  }),
  faultUndoingSeen: (shape: CampaignShape): Wait | undefined =>
    faultWait(shape, 'the undoing of a fault seen', 'nodeReadyMs'),
};

/** A wait that only a campaign with faults has. */
function faultWait(shape: CampaignShape, what: string, name: keyof CallBudgets, count = 1): Wait | undefined {
  return shape.profile.runnerActions.length === 0 ? undefined : callWait(shape, what, name, count);
}

/**
 * The longest time between two reports: a check with all its queries, the last Pod, and a query. When the soak has ended, it may
 * be one fault, from its injection until its undoing is seen.
 */
function stallMs(shape: CampaignShape): number {
  const { budgets, profile } = shape;
  if (profile.runnerActions.length === 0) return checkMs(shape);
  const lastsMs = longestFaultMs(profile.runnerActions.map(({ action }) => action));
  const faultMs = FAULT_CALLS * budgets.apiCallMs + budgets.podReadyMs + lastsMs + budgets.nodeReadyMs;
  return Math.max(checkMs(shape), faultMs);
}

function checkMs({ budgets }: CampaignShape): number {
  return (READING_QUERIES + 1) * budgets.queryMs + budgets.podReadyMs + budgets.gateIntervalMs;
}
