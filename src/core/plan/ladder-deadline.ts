import type { StageDeadline } from './deadline-model.ts';
import { deadlineOf } from './deadlines.ts';
import { LOCAL_MS } from './limits.ts';

/** Limits of the one activity that a ladder runs itself: it writes a small file on the host that resolved the ladder. */
export const LADDER_SUMMARY_DEADLINE: StageDeadline = deadlineOf([
  { id: 'summaryWritten', what: 'ladder.json written', count: 1, eachMs: LOCAL_MS },
]);
