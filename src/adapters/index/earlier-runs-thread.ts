import { parentPort, workerData } from 'node:worker_threads';
import { HISTORY_RUNS } from '../../core/history/beside-earlier.ts';
import { withRunIndex } from './run-index.ts';

/** The thread of `earlierRuns`: answers with the stored runs of the profile that it is given. */
const profile = String(workerData);
parentPort?.postMessage(withRunIndex((index) => index.runs({ profile, nightsOnly: true, limit: HISTORY_RUNS + 1 })));
