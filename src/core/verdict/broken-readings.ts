import { BreachRuns } from '../gates/breach-runs.ts';
import type { GateDefinition } from '../gates/model.ts';
import type { StoredReading } from './stored-reading.ts';

/**
 * The readings that broke their gates, in order: those beyond a bar that counts. Of a gate with `for` these are the readings that
 * completed a row of so many, and the reading at the end of the soak, which is judged alone.
 */
export function brokenReadings(
  gates: readonly GateDefinition[],
  readings: readonly StoredReading[],
): readonly StoredReading[] {
  const patient = gates.filter(({ forReadings = 1 }) => forReadings > 1);
  const names = new Set(patient.map(({ name }) => name));
  const runs = new Map<string, BreachRuns>();
  return readings.flatMap((reading) => {
    if (names.has(reading.gate) && reading.moment !== 'end') {
      const key = `${reading.stage} ${reading.execution}`;
      const own = runs.get(key) ?? new BreachRuns(patient);
      runs.set(key, own);
      const breach = own.add(reading);
      return breach === undefined ? [] : [{ ...reading, ...breach }];
    }
    return reading.verdict === 'fail' && reading.counts !== false ? [reading] : [];
  });
}
