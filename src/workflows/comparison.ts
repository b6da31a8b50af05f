import {
  CancelledFailure,
  CancellationScope,
  ChildWorkflowFailure,
  defineQuery,
  executeChild,
  isCancellation,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import {
  endsComparison,
  idOfPair,
  inputOfPair,
  parseComparison,
  SIDES,
  type ComparedCampaign,
  type ComparisonResult,
  type ComparisonSpec,
  type Side,
} from '../core/campaign/comparison.ts';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import { parseCampaignResult } from '../core/campaign/parse-results.ts';
import { STARTED_BY, type StartedBy } from '../core/campaign/started-by.ts';
import { messageOf } from '../core/text/message-of.ts';
import { campaign } from './campaign.ts';
import { failureWithoutStack } from './failure-without-stack.ts';
import { lookAtComparison } from './local-activities.ts';
import { showStart, showVerdict } from './search-attributes.ts';

/** The campaigns that have ended. */
const comparisonStatus = defineQuery<readonly ComparedCampaign[]>('status');

/**
 * Runs campaigns of two sides in turn, until all pairs have run or the answer is clear. A red campaign is a result; one with a
 * harness fault fails the comparison.
 */
export async function comparison(input?: unknown): Promise<ComparisonResult> {
  const campaigns: ComparedCampaign[] = [];
  setHandler(comparisonStatus, () => campaigns, { description: 'the campaigns that have ended' });
  showStart();
  const spec = specOf(input);
  let stopped = '';
  for (let pair = 1; pair <= spec.pairs && stopped === ''; pair++) {
    for (const side of SIDES) {
      const ended = await runOne(spec, side, pair);
      campaigns.push(ended);
      if (endsComparison(ended.end)) return broken(ended, campaigns);
    }
    if (pair < spec.pairs) stopped = (await lookAtComparison({ spec, campaigns })).stop;
  }
  showVerdict('pass');
  return { campaigns, pairs: spec.pairs, stopped };
}

function specOf(input: unknown): ComparisonSpec {
  try {
    return parseComparison(input);
  } catch (error) {
    throw failureWithoutStack(
      `${messageOf(error)}; "./belay compare --run" makes this input`,
      FAILURE_TYPES.invalidSpec,
    );
  }
}

/** Runs one campaign to its end. A cancel of the comparison reaches it, and its teardown is waited for. */
async function runOne(spec: ComparisonSpec, side: Side, pair: number): Promise<ComparedCampaign> {
  const workflowId = idOfPair(workflowInfo().workflowId, side, pair);
  const startedBy: StartedBy = { trigger: 'comparison', defaultHoldMs: 0 };
  try {
    const { verdict, reasons, gates } = parseCampaignResult(
      await executeChild(campaign, {
        workflowId,
        args: [inputOfPair(spec, side, pair)],
        memo: { [STARTED_BY]: startedBy },
        parentClosePolicy: 'REQUEST_CANCEL',
        cancellationType: 'WAIT_CANCELLATION_COMPLETED',
        staticSummary: `pair ${pair} of ${spec.pairs}: ${side}`,
      }),
    );
    // Messages are in the summaries. A history has to stay small.
    const lines = gates.map((line) => ({ ...line, message: '' }));
    return { pair, side, workflowId, end: verdict, reason: reasons[0] ?? '', gates: lines };
  } catch (error) {
    if (isCancellation(error)) return { pair, side, workflowId, end: 'aborted', reason: 'cancelled', gates: [] };
    const cause = error instanceof ChildWorkflowFailure ? error.cause : error;
    return { pair, side, workflowId, end: 'harness-fault', reason: messageOf(cause), gates: [] };
  }
}

function broken({ workflowId, end, reason }: ComparedCampaign, campaigns: readonly ComparedCampaign[]): never {
  showVerdict(end);
  if (end === 'aborted' && CancellationScope.current().consideredCancelled)
    throw new CancelledFailure(`cancelled at ${workflowId}; it was torn down`);
  throw failureWithoutStack(`${workflowId}: ${end}: ${reason}`, FAILURE_TYPES.harnessFault, campaigns);
}
