import { median } from '../../statistics/robust.ts';
import type { HistoryMetric, HistoryRun } from '../metric-trends.ts';
import type { GroveRecord } from './record.ts';

/** A phase that a test repeats: `scale-down-c3` is the third cycle of `scale-down`. */
const CYCLE = /^(.+)-c\d+$/;

/** The runs of one test as a history: its total, its phases and their milestones, in seconds. */
export function historyOfRecords(records: readonly GroveRecord[]): readonly HistoryRun[] {
  const phasesOf = new Map<string, Set<string>>();
  for (const { phases } of records)
    for (const { name, milestones } of phases)
      for (const milestone of milestones ?? [])
        phasesOf.set(milestone.name, (phasesOf.get(milestone.name) ?? new Set()).add(withoutCycle(name)));
  // A milestone that several phases have is called after its phase too.
  const nameOf = (phase: string, milestone: string): string =>
    (phasesOf.get(milestone)?.size ?? 0) > 1 || phases.has(milestone) ? `${phase}.${milestone}` : milestone;
  const phases = new Set(records.flatMap((record) => record.phases.map(({ name }) => withoutCycle(name))));
  return records.map((record) => ({
    id: record.runID,
    atMs: Date.parse(record.runTimestamp),
    version: record.commit ?? '',
    metrics: metricsOf(record, nameOf),
  }));
}

function metricsOf(
  { phases, totalSeconds }: GroveRecord,
  nameOf: (phase: string, milestone: string) => string,
): readonly HistoryMetric[] {
  const values = new Map<string, number[]>();
  const add = (name: string, seconds: number | null | undefined): void => {
    const known = values.get(name) ?? [];
    values.set(name, seconds === null || seconds === undefined ? known : [...known, seconds]);
  };
  add('total', totalSeconds);
  for (const { name, valueSeconds, milestones } of phases) {
    const phase = withoutCycle(name);
    add(phase, valueSeconds);
    for (const milestone of milestones ?? []) add(nameOf(phase, milestone.name), milestone.valueSeconds);
  }
  return [...values].map(([name, cycles]) => ({
    name,
    // One slow cycle is shown as such, and does not move the value of the run.
    value: cycles.length === 0 ? undefined : median(cycles),
    unit: 's',
    better: 'lower',
    ...(cycles.length > 1 ? { cycles } : {}),
  }));
}

function withoutCycle(phase: string): string {
  return CYCLE.exec(phase)?.[1] ?? phase;
}
