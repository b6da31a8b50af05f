import type { StoredRun } from '../stored-run.ts';
import type { GroveRecord } from './record.ts';

/** A stored run as Grove keeps one, for its dashboard: stages are phases, and what gates measured in seconds are milestones of the soak. */
export function recordOfRun(run: StoredRun): GroveRecord {
  const seconds = run.metrics.filter(({ unit, value }) => unit === 's' && value !== undefined && value >= 0);
  const stages = seconds.filter(({ kind }) => kind === 'stage');
  const gates = seconds.filter(({ kind }) => kind === 'gate');
  const milestones = gates.map(({ name, value = 0 }) => ({ name, valueSeconds: value }));
  const total = (run.endedAtMs - run.startedAtMs) / 1_000;
  return {
    testName: run.profile,
    runID: run.id,
    runTimestamp: new Date(run.startedAtMs).toISOString(),
    commit: run.systemVersion,
    resultPath: `${run.folder}/summary.json`,
    storedAt: new Date(run.endedAtMs).toISOString(),
    // A clock that was set back during the run gives no length.
    ...(total < 0 ? {} : { totalSeconds: total }),
    phases: [
      ...stages.map(({ name, value = 0 }) => ({
        name: name.replace(/^stage\./, ''),
        valueSeconds: value,
        milestones: [],
      })),
      ...(milestones.length === 0 ? [] : [{ name: 'soak', milestones }]),
    ],
  };
}
