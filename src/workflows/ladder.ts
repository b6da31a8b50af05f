import {
  ApplicationFailure,
  CancelledFailure,
  CancellationScope,
  ChildWorkflowFailure,
  defineQuery,
  executeChild,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { LadderActivities, ResolveLadderActivities } from '../activities/contract.ts';
import {
  climbDetails,
  endOfClimb,
  tightestGate,
  type ClimbResult,
  type LadderSpec,
  type RungLine,
} from '../core/campaign/climb.ts';
import { FAILURE_TYPES, NON_RETRYABLE_FAILURES } from '../core/campaign/failure-types.ts';
import { LADDER_SUMMARY_DEADLINE } from '../core/plan/ladder-deadline.ts';
import type { CampaignResult } from '../core/campaign/stage-io.ts';
import { STARTED_BY, type StartedBy } from '../core/campaign/started-by.ts';
import { activityOptions } from './activity-options.ts';
import { campaign } from './campaign.ts';
import { tellBegin, tellVerdict } from './search-attributes.ts';

/** Where the climb is, a line a rung. */
export const climbStatus = defineQuery<readonly RungLine[]>('status');

const { resolveLadder } = proxyLocalActivities<ResolveLadderActivities>({
  startToCloseTimeout: 30_000,
  retry: { maximumAttempts: 3, nonRetryableErrorTypes: [...NON_RETRYABLE_FAILURES] },
});

/**
 * One climb: the rungs of a ladder as campaigns, one after another, until the first that is not green. A red rung is a
 * result; a rung whose harness broke fails the ladder, so that its schedule pauses.
 *
 * @param input nothing (nightly), a ladder's name, or an object
 */
export async function ladder(input?: unknown): Promise<ClimbResult> {
  const { workflowId, searchAttributes, memo } = workflowInfo();
  let rungs: RungLine[] = [];
  setHandler(climbStatus, () => rungs, { description: 'where the climb is, a line a rung' });
  tellBegin();
  const spec = await resolveLadder({
    input,
    workflowId,
    scheduled: searchAttributes['TemporalScheduledById'] !== undefined,
    startedBy: memo?.[STARTED_BY],
  });
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
    setCurrentDetails(climbDetails(spec.name, rungs));
    rungs[index] = {
      ...line,
      ...(await climbRung(spec, index, line.workflowId)),
      durationMs: Date.now() - startedAtMs,
    };
    setCurrentDetails(climbDetails(spec.name, rungs));
    if (rungs[index].end !== 'pass') break;
  }
  return conclude(spec, rungs);
}

/** Runs one rung to its end. A cancel of the ladder reaches the campaign, and its teardown is waited for. */
async function climbRung(
  spec: LadderSpec,
  index: number,
  workflowId: string,
): Promise<Pick<RungLine, 'end' | 'reason' | 'tightest'>> {
  const rung = spec.rungs[index];
  if (rung === undefined) throw ApplicationFailure.nonRetryable(`no rung ${index}`, FAILURE_TYPES.harnessFault);
  const startedBy: StartedBy = {
    trigger: spec.trigger === 'schedule' ? 'schedule' : 'ladder',
    defaultHoldMs: spec.holdMs,
  };
  try {
    const result: CampaignResult = await executeChild(campaign, {
      workflowId,
      args: [{ profile: rung.profile, substrate: rung.substrate, overrides: rung.overrides }],
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
  await CancellationScope.nonCancellable(() => writeClimb({ spec, result }));
  tellVerdict(result.end);
  const stopped = rungs.find((rung) => rung.end === result.end);
  if (result.end === 'aborted')
    throw new CancelledFailure(`cancelled at rung ${stopped?.rung ?? '?'}; it was torn down`);
  if (result.end === 'harness-fault') {
    throw ApplicationFailure.nonRetryable(
      `rung ${stopped?.rung ?? '?'}: ${stopped?.reason ?? 'harness fault'}`,
      FAILURE_TYPES.harnessFault,
      result,
    );
  }
  return result;
}
