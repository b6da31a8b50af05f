import { CancelledFailure, workflowInfo } from '@temporalio/workflow';
import { endingOf } from '../core/campaign/ending.ts';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import type { CampaignState } from '../core/campaign/machine.ts';
import type { CampaignOutline } from '../core/campaign/outline.ts';
import type { CampaignResult, GroupLine, JudgeResult } from '../core/campaign/stage-io.ts';
import { cut } from '../core/text/markdown.ts';
import { failureWithoutStack } from './failure-without-stack.ts';

/** A campaign that has ended. */
export interface EndedCampaign {
  readonly state: CampaignState;
  readonly outline: CampaignOutline | null;
  readonly judged: JudgeResult | null;
  readonly leftovers: readonly string[];
  /** The last line of each stage that has ended. */
  readonly details: Readonly<Partial<Record<string, string>>>;
  readonly groups: readonly GroupLine[];
}

/** The hosts that a sentence names, bytes. */
const MAX_HOSTS_BYTES = 300;

/**
 * The result of a campaign.
 * @throws CancelledFailure when it was cancelled; ApplicationFailure `HarnessFault`, with the result, when it says nothing about
 *   the system
 */
export function concludeCampaign(ended: EndedCampaign): CampaignResult {
  const { state, outline, judged, leftovers } = ended;
  const ending = endingOf(state);
  const result: CampaignResult = {
    campaign: outline?.campaign ?? workflowInfo().workflowId,
    verdict: judged?.verdict ?? 'unmeasured',
    ending,
    reasons: judged?.reasons ?? [`the campaign was not judged: ${whyNotJudged(ended)}`],
    gates: judged?.gates ?? [],
    ...(judged?.changes === undefined || judged.changes.length === 0 ? {} : { changes: judged.changes }),
    ...(judged?.flagged === undefined || judged.flagged.length === 0 ? {} : { flagged: judged.flagged }),
    leftovers,
  };
  if (ending === 'aborted') throw new CancelledFailure('cancelled; evidence kept, torn down');
  if (ending === 'harness-fault' || judged === null) {
    // A schedule pauses on a failed workflow, never on a red system.
    throw failureWithoutStack(result.reasons[0] ?? 'harness fault', FAILURE_TYPES.harnessFault, result);
  }
  return result;
}

function whyNotJudged({ state, outline, details, groups }: EndedCampaign): string {
  if (state.leadLost !== true) return details['judge'] ?? 'it ended before';
  const [lead, ...others] = groups;
  const hosts = cut([...new Set(others.map(({ host }) => host))].join(', '), MAX_HOSTS_BYTES);
  return (
    `host ${lead?.host ?? '?'}, which has its Prometheus and its run folder, does not answer any more; ` +
    `runs/${outline?.campaign ?? '?'}/ on ${hosts} has the evidence of the other groups`
  );
}
