import { counted } from '../../text/counted.ts';
import { soak } from './soak.ts';
import { parseSoakCheckpoint } from '../checkpoints/soak.ts';
import { ARRIVAL_STEPS, CHECK_STEPS, CLOCK_STEPS, READING_STEPS, START_STEPS } from './soak-steps.ts';
import type { StageDescriptor } from './stage-descriptor.ts';

/** Reads the gates of a soak that several groups drive. */
export const watch = {
  steps: {
    ...START_STEPS,
    ...CLOCK_STEPS,
    ...CHECK_STEPS,
    ...ARRIVAL_STEPS,
    ...READING_STEPS,
  },
  describe: ({ gates }) => `${counted(gates.length, 'gate')} of all groups`,
  facts: soak.facts,
  parseCheckpoint: parseSoakCheckpoint,
} as const satisfies StageDescriptor;
