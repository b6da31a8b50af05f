import { counted } from '../../text/counted.ts';
import { parseSoakCheckpoint } from '../checkpoints/soak.ts';
import {
  BURST_STEPS,
  CHECK_STEPS,
  CLOCK_STEPS,
  FAULT_STEPS,
  LAST_POD_STEPS,
  OPENING_STEPS,
  OVERLOAD_STEPS,
  READING_STEPS,
} from './soak-steps.ts';
import type { StageDescriptor } from './stage-descriptor.ts';

/** Holds the load under churn and faults while the gates are read. */
export const soak = {
  steps: {
    ...OPENING_STEPS,
    ...CLOCK_STEPS,
    ...BURST_STEPS,
    ...OVERLOAD_STEPS,
    ...CHECK_STEPS,
    ...LAST_POD_STEPS,
    ...READING_STEPS,
    ...FAULT_STEPS,
  },
  describe: ({ profile, gates }) =>
    [
      `${profile.loadProfile.soakSeconds} s`,
      counted(gates.filter(({ barKind }) => barKind !== 'informational').length, 'gate'),
      ...profile.runnerActions.map(({ action, atSeconds, on }) => `${action}${WHERE[on ?? 'first']} at ${atSeconds} s`),
    ].join(', '),
  facts: {
    soakStartMs: 'min',
    soakEndMs: 'max',
    podsReplaced: 'sum',
    podsAdded: 'sum',
    podsRemoved: 'sum',
    podsLost: 'sum',
    churnLateP99LowMs: 'min',
    churnLateP99Ms: 'upperBound',
    operationsSent: 'sum',
    operationsLate: 'sum',
    operationsLateWorstMs: 'max',
    podsBound: 'sum',
    podsPresent: 'sum',
    watchSilent: 'sum',
  },
  parseCheckpoint: parseSoakCheckpoint,
} as const satisfies StageDescriptor;

const WHERE = { first: '', each: ' in each cluster', random: ' in a random cluster' } as const;
