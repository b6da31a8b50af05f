import { ApplicationFailure, type Client } from '@temporalio/client';
import { join } from 'node:path';
import { styleText } from 'node:util';
import { runsFolder } from '../adapters/host/folders.ts';
import { isKept, keepStack } from '../adapters/temporal/stack-users.ts';
import { campaignName } from '../core/campaign/campaign-name.ts';
import type { ClimbResult, RungLine } from '../core/campaign/climb.ts';
import { EXIT, exitCodeOf } from '../core/verdict/exit-codes.ts';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import { followWorkflow, type WorkflowEnd } from './follow-workflow.ts';
import { createProgressDisplay, type ProgressDisplay } from './progress-display.ts';
import type { RungEvents } from './rung-events.ts';
import { rungRows } from './rung-rows.ts';
import { addStepSummary } from './step-summary.ts';
import { textTable } from './text-table.ts';
import { coloured } from './verdict-table.ts';
import { messageOf } from '../core/text/message-of.ts';

const NO_DISPLAY: ProgressDisplay = { show: () => undefined, note: () => undefined, close: () => undefined };

/** How following a climb goes. */
interface FollowOptions {
  readonly pageUrl: string | undefined;
  /** Where its news go; undefined: to people. */
  readonly events: RungEvents | undefined;
  /** Aborted: the climb was asked to stop while it was started. */
  readonly stop?: AbortSignal;
  /** Called when Temporal or a worker has not answered for a while. Starts what is missing. */
  readonly onSilence: () => Promise<unknown>;
}

/**
 * Follows a climb to its end and prints its result, or writes it as events. The first Ctrl-C asks it to stop, the second one leaves it running.
 * @returns the exit code
 */
export async function followClimb(
  client: Client,
  workflowId: string,
  { pageUrl, events, stop, onSilence }: FollowOptions,
): Promise<number> {
  const display = events === undefined ? createProgressDisplay() : NO_DISPLAY;
  try {
    const closed = await followWorkflow<readonly RungLine[]>({
      client,
      workflowId,
      everyMs: 500,
      stopping: 'the running rung keeps its evidence and removes its clusters',
      stop,
      onStatus: async (rungs) => {
        events?.news(rungs);
        if (events === undefined) display.show(await rungRows(client, rungs));
        return true;
      },
      onSilence,
    });
    display.close();
    if (closed === undefined) {
      keepStack();
      events?.left(EXIT.aborted);
      if (events === undefined)
        console.log(
          `\nThe climb continues without this command. ./belay watch ${workflowId} follows it, ./belay abort ${workflowId} stops it.`,
        );
      return EXIT.aborted;
    }
    const end = endOf(closed);
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
  } finally {
    display.close();
  }
}

/** How a climb ended. */
interface ClimbEnd {
  readonly end: ClimbResult['end'];
  readonly rungs: readonly RungLine[];
  readonly message: string;
}

/** @returns how it ended, or why its input was refused */
function endOf({ status, outcome }: WorkflowEnd<readonly RungLine[]>): ClimbEnd | { readonly refused: string } {
  if ('result' in outcome) {
    const { end, rungs } = outcome.result as ClimbResult;
    return { end, rungs, message: '' };
  }
  const { cause } = outcome;
  const message = messageOf(cause);
  const isFailure = cause instanceof ApplicationFailure;
  if (isFailure && cause.type === FAILURE_TYPES.invalidSpec) return { refused: message };
  const last = isFailure ? (cause.details?.[0] as ClimbResult | undefined) : undefined;
  const end = cause instanceof Error && cause.name === 'CancelledFailure' ? 'aborted' : 'harness-fault';
  return { end, rungs: last?.rungs ?? status ?? [], message };
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
