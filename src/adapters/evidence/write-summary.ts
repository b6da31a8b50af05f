import { join } from 'node:path';
import { readJsonFile, writeJsonFile } from './json-file.ts';
import type { BelaySummary } from './summary-model.ts';

/** Writes `summary.json`, NaN-safe and in one piece. */
export function writeSummary(folder: string, summary: BelaySummary): void {
  writeJsonFile(join(folder, 'summary.json'), summary);
}

/** A campaign's summary; undefined when it has none yet. @throws SyntaxError when the file is not JSON */
export function readBelaySummary(folder: string): BelaySummary | undefined {
  return readJsonFile(join(folder, 'summary.json')) as BelaySummary | undefined;
}
