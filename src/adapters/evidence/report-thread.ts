import { parentPort, workerData } from 'node:worker_threads';
import { writeReport } from './report.ts';

/** The thread of `writeReportInThread`: writes the report of the folder that it is given, and answers with the report's path. */
parentPort?.postMessage(await writeReport(String(workerData)));
