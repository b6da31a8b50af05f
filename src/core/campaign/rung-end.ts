import type { Verdict } from '../gates/model.ts';

/** How a rung ended. Only `pass` lets the climb go on. */
export type RungEnd = Verdict | 'aborted' | 'harness-fault' | 'not-started' | 'running';

/** Every end of a rung. */
export const RUNG_ENDS: readonly RungEnd[] = [
  'pass',
  'unmeasured',
  'fail',
  'aborted',
  'harness-fault',
  'not-started',
  'running',
];
