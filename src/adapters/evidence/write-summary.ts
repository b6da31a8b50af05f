import { join } from 'node:path';
import { summarySchema, type Summary } from '../../core/verdict/summary-model.ts';
import { readJsonFile, writeJsonFile } from '../host/atomic-file.ts';

/** Writes `summary.json` in one piece. Numbers that JSON does not have become null. */
export function writeSummary(folder: string, summary: Summary): void {
  writeJsonFile(join(folder, 'summary.json'), summary);
}

/**
 * A campaign's summary; undefined when it has none yet. Summaries of earlier versions are read too.
 * @throws SyntaxError when the file is not JSON; ZodError when it is not a summary
 */
export function summaryInFolder(folder: string): Summary | undefined {
  const json = readJsonFile(join(folder, 'summary.json'));
  return json === undefined ? undefined : summaryOfJson(json);
}

/** A summary, also of an earlier version, from what its file has. @throws ZodError when it is no summary */
export function summaryOfJson(json: unknown): Summary {
  // Version 0.1 called the infrastructure "ground".
  const isFormer = typeof json === 'object' && json !== null && 'groundEvents' in json;
  return summarySchema.parse(isFormer ? { infrastructureEvents: json.groundEvents, ...json } : json);
}
