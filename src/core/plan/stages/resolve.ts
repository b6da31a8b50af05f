import { callWait } from './shape.ts';
import { noCheckpoint, type StageDescriptor } from './stage-descriptor.ts';

/** Reads files into a specification. */
export const resolve = {
  steps: {
    filesRead: (shape) => callWait(shape, 'profile, substrate, catalogue and system read', 'apiCallMs'),
  },
  describe: () => 'files into a specification',
  facts: {},
  parseCheckpoint: noCheckpoint,
} as const satisfies StageDescriptor;
