import {
  type ApplicationFailure,
  CancelledFailure,
  CancellationScope,
  ChildWorkflowFailure,
  defineQuery,
  executeChild,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { LadderActivities, ResolveLadderInput } from '../activities/contract.ts';
import {
  climbDetails,
  endOfClimb,
  parseLadder,
  rungAgain,
  rungInput,
  tightestGate,
  type ClimbResult,
  type LadderSpec,
  type Rung,
  type RungLine,
} from '../core/campaign/climb.ts';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import { endOfBoth, openMetrics, outcomesOf } from '../core/campaign/rung-again.ts';
import type { FlaggedMetric } from '../core/campaign/stage-io.ts';
import { limitsOf } from '../core/campaign/outline.ts';
import { LADDER_SUMMARY_DEADLINE } from '../core/plan/ladder-deadline.ts';
import { parseCampaignResult } from '../core/campaign/parse-results.ts';
import { STARTED_BY, type StartedBy } from '../core/campaign/started-by.ts';
import { activityOptions } from './activity-options.ts';
import { campaign } from './campaign.ts';
import { failureWithoutStack } from './failure-without-stack.ts';
import { resolveLadder } from './local-activities.ts';
import { showStart, showVerdict } from './search-attributes.ts';
import { readFailure } from './stage-failure.ts';
import { messageOf } from '../core/text/message-of.ts';

/** Where the climb is, one line per rung. */
const climbStatus = defineQuery<readonly RungLine[]>('status');

/**
 * One climb: runs the rungs of a ladder as campaigns, one after another, until the first that is not green. A red rung is a
 * result. A rung with a harness fault fails the ladder, so that its schedule pauses.
 *
 * @param input nothing (nightly), a ladder's name, or an object
 */
export async function ladder(input?: unknown): Promise<ClimbResult> {
  const { namespace, workflowId, searchAttributes, memo } = workflowInfo();
  let rungs: RungLine[] = [];
  setHandler(climbStatus, () => rungs, { description: 'where the climb is, one line per rung' });
  showStart();
  const scheduled = searchAttributes['TemporalScheduledById'] !== undefined;
  const spec = await resolved({ input, workflowId, scheduled, startedBy: memo?.[STARTED_BY] });
  rungs = spec.rungs.map((rung) => ({
    rung: rung.id,
    profile: rung.profile,
    substrate: rung.substrate,
    workflowId: `${workflowId}.${rung.id}`,
    end: 'not-started',
    reason: '',
    tightest: '',
    durationMs: 0,
  }));
  for (const [index, line] of rungs.entries()) {
    const startedAtMs = Date.now();
    const show = (change: Partial<RungLine>): void => {
      rungs[index] = { ...line, ...change };
      setCurrentDetails(climbDetails(spec.name, rungs, namespace));
    };
    show({ end: 'running' });
    const rung = spec.rungs[index];
    if (rung === undefined) throw failureWithoutStack(`no rung ${index}`, FAILURE_TYPES.harnessFault);
    const { flagged, ...first } = await climbRung(spec, rung, line.workflowId);
    const again = spec.runAgain === true ? rungAgain(rung) : undefined;
    const open = again === undefined ? [] : openMetrics(flagged);
    const both =
      again === undefined || open.length === 0
        ? first
        : await climbAgain(spec, again, { workflowId: `${line.workflowId}-again`, first, open }, show);
    show({ ...both, durationMs: Date.now() - startedAtMs });
    if (both.end !== 'pass') break;
  }
  return conclude(spec, rungs);
}

/** The resolved ladder. @throws ApplicationFailure with the activity's own message, without Temporal's around it */
async function resolved(request: ResolveLadderInput): Promise<LadderSpec> {
  try {
    return parseLadder(await resolveLadder(request));
  } catch (error) {
    if (isCancellation(error)) throw error;
    const { failure, type } = readFailure('resolve', error);
    throw failureWithoutStack(failure.message, type);
  }
}

/** How one run of a rung ended. */
type RungRun = Pick<RungLine, 'end' | 'reason' | 'tightest' | 'changes'> & {
  readonly flagged: readonly FlaggedMetric[];
};

/** What is known of a rung before its second run. */
interface FlaggedRung {
  /** Of the second run. */
  readonly workflowId: string;
  readonly first: Omit<RungRun, 'flagged'>;
  readonly open: readonly FlaggedMetric[];
}

/** Runs a rung once more, with the same input: a metric that its first run was flagged for is confirmed or withdrawn. */
async function climbAgain(
  spec: LadderSpec,
  rung: Rung,
  { workflowId, first, open }: FlaggedRung,
  show: (change: Partial<RungLine>) => void,
): Promise<Pick<RungLine, 'end' | 'reason' | 'tightest' | 'changes' | 'again'>> {
  const startedAtMs = Date.now();
  show({ ...first, end: 'running', again: { workflowId, end: 'running', durationMs: 0, outcomes: [] } });
  const { flagged, changes, ...again } = await climbRung(spec, rung, workflowId);
  const outcomes = outcomesOf(open, flagged);
  const isSettled = outcomes.every(({ outcome }) => outcome !== 'unsettled');
  const { changes: before, ...rest } = first;
  // The second run knows what the first has found, and more.
  const known = isSettled ? changes : before;
  return {
    ...rest,
    ...endOfBoth(first, again),
    ...(known === undefined ? {} : { changes: known }),
    again: { workflowId, end: again.end, durationMs: Date.now() - startedAtMs, outcomes },
  };
}

/**
 * Runs one rung to its end. A cancel of the ladder reaches the campaign, and its teardown is waited for.
 * @param workflowId of the campaign
 */
async function climbRung(spec: LadderSpec, rung: Rung, workflowId: string): Promise<RungRun> {
  const startedBy: StartedBy = {
    trigger: spec.trigger === 'schedule' ? 'schedule' : 'ladder',
    defaultHoldMs: spec.holdMs,
  };
  try {
    const result = parseCampaignResult(
      await executeChild(campaign, {
        workflowId,
        args: [rungInput(rung, spec)],
        memo: { [STARTED_BY]: startedBy },
        // If the ladder is terminated, the rung can still tear itself down.
        parentClosePolicy: 'REQUEST_CANCEL',
        cancellationType: 'WAIT_CANCELLATION_COMPLETED',
        staticSummary: `${spec.name}: rung ${rung.id}`,
      }),
    );
    const { verdict, reasons, gates, changes = [], flagged = [] } = result;
    const changed = changes.length === 0 ? {} : { changes };
    return { end: verdict, reason: reasons[0] ?? '', tightest: tightestGate(gates), ...changed, flagged };
  } catch (error) {
    if (isCancellation(error)) return { end: 'aborted', reason: 'cancelled', tightest: '', flagged: [] };
    const cause = error instanceof ChildWorkflowFailure ? error.cause : error;
    return { end: 'harness-fault', reason: messageOf(cause), tightest: '', flagged: [] };
  }
}

async function conclude(spec: LadderSpec, rungs: readonly RungLine[]): Promise<ClimbResult> {
  const result: ClimbResult = { ladder: spec.name, end: endOfClimb(rungs), rungs };
  const limits = limitsOf(LADDER_SUMMARY_DEADLINE);
  const { queueWaitMs } = limits;
  const { writeClimb } = proxyActivities<LadderActivities>(activityOptions(limits, spec.hostQueue, 'summary'));
  showVerdict(result.end);
  try {
    await CancellationScope.nonCancellable(() => writeClimb({ spec, result }));
  } catch (error) {
    const { failure } = readFailure('the summary of the climb', error, { taskQueue: spec.hostQueue, queueWaitMs });
    throw fault(`the summary of the climb could not be written: ${failure.message}`, result);
  }
  const stopped = rungs.find((rung) => rung.end === result.end);
  // A rung that was cancelled by itself ends the climb as a red rung does. The ladder itself was not cancelled.
  if (result.end === 'aborted' && CancellationScope.current().consideredCancelled)
    throw new CancelledFailure(`cancelled at rung ${stopped?.rung ?? '?'}; it was torn down`);
  if (result.end === 'harness-fault')
    throw fault(`rung ${stopped?.rung ?? '?'}: ${stopped?.reason ?? 'harness fault'}`, result);
  return result;
}

/** The failure that a schedule pauses on. */
function fault(message: string, result: ClimbResult): ApplicationFailure {
  return failureWithoutStack(message, FAILURE_TYPES.harnessFault, result);
}
