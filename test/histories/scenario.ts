import { missingFrom, type EventPattern, type RecordedHistory } from '../workflows/history.ts';
import type { Run, TestTemporal } from '../workflows/temporal.ts';

/** A campaign or a climb whose history is recorded: how it is brought about, and what its history must then hold. */
export interface Scenario {
  readonly name: string;
  readonly play: (temporal: TestTemporal, name: string) => Promise<Run>;
  readonly holds: readonly EventPattern[];
}

/** What a history lacks of its scenario, as a sentence; null when it has everything. */
export function lacks(scenario: Pick<Scenario, 'holds'>, history: RecordedHistory): string | null {
  return missingFrom(history, scenario.holds);
}
