import { ApplicationFailure, type Client } from '@temporalio/client';
import { styleText } from 'node:util';
import type { ComparedCampaign, ComparisonResult } from '../core/campaign/comparison.ts';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import { cut } from '../core/text/markdown.ts';
import { messageOf } from '../core/text/message-of.ts';
import { EXIT } from '../core/verdict/exit-codes.ts';
import { followWorkflow, type WorkflowEnd } from './follow-workflow.ts';
import { coloured } from './verdict-table.ts';

/** Characters of a pair and its side, and bytes of a reason, in the line of a campaign. `show` has all of it. */
const SIDE_WIDTH = '10 baseline'.length;
const REASON_BYTES = 80;

/** How following a comparison goes. */
interface FollowOptions {
  /** Aborted: the comparison was asked to stop while it was started. */
  readonly stop: AbortSignal;
  /** Called when Temporal or a worker has not answered for a while. Starts what is missing. */
  readonly onSilence: () => Promise<unknown>;
}

/** Why there is no result. */
interface NoResult {
  readonly exitCode: number;
  /** Left by a second Ctrl-C: it goes on. */
  readonly isLeft: boolean;
}

/**
 * Follows a comparison to its end, also when the server or a worker was away for a while. The first Ctrl-C stops it, the second one
 * leaves it running.
 * @returns its result, or why there is none, which is printed
 */
export async function followComparison(
  client: Client,
  workflowId: string,
  { stop, onSilence }: FollowOptions,
): Promise<ComparisonResult | NoResult> {
  let shown = 0;
  const end = await followWorkflow<readonly ComparedCampaign[]>({
    client,
    workflowId,
    everyMs: 1_000,
    stopping: 'the campaign that runs is torn down',
    stop,
    onStatus: (campaigns) => {
      for (const one of campaigns.slice(shown)) console.error(lineOf(one));
      shown = Math.max(shown, campaigns.length);
      return true;
    },
    onSilence,
  });
  if (end === undefined) return { exitCode: EXIT.aborted, isLeft: true };
  const result = resultOf(end);
  if ('exitCode' in result && shown > 0) console.error(`what has run: ${compareCommandOf(workflowId)}`);
  return result;
}

/** The command that compares what a comparison has run. */
export function compareCommandOf(workflowId: string): string {
  const [baseline, branch] = ['baseline', 'branch'].map((side) => `comparison=${workflowId},side=${side}`);
  return `./belay compare ${baseline} ${branch}`;
}

function resultOf({ outcome }: WorkflowEnd<unknown>): ComparisonResult | NoResult {
  if ('result' in outcome) return outcome.result as ComparisonResult;
  const { cause } = outcome;
  console.error(messageOf(cause));
  if (!(cause instanceof ApplicationFailure)) return { exitCode: EXIT.aborted, isLeft: false };
  const isRefused = cause.type === FAILURE_TYPES.invalidSpec;
  return { exitCode: isRefused ? EXIT.usage : EXIT.harnessFault, isLeft: false };
}

function lineOf({ pair, side, workflowId, end, reason }: ComparedCampaign): string {
  const name = styleText('bold', `${pair} ${side}`.padEnd(SIDE_WIDTH));
  return `${name}  ${coloured(end)}  ${workflowId}${reason === '' ? '' : `  ${cut(reason, REASON_BYTES)}`}`;
}
