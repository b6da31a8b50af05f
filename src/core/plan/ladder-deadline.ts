import { deadlineOf } from './deadlines.ts';
import type { StageDeadline } from './deadlines.ts';
import { LOCAL_MS } from './stage-waits.ts';

/** Limits of the one activity that a ladder runs itself: writing a small file on the host that resolved it. */
export const LADDER_SUMMARY_DEADLINE: StageDeadline = deadlineOf([
  { what: 'ladder.json written', count: 1, eachMs: LOCAL_MS },
]);
