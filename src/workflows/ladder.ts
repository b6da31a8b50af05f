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
  rungInput,
  tightestGate,
  type ClimbResult,
  type LadderSpec,
  type RungLine,
} from '../core/campaign/climb.ts';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import { LADDER_SUMMARY_DEADLINE } from '../core/plan/ladder-deadline.ts';
import type { CampaignResult } from '../core/campaign/stage-io.ts';
import { STARTED_BY, type StartedBy } from '../core/campaign/started-by.ts';
import { activityOptions } from './activity-options.ts';
import { campaign } from './campaign.ts';
import { resolveLadder } from './local-activities.ts';
import { tellBegin, tellVerdict } from './search-attributes.ts';
import { readFailure } from './stage-failure.ts';
import { toldFailure } from './told-failure.ts';

/** Where the climb is, a line a rung. */
export const climbStatus = defineQuery<readonly RungLine[]>('status');

/**
 * One climb: the rungs of a ladder as campaigns, one after another, until the first that is not green. A red rung is a
 * result; a rung whose harness broke fails the ladder, so that its schedule pauses.
 *
 * @param input nothing (nightly), a ladder's name, or an object
 */
export async function ladder(input?: unknown): Promise<ClimbResult> {
  const { namespace, workflowId, searchAttributes, memo } = workflowInfo();
  let rungs: RungLine[] = [];
  setHandler(climbStatus, () => rungs, { description: 'where the climb is, a line a rung' });
  tellBegin();
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
    rungs[index] = { ...line, end: 'running' };
    setCurrentDetails(climbDetails(spec.name, rungs, namespace));
    rungs[index] = {
      ...line,
      ...(await climbRung(spec, index, line.workflowId)),
      durationMs: Date.now() - startedAtMs,
    };
    setCurrentDetails(climbDetails(spec.name, rungs, namespace));
    if (rungs[index].end !== 'pass') break;
  }
  return conclude(spec, rungs);
}

/** The ladder, or why there is none in the words of whoever read it, not in Temporal's. */
async function resolved(request: ResolveLadderInput): Promise<LadderSpec> {
  try {
    return await resolveLadder(request);
  } catch (error) {
    if (isCancellation(error)) throw error;
    const { failure, type } = readFailure('resolve', error);
    throw toldFailure(failure.message, type);
  }
}

/** Runs one rung to its end. A cancel of the ladder reaches the campaign, and its teardown is waited for. */
async function climbRung(
  spec: LadderSpec,
  index: number,
  workflowId: string,
): Promise<Pick<RungLine, 'end' | 'reason' | 'tightest'>> {
  const rung = spec.rungs[index];
  if (rung === undefined) throw toldFailure(`no rung ${index}`, FAILURE_TYPES.harnessFault);
  const startedBy: StartedBy = {
    trigger: spec.trigger === 'schedule' ? 'schedule' : 'ladder',
    defaultHoldMs: spec.holdMs,
  };
  try {
    const result: CampaignResult = await executeChild(campaign, {
      workflowId,
      args: [rungInput(rung, spec)],
      memo: { [STARTED_BY]: startedBy },
      // Should the ladder be terminated, the rung still gets the chance to take itself down.
      parentClosePolicy: 'REQUEST_CANCEL',
      cancellationType: 'WAIT_CANCELLATION_COMPLETED',
      staticSummary: `${spec.name}: rung ${rung.id}`,
    });
    return { end: result.verdict, reason: result.reasons[0] ?? '', tightest: tightestGate(result.gates) };
  } catch (error) {
    if (isCancellation(error)) return { end: 'aborted', reason: 'cancelled', tightest: '' };
    const cause = error instanceof ChildWorkflowFailure ? error.cause : error;
    return { end: 'harness-fault', reason: cause instanceof Error ? cause.message : String(cause), tightest: '' };
  }
}

async function conclude(spec: LadderSpec, rungs: readonly RungLine[]): Promise<ClimbResult> {
  const result: ClimbResult = { ladder: spec.name, end: endOfClimb(rungs), rungs };
  const { writeClimb } = proxyActivities<LadderActivities>(
    activityOptions(LADDER_SUMMARY_DEADLINE, spec.hostQueue, 'summary'),
  );
  tellVerdict(result.end);
  try {
    await CancellationScope.nonCancellable(() => writeClimb({ spec, result }));
  } catch (error) {
    const { failure } = readFailure('judge', error);
    throw fault(`the summary of the climb could not be written: ${failure.message}`, result);
  }
  const stopped = rungs.find((rung) => rung.end === result.end);
  // A rung that somebody cancelled by itself ends the climb as a red one does; the ladder was not cancelled.
  if (result.end === 'aborted' && CancellationScope.current().consideredCancelled)
    throw new CancelledFailure(`cancelled at rung ${stopped?.rung ?? '?'}; it was torn down`);
  if (result.end === 'harness-fault')
    throw fault(`rung ${stopped?.rung ?? '?'}: ${stopped?.reason ?? 'harness fault'}`, result);
  return result;
}

/** What a schedule pauses on. */
function fault(message: string, result: ClimbResult): ApplicationFailure {
  return toldFailure(message, FAILURE_TYPES.harnessFault, result);
}
