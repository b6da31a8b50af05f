import { ApplicationFailure, WorkflowFailedError, type Client } from '@temporalio/client';
import { join } from 'node:path';
import { pause } from '../adapters/host/poll-until.ts';
import { styleText } from 'node:util';
import { runsFolder } from '../adapters/host/folders.ts';
import { isKept, joinStack, keepStack } from '../adapters/temporal/stack-users.ts';
import { campaignName } from '../core/campaign/campaign-name.ts';
import type { ClimbResult, RungLine } from '../core/campaign/climb.ts';
import { EXIT, exitCodeOf } from '../core/verdict/exit-codes.ts';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import { SILENCE_MS } from './follow-campaign.ts';
import { createProgressDisplay, type ProgressDisplay } from './progress-display.ts';
import type { RungEvents } from './rung-events.ts';
import { rungRows } from './rung-rows.ts';
import { addStepSummary } from './step-summary.ts';
import { textTable } from './text-table.ts';
import { StopRequest } from './stop-request.ts';
import { isUnreachable } from './unreachable.ts';
import { coloured } from './verdict-table.ts';
import { messageOf } from '../core/text/message-of.ts';

const NO_DISPLAY: ProgressDisplay = { show: () => undefined, note: () => undefined, close: () => undefined };

/**
 * Follows a climb to its end and prints its result, or writes it as events. The first Ctrl-C asks it to stop, the second one leaves it running.
 * @param stop aborted: the climb was asked to stop while it was started
 * @returns the exit code
 */
export async function followClimb(
  client: Client,
  workflowId: string,
  pageUrl: string | undefined,
  events: RungEvents | undefined,
  stop?: AbortSignal,
): Promise<number> {
  const handle = client.workflow.getHandle(workflowId);
  const display = events === undefined ? createProgressDisplay() : NO_DISPLAY;
  const leave = new AbortController();
  const stopping = new StopRequest(() => handle.cancel());
  const onInterrupt = (): void => {
    if (stopping.isAsked) {
      leave.abort();
      return;
    }
    console.error(
      '\nstopping: the running rung keeps its evidence and removes its clusters; Ctrl-C again leaves it running',
    );
    stopping.ask();
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onInterrupt);
  if (stop?.aborted === true) onInterrupt();
  try {
    for (let silentSince = Date.now(); !leave.signal.aborted;) {
      stopping.repeat();
      // Without a limit the server would wait for a worker much longer than it takes to start one.
      const rungs = await client
        .withDeadline(Date.now() + SILENCE_MS, () => handle.query<readonly RungLine[]>('status'))
        .catch(() => undefined);
      if (rungs !== undefined) {
        silentSince = Date.now();
        events?.news(rungs);
        if (events === undefined) display.show(await rungRows(client, rungs));
      }
      const description = await client
        .withDeadline(Date.now() + SILENCE_MS, () => handle.describe())
        .catch((error: unknown) => {
          if (!isUnreachable(error)) throw error;
          return undefined;
        });
      if (description !== undefined && description.status.name !== 'RUNNING') {
        display.close();
        const end = await endOf(client, workflowId, rungs ?? []);
        if ('refused' in end) {
          events?.refused(end.refused, EXIT.usage);
          console.error(end.refused);
          return EXIT.usage;
        }
        events?.summary(end, pageUrl, exitCodeOf(end.end));
        if (events === undefined) showEnd(end, workflowId, pageUrl);
        const begun = end.rungs.filter((rung) => rung.end !== 'not-started');
        const campaigns = begun.flatMap(({ workflowId: first, again }) =>
          again === undefined ? [first] : [first, again.workflowId],
        );
        await addStepSummary(campaigns.map(campaignName));
        return exitCodeOf(end.end);
      }
      if (Date.now() - silentSince > SILENCE_MS) {
        await joinStack().catch(() => undefined);
        silentSince = Date.now();
      }
      await pause(500);
    }
    keepStack();
    events?.left(EXIT.aborted);
    if (events === undefined)
      console.log(
        `\nThe climb continues without this command. ./belay watch ${workflowId} follows it, ./belay abort ${workflowId} stops it.`,
      );
    return EXIT.aborted;
  } finally {
    display.close();
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
  }
}

/** How a climb ended. */
interface ClimbEnd {
  readonly end: ClimbResult['end'];
  readonly rungs: readonly RungLine[];
  readonly message: string;
}

/** @returns how it ended, or why its input was refused */
async function endOf(
  client: Client,
  workflowId: string,
  seen: readonly RungLine[],
): Promise<ClimbEnd | { readonly refused: string }> {
  let rungs = seen;
  let end: ClimbResult['end'];
  let message = '';
  try {
    const result = (await client.workflow.getHandle(workflowId).result()) as ClimbResult;
    ({ end, rungs } = result);
  } catch (error) {
    const cause = error instanceof WorkflowFailedError ? error.cause : error;
    message = messageOf(cause);
    if (cause instanceof ApplicationFailure && cause.type === FAILURE_TYPES.invalidSpec) return { refused: message };
    if (cause instanceof ApplicationFailure && cause.details?.[0] !== undefined)
      ({ rungs } = cause.details[0] as ClimbResult);
    end = cause instanceof Error && cause.name === 'CancelledFailure' ? 'aborted' : 'harness-fault';
  }
  return { end, rungs, message };
}

function showEnd({ end, rungs, message }: ClimbEnd, workflowId: string, pageUrl: string | undefined): void {
  const rows = rungs.flatMap((rung) => [
    rowOf(rung),
    ...(rung.again === undefined
      ? []
      : [rowOf({ ...rung, ...rung.again, rung: `${rung.rung}, again`, tightest: '', reason: '' })]),
  ]);
  const settled = rungs.flatMap(({ rung, again }) =>
    (again?.outcomes ?? []).map(({ outcome, text }) => `  ${rung}: ${outcome}: ${text}`),
  );
  const changed = rungs.flatMap(({ rung, changes = [] }) => changes.map((change) => `  ${rung}: ${change}`));
  const news = [
    ...(settled.length === 0 ? [] : ['', styleText('bold', 'run again'), ...settled]),
    ...(changed.length === 0 ? [] : ['', styleText('bold', 'changed over the latest comparable runs'), ...changed]),
  ];
  console.log(
    `\n${textTable(['rung', 'verdict', 'took', 'tightest gate', 'why'], rows)}${news.map((line) => `\n${line}`).join('')}\n\n${styleText('bold', 'ladder')}   ${coloured(end, end.toUpperCase())}${message === '' ? '' : `  ${message}`}`,
  );
  console.log(`evidence ${join(runsFolder(), campaignName(workflowId))}   and one folder per rung beside it`);
  if (pageUrl !== undefined) console.log(`page     ${pageUrl}${isKept() ? '' : '  (after ./belay up)'}`);
}

function rowOf({ rung, end, durationMs, tightest, reason }: RungLine): readonly string[] {
  return [
    rung,
    coloured(end),
    durationMs === 0 ? '' : `${Math.round(durationMs / 1_000)} s`,
    tightest,
    reason.length > 80 ? `${reason.slice(0, 79)}…` : reason,
  ];
}
