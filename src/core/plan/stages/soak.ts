import { longestFaultMs } from '../../faults/registry.ts';
import { counted } from '../../text/counted.ts';
import { parseSoakCheckpoint } from '../checkpoints/soak.ts';
import type { CallBudgets, Wait } from '../deadline-model.ts';
import { BURST_PODS_PER_SECOND_FLOOR, EVALUATION_QUERIES, FAULT_CALLS, WATCH_CALLS } from '../limits.ts';
import { callWait, largestCluster, pagesOf, type CampaignShape } from './shape.ts';
import type { StageDescriptor } from './stage-descriptor.ts';

/** Holds the load under churn and faults while the gates are read. */
export const soak = {
  steps: {
    watchesOpened: (shape) => callWait(shape, 'watches opened', 'apiCallMs', WATCH_CALLS),
    podsListed: (shape) => callWait(shape, 'existing Pods listed', 'apiCallMs', pagesOf(largestCluster(shape))),
    settle: ({ profile }) => ({
      what: 'settle',
      count: 1,
      eachMs: profile.loadProfile.settleSeconds * 1_000,
      field: 'loadProfile.settleSeconds',
    }),
    soak: (shape) => ({
      what: 'soak',
      count: 1,
      eachMs: shape.profile.loadProfile.soakSeconds * 1_000,
      field: 'loadProfile.soakSeconds',
      stallMs: stallMs(shape),
    }),
    burstPods: ({ peak }) => ({
      what: `Pods of bursts, steps and open-loop demand, at least ${BURST_PODS_PER_SECOND_FLOOR} a second in a cluster`,
      count: Math.ceil((peak.bindable + peak.extra) / BURST_PODS_PER_SECOND_FLOOR),
      eachMs: 1_000,
    }),
    lastCheckDue: (shape) => callWait(shape, 'the check that is due when the soak ends', 'gateIntervalMs'),
    lastCheck: (shape) => callWait(shape, 'queries of that check', 'queryMs', EVALUATION_QUERIES),
    lastPodReady: (shape) => callWait(shape, 'the last Pod ready', 'podReadyMs'),
    // Twice, because what was not answered is asked again. One more than that: an evaluation ends by itself, with readings, before
    // the step would end it without any.
    gatesRead: (shape) => callWait(shape, 'queries of all gates', 'queryMs', 2 * EVALUATION_QUERIES + 1),
    // Faults run side by side, in all clusters: one chain of waits covers them.
    faultsInjected: (shape) => faultWait(shape, 'a fault injected and undone', 'apiCallMs', FAULT_CALLS),
    faultEffectSeen: (shape) => faultWait(shape, 'the effect of a fault seen', 'podReadyMs'),
    longestFault: ({ profile }) => ({
      what: 'the longest fault lasts',
      count: 1,
      eachMs: longestFaultMs(profile.runnerActions.map(({ action }) => action)),
    }),
    faultUndoingSeen: (shape) => faultWait(shape, 'the undoing of a fault seen', 'nodeReadyMs'),
  },
  describe: ({ profile, gates }) =>
    [
      `${profile.loadProfile.soakSeconds} s`,
      counted(gates.filter(({ barKind }) => barKind !== 'informational').length, 'gate'),
      ...profile.runnerActions.map(({ action, atSeconds, on }) => `${action}${WHERE[on ?? 'first']} at ${atSeconds} s`),
    ].join(', '),
  parseCheckpoint: parseSoakCheckpoint,
} as const satisfies StageDescriptor;

const WHERE = { first: '', each: ' in each cluster', random: ' in a random cluster' } as const;

/** A wait that only a campaign with faults has. */
function faultWait(shape: CampaignShape, what: string, name: keyof CallBudgets, count = 1): Wait | undefined {
  return shape.profile.runnerActions.length === 0 ? undefined : callWait(shape, what, name, count);
}

/**
 * The longest time between two reports: a check with all its queries, the last Pod, and a query. When the soak has ended, it may
 * be one fault, from its injection until its undoing is seen.
 */
function stallMs({ budgets, profile }: CampaignShape): number {
  const checkMs = (EVALUATION_QUERIES + 1) * budgets.queryMs + budgets.podReadyMs + budgets.gateIntervalMs;
  if (profile.runnerActions.length === 0) return checkMs;
  const lastsMs = longestFaultMs(profile.runnerActions.map(({ action }) => action));
  const faultMs = FAULT_CALLS * budgets.apiCallMs + budgets.podReadyMs + lastsMs + budgets.nodeReadyMs;
  return Math.max(checkMs, faultMs);
}
