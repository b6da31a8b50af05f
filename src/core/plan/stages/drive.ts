import { parseSoakCheckpoint } from '../checkpoints/soak.ts';
import { soak } from './soak.ts';
import {
  BURST_STEPS,
  CLOCK_STEPS,
  FAULT_STEPS,
  LAST_POD_STEPS,
  OPENING_STEPS,
  OVERLOAD_STEPS,
  START_STEPS,
} from './soak-steps.ts';
import type { StageDescriptor } from './stage-descriptor.ts';

/** Drives the load of one group through a soak: churn, faults, replacement of lost Pods. It reads no gates. */
export const drive = {
  steps: {
    ...OPENING_STEPS,
    ...START_STEPS,
    ...CLOCK_STEPS,
    ...BURST_STEPS,
    ...OVERLOAD_STEPS,
    ...LAST_POD_STEPS,
    ...FAULT_STEPS,
  },
  describe: soak.describe,
  facts: soak.facts,
  parseCheckpoint: parseSoakCheckpoint,
} as const satisfies StageDescriptor;
