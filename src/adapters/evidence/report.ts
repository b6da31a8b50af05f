import { join } from 'node:path';
import type { CampaignSpec } from '../../core/plan/spec.ts';
import { infrastructureGaps } from '../../core/gates/infrastructure.ts';
import { faultSpans } from '../../core/faults/fault-spans.ts';
import { distributionOf, type Distribution } from '../../core/gates/distribution.ts';
import { saturatedSpans } from '../../core/gates/host-saturation.ts';
import type { RunHistory } from '../../core/verdict/run-history.ts';
import { hostSamplesIn } from '../host/host-samples.ts';
import { readTimeline } from './evidence-folder.ts';
import { timeMarks } from './report/marks.ts';
import { readJsonFile, writeTextFile } from '../host/atomic-file.ts';
import { NotRead, requireFolder } from '../host/plain-file.ts';
import type { Curve } from './series.ts';
import { bucketsFile, curveFile, OWN_CURVES } from './series.ts';
import { summaryInFolder } from './write-summary.ts';
import { reportPage } from './report/page.ts';

/** Writes `report.html` of an evidence folder, and gives its path. As `drawReport`. */
export async function writeReport(folder: string, history?: RunHistory): Promise<string> {
  return keepReport(folder, await drawReport(folder, history));
}

/** Replaces `report.html` of an evidence folder. @returns its path */
export function keepReport(folder: string, html: string): string {
  const path = join(folder, 'report.html');
  writeTextFile(path, html);
  return path;
}

/**
 * The report of what lies in the evidence folder, as HTML. Curves that are missing are left out.
 * @param history what earlier runs say; without it the report says nothing about them
 * @throws Error when there is no summary or specification to report; NotRead for a file of evidence that is e.g. a link
 */
export async function drawReport(folder: string, history?: RunHistory): Promise<string> {
  const summary = summaryInFolder(folder);
  const spec = readJsonFile(join(folder, 'spec.json')) as CampaignSpec | undefined;
  if (summary === undefined || spec === undefined) {
    throw new Error(`${folder} has no ${summary === undefined ? 'summary.json' : 'spec.json'} to report`);
  }
  const series = seriesFolder(folder);
  const curves = new Map<string, Curve>();
  const gates = summary.gates.map(({ gate }) => ({ name: gate, file: curveFile(gate) }));
  for (const { name, file } of [...gates, ...OWN_CURVES]) {
    const curve = curveAt(join(series, file));
    if (curve !== undefined) curves.set(name, curve);
  }
  const distributions = new Map<string, Distribution>();
  for (const { gate } of summary.gates) {
    const counts = curveAt(join(series, bucketsFile(gate)));
    const found = distributionOf(counts?.lines?.flatMap(({ series }) => series) ?? []);
    if (found !== undefined) distributions.set(gate, found);
  }
  const gaps = infrastructureGaps(summary.infrastructureEvents);
  const busy = saturatedSpans(hostSamplesIn(folder));
  const marks = timeMarks(faultSpans(readTimeline(folder)), gaps, busy, summary.endedAtMs);
  return await reportPage({ summary, spec, curves, distributions, marks, history });
}

/** Where its curves are. No part of the path is a link out of the folder. @throws NotRead */
function seriesFolder(folder: string): string {
  const prometheus = join(folder, 'prometheus');
  const series = join(prometheus, 'series');
  for (const path of [prometheus, series]) requireFolder(path);
  return series;
}

/** A curve's file; undefined where it is missing or was cut off, which costs a chart and not the report. */
function curveAt(path: string): Curve | undefined {
  try {
    return readJsonFile(path) as Curve | undefined;
  } catch (error) {
    if (error instanceof NotRead) throw error;
    return undefined;
  }
}
