import { parentPort, workerData } from 'node:worker_threads';
import { resolve } from 'node:path';
import { drawReport } from '../evidence/report.ts';
import { runHistory } from './run-history.ts';

/** The thread of `writeReportInThread`: draws the report of the folder that it is given, and answers with its HTML. */
const folder = String(workerData);
parentPort?.postMessage(await drawReport(folder, runHistory(resolve(folder))));
