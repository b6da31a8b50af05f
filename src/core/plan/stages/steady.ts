import { counted } from '../../text/counted.ts';
import { parseSteadyCheckpoint } from '../checkpoints/steady.ts';
import { PENDING_ASKED, PENDING_ASKED_MS, STEADY_POLL_MS, STEADY_POLLS, WATCH_CALLS } from '../limits.ts';
import { answerWait, callWait, largestCluster, overloadWait, pagesOf } from './shape.ts';
import type { StageDescriptor } from './stage-descriptor.ts';

/** Waits until the system has bound the Pods. */
export const steady = {
  steps: {
    watchesOpened: (shape) => callWait(shape, 'watches opened', 'apiCallMs', WATCH_CALLS),
    watchesAnswered: () => answerWait('watches'),
    podsListed: (shape) => callWait(shape, 'existing Pods listed', 'apiCallMs', pagesOf(largestCluster(shape))),
    rampBudget: ({ plan, profile }) => ({
      what: `ramp budget (${plan.rampBudgetClause})`,
      count: 1,
      eachMs: plan.rampBudgetMs,
      ...(profile.rampBudgetMs > 0 ? { field: 'rampBudget' } : {}),
    }),
    goodLooks: () => ({ what: 'good looks in a row', count: STEADY_POLLS, eachMs: STEADY_POLL_MS }),
    overload: overloadWait,
    lastPodReady: (shape) => callWait(shape, 'the last Pod ready', 'podReadyMs'),
    pendingAsked: () => ({
      what: 'schedulers asked why Pods are pending',
      count: PENDING_ASKED,
      eachMs: PENDING_ASKED_MS,
    }),
  },
  describe: ({ plan }) =>
    `until ${counted(plan.totalPods, 'Pod')} settle, at most ${Math.round(plan.rampBudgetMs / 1_000)} s`,
  facts: { podsBound: 'sum', steadySeconds: 'max' },
  parseCheckpoint: parseSteadyCheckpoint,
} as const satisfies StageDescriptor;
