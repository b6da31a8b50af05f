import { counted } from '../../text/counted.ts';
import { parseRampCheckpoint } from '../checkpoints/ramp.ts';
import { WATCH_CALLS } from '../limits.ts';
import { answerWait, callWait, largestCluster, overloadWait, pagesOf } from './shape.ts';
import type { StageDescriptor } from './stage-descriptor.ts';

/** Creates the Pods of every cluster at their intended moments. All clusters work side by side. */
export const ramp = {
  steps: {
    watchesOpened: (shape) => callWait(shape, 'watches opened', 'apiCallMs', WATCH_CALLS),
    watchesAnswered: () => answerWait('watches'),
    podsListed: (shape) => callWait(shape, 'existing Pods listed', 'apiCallMs', pagesOf(largestCluster(shape))),
    arrivals: ({ profile }) => ({
      what: 'arrivals spread over the ramp',
      count: 1,
      eachMs: profile.loadProfile.rampSeconds * 1_000,
      field: 'loadProfile.rampSeconds',
    }),
    podsTaken: ({ plan }) => ({
      what: 'the Pods at the rate that the substrate takes',
      count: Math.ceil(plan.totalPods / Math.max(1, plan.rampSupplyPodsPerSec)),
      eachMs: 1_000,
    }),
    overload: overloadWait,
    lastPodReady: (shape) => callWait(shape, 'the last Pod ready', 'podReadyMs'),
  },
  describe: ({ plan, profile }) => `${counted(plan.totalPods, 'Pod')} over ${profile.loadProfile.rampSeconds} s`,
  facts: {
    podsWanted: 'sum',
    podsCreated: 'sum',
    podsExisting: 'sum',
    refilled: 'sum',
    retries: 'sum',
    conflicts: 'sum',
    askedPerSec: 'sumOfAll',
    achievedPerSec: 'sumOfAll',
    sentLateP99LowMs: 'min',
    sentLateP99Ms: 'upperBound',
  },
  parseCheckpoint: parseRampCheckpoint,
} as const satisfies StageDescriptor;
