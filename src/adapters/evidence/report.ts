import { join } from 'node:path';
import type { CampaignSpec } from '../../core/plan/spec.ts';
import { infrastructureGaps } from '../../core/gates/infrastructure.ts';
import { readJsonFile, writeTextFile } from '../host/atomic-file.ts';
import type { Curve } from './series.ts';
import { curveFile, OWN_CURVES } from './series.ts';
import { summaryInFolder } from './write-summary.ts';
import { reportPage } from './report/page.ts';

/**
 * Writes `report.html` from what lies in the evidence folder, and gives its path. Curves that are missing are left out.
 * @throws Error when there is no summary or specification to report
 */
export async function writeReport(folder: string): Promise<string> {
  const summary = summaryInFolder(folder);
  const spec = readJsonFile(join(folder, 'spec.json')) as CampaignSpec | undefined;
  if (summary === undefined || spec === undefined) {
    throw new Error(`${folder} has no ${summary === undefined ? 'summary.json' : 'spec.json'} to report`);
  }
  const curves = new Map<string, Curve>();
  const gates = summary.gates.map(({ gate }) => ({ name: gate, file: curveFile(gate) }));
  for (const { name, file } of [...gates, ...OWN_CURVES]) {
    const curve = curveAt(join(folder, 'prometheus', 'series', file));
    if (curve !== undefined) curves.set(name, curve);
  }
  const path = join(folder, 'report.html');
  writeTextFile(
    path,
    await reportPage({ summary, spec, curves, gaps: infrastructureGaps(summary.infrastructureEvents) }),
  );
  return path;
}

/** A curve's file; undefined where it is missing or was cut off, which costs a chart and not the report. */
function curveAt(path: string): Curve | undefined {
  try {
    return readJsonFile(path) as Curve | undefined;
  } catch {
    return undefined;
  }
}
