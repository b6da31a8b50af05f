import { HOST_BUSY_SHARE, isHostBusy } from '../gates/host-saturation.ts';
import { worst } from '../gates/model.ts';
import type { GateResult, Verdict } from '../gates/model.ts';
import { LATE_OPERATIONS_SHARE } from '../plan/limits.ts';
import type { Floor } from './floor.ts';
import type { GroupHostRecord, HostRecord, LatenessRecord, SummaryAction } from './summary-model.ts';
import {
  busyReadingsSentence,
  busyStageSentence,
  failedActionSentence,
  lateLoadSentence,
  NOTHING_MEASURED,
} from './wording.ts';

/** What a verdict is made of, in a campaign that just ended and in a stored summary alike. */
export interface VerdictInput {
  /** Every gate, judged on its reading. */
  readonly results: readonly GateResult[];
  /** What the stages and the evidence allow at best. */
  readonly floor: Floor;
  /** Runner actions of the soak that counts. One without its effect fails the campaign; one without its time makes it unmeasured. */
  readonly actions: readonly SummaryAction[];
  /** How late the load of that soak was; absent where it is not known. */
  readonly lateness?: LatenessRecord | undefined;
  /** What the host had to do; absent where it is not known. */
  readonly host?: HostRecord | undefined;
  /** The same of each of several hosts. */
  readonly hosts?: readonly GroupHostRecord[] | undefined;
}

/**
 * A verdict and what lowers it, one sentence each, worst first. A pass has one reason at most: the host had no CPU left, which
 * lowers no verdict by itself.
 */
export interface VerdictWithReasons {
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
}

/**
 * The verdict of a campaign: the worst of its gates that count, of its floor and of its actions. A campaign in which no gate
 * with a bar was measured is unmeasured: otherwise it would pass because nothing was looked at. A soak whose load came too late
 * is unmeasured, and this is a reason before those of gates, because every number comes from a load that was not asked for. If
 * the host had no CPU left, that is the first reason of all, because it may be the cause of every other.
 */
export function verdictOf({ results, floor, actions, lateness, host, hosts }: VerdictInput): VerdictWithReasons {
  const counting = results.filter((result) => result.counts !== false);
  const messages = (verdict: Verdict): readonly string[] =>
    counting.filter((result) => result.verdict === verdict).map((result) => result.message);
  const withoutEffect = actions.filter(isFailed);
  const failedActions = withoutEffect.filter(({ notInTime }) => notInTime !== true).map(failedActionSentence);
  const lateActions = withoutEffect.filter(({ notInTime }) => notInTime === true).map(failedActionSentence);
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
      lateLoad.length > 0 || lateActions.length > 0 ? 'unmeasured' : 'pass',
    ]),
    reasons: [
      ...busyHost(counting, floor, hosts ?? (host === undefined ? [] : [{ ...host, host: '' }])),
      ...lateLoad,
      ...messages('fail'),
      ...failedActions,
      ...floor.reasons,
      ...lateActions,
      ...messages('unmeasured'),
      ...nothingMeasured,
    ],
  };
}

/** That the host had no CPU left while gates were read, or in a stage of a campaign that its stages lower. */
function busyHost(
  counting: readonly GateResult[],
  floor: Floor,
  hosts: readonly Pick<GroupHostRecord, 'host' | 'stages'>[],
): readonly string[] {
  const marked = counting.filter(({ reading }) => isHostBusy(reading));
  if (marked.length > 0) return [busyReadingsSentence(marked, counting.length)];
  if (floor.verdict === 'pass') return [];
  for (const { host, stages } of hosts) {
    const busy = stages.find(({ busyShare = 0 }) => busyShare > HOST_BUSY_SHARE);
    if (busy !== undefined) return [busyStageSentence(busy, host)];
  }
  return [];
}

/** Whether more operations of a soak were late than its load allows. */
function isTooLate({ operations, late }: LatenessRecord): boolean {
  return late > operations * LATE_OPERATIONS_SHARE;
}

/** An action that was not done has no effect, whatever the rest of its record says. */
function isFailed({ asserted, fireError }: SummaryAction): boolean {
  return !asserted || fireError !== '';
}
