import { resolve } from 'node:path';
import { writeReport } from '../evidence/report.ts';
import { runHistory } from './run-history.ts';

/**
 * Writes the report of a run with what the runs beside it say, and gives its path.
 * @throws Error as `writeReport`
 */
export function writeRunReport(folder: string): Promise<string> {
  return writeReport(folder, runHistory(resolve(folder)));
}
