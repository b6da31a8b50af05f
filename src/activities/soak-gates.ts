import { ApplicationFailure } from '@temporalio/activity';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import { barWords } from '../core/text/bar.ts';
import { quantityText } from '../core/text/number.ts';
import { timeOfDayText } from '../core/text/time.ts';
import type { GateResult } from '../core/gates/model.ts';

/** The failure of a soak that a breach ended. @param clock the soak's clock then, e.g. "240 s into a soak of 600 s" */
export function breachFailure(breach: GateResult, clock: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(
    `${breach.message} (${clock}, seen at ${timeOfDayText(breach.reading.atMs)} UTC)`,
    FAILURE_TYPES.gateBreach,
    {
      gate: breach.gate,
      observed: breach.reading.value,
      bar: breach.bar,
      windowStartMs: breach.reading.windowStartMs,
      windowEndMs: breach.reading.windowEndMs,
    },
  );
}

/** Gates as heartbeat details show them: "0.41 s, bar at most 5 s: pass". */
export function liveGates(results: readonly GateResult[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    results.map((result) => {
      const { gate, reading, bar, unit, verdict } = result;
      const measured =
        reading.value === null ? `unmeasured (${reading.reason ?? '?'})` : quantityText(reading.value, unit);
      return [gate, `${measured}, bar ${barWords(bar, unit)}: ${verdict}`];
    }),
  );
}
