import { ApplicationFailure, WorkflowFailedError, type Client } from '@temporalio/client';
import { styleText } from 'node:util';
import { pause } from '../adapters/host/poll-until.ts';
import type { ComparedCampaign, ComparisonResult } from '../core/campaign/comparison.ts';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import { cut } from '../core/text/markdown.ts';
import { messageOf } from '../core/text/message-of.ts';
import { EXIT } from '../core/verdict/exit-codes.ts';
import { SILENCE_MS } from './follow-campaign.ts';
import { StopRequest } from './stop-request.ts';
import { isUnreachable } from './unreachable.ts';
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
  const handle = client.workflow.getHandle(workflowId);
  const leave = new AbortController();
  const stopping = new StopRequest(() => handle.cancel());
  const onInterrupt = (): void => {
    if (stopping.isAsked) leave.abort();
    else console.error('\nstopping: the campaign that runs is torn down; Ctrl-C again leaves it running');
    stopping.ask();
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onInterrupt);
  if (stop.aborted) onInterrupt();
  let shown = 0;
  try {
    for (let silentSinceMs = Date.now(); !leave.signal.aborted;) {
      stopping.repeat();
      const campaigns = await client
        .withDeadline(Date.now() + SILENCE_MS, () => handle.query<readonly ComparedCampaign[]>('status'))
        .catch(() => undefined);
      if (campaigns !== undefined) silentSinceMs = Date.now();
      for (const one of campaigns?.slice(shown) ?? []) console.error(lineOf(one));
      shown = Math.max(shown, campaigns?.length ?? 0);
      const description = await client
        .withDeadline(Date.now() + SILENCE_MS, () => handle.describe())
        .catch((error: unknown) => {
          if (!isUnreachable(error)) throw error;
          return undefined;
        });
      if (description !== undefined && description.status.name !== 'RUNNING') {
        const result = await resultOf(client, workflowId);
        if ('exitCode' in result && shown > 0) console.error(`what has run: ${compareCommandOf(workflowId)}`);
        return result;
      }
      if (Date.now() - silentSinceMs > SILENCE_MS) {
        await onSilence().catch((cause: unknown) =>
          console.error(`cannot start Temporal and a worker: ${messageOf(cause)}`),
        );
        silentSinceMs = Date.now();
      }
      await pause(1_000);
    }
    return { exitCode: EXIT.aborted, isLeft: true };
  } finally {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
  }
}

/** The command that compares what a comparison has run. */
export function compareCommandOf(workflowId: string): string {
  const [baseline, branch] = ['baseline', 'branch'].map((side) => `comparison=${workflowId},side=${side}`);
  return `./belay compare ${baseline} ${branch}`;
}

async function resultOf(client: Client, workflowId: string): Promise<ComparisonResult | NoResult> {
  try {
    return (await client.workflow.getHandle(workflowId).result()) as ComparisonResult;
  } catch (error) {
    const cause = error instanceof WorkflowFailedError ? error.cause : error;
    console.error(messageOf(cause));
    if (!(cause instanceof ApplicationFailure)) return { exitCode: EXIT.aborted, isLeft: false };
    const isRefused = cause.type === FAILURE_TYPES.invalidSpec;
    return { exitCode: isRefused ? EXIT.usage : EXIT.harnessFault, isLeft: false };
  }
}

function lineOf({ pair, side, workflowId, end, reason }: ComparedCampaign): string {
  const name = styleText('bold', `${pair} ${side}`.padEnd(SIDE_WIDTH));
  return `${name}  ${coloured(end)}  ${workflowId}${reason === '' ? '' : `  ${cut(reason, REASON_BYTES)}`}`;
}
