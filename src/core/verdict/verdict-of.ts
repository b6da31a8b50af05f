import { worst } from '../gates/model.ts';
import type { GateResult, Verdict } from '../gates/model.ts';
import type { SoakLateness } from '../plan/checkpoints/soak.ts';
import { LATE_OPERATIONS_SHARE } from '../plan/limits.ts';
import type { Floor } from './floor.ts';
import type { SummaryAction } from './summary-model.ts';
import { failedActionSentence, lateLoadSentence, NOTHING_MEASURED } from './wording.ts';

/** What a verdict is made of, in a campaign that just ended and in a stored summary alike. */
export interface VerdictInput {
  /** Every gate, judged on its reading. */
  readonly results: readonly GateResult[];
  /** What the stages and the evidence allow at best. */
  readonly floor: Floor;
  /** Runner actions of the soak that counts. One without its effect fails the campaign. */
  readonly actions: readonly SummaryAction[];
  /** How late the load of that soak was; absent where it is not known. */
  readonly lateness?: SoakLateness | undefined;
}

/** A verdict and what lowers it, one sentence each, worst first. No reasons for a pass. */
export interface VerdictWithReasons {
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
}

/**
 * The verdict of a campaign: the worst of its gates that count, of its floor and of its actions. A campaign in which no gate
 * with a bar was measured is unmeasured: otherwise it would pass because nothing was looked at. A soak whose load came too late
 * is unmeasured, and this is the first reason, because every other number comes from a load that was not asked for.
 */
export function verdictOf({ results, floor, actions, lateness }: VerdictInput): VerdictWithReasons {
  const counting = results.filter((result) => result.counts !== false);
  const messages = (verdict: Verdict): readonly string[] =>
    counting.filter((result) => result.verdict === verdict).map((result) => result.message);
  const failedActions = actions.filter(isFailed).map(failedActionSentence);
  const judged = results.some(({ barKind, reading }) => barKind !== 'informational' && reading.value !== null);
  // Gates that count and are unmeasured are reasons of their own.
  const nothingMeasured = !judged && counting.length === 0 ? [NOTHING_MEASURED] : [];
  const lateLoad = lateness !== undefined && isTooLate(lateness) ? [lateLoadSentence(lateness)] : [];
  return {
    verdict: worst([
      ...counting.map((result) => result.verdict),
      floor.verdict,
      failedActions.length > 0 ? 'fail' : 'pass',
      judged ? 'pass' : 'unmeasured',
      lateLoad.length > 0 ? 'unmeasured' : 'pass',
    ]),
    reasons: [
      ...lateLoad,
      ...messages('fail'),
      ...failedActions,
      ...floor.reasons,
      ...messages('unmeasured'),
      ...nothingMeasured,
    ],
  };
}

/** Whether more operations of a soak were late than its load allows. */
function isTooLate({ operations, late }: SoakLateness): boolean {
  return late > operations * LATE_OPERATIONS_SHARE;
}

/** An action that was not done has no effect, whatever the rest of its record says. */
function isFailed({ asserted, fireError }: SummaryAction): boolean {
  return !asserted || fireError !== '';
}
