import { ApplicationFailure, WorkflowFailedError, type Client, type WorkflowHandle } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import type { CampaignResult, CampaignStatus } from '../core/campaign/stage-io.ts';
import { STAGES } from '../core/model/stages.ts';
import type { Verdict } from '../core/gates/model.ts';
import { campaignRows, type LiveActivity } from './campaign-rows.ts';
import type { ProgressDisplay } from './progress-display.ts';
import { messageOf } from '../core/text/message-of.ts';
import { isUnreachable } from './unreachable.ts';

/** How a campaign ended, or why following it stopped. */
export interface CampaignEnd {
  readonly end: Verdict | 'aborted' | 'harness-fault' | 'invalid';
  readonly result: CampaignResult | undefined;
  readonly status: CampaignStatus | undefined;
  /** One sentence; empty for a verdict. */
  readonly message: string;
}

/** What to follow, and the callbacks. */
export interface FollowOptions {
  readonly client: Client;
  readonly workflowId: string;
  readonly display: ProgressDisplay;
  /** Called with every status, and with what the running activity last reported. */
  readonly onStatus: (status: CampaignStatus, live: LiveActivity | undefined) => void;
  /** When aborted, following stops with undefined. The campaign is not changed. */
  readonly signal: AbortSignal;
  /** Called once per hold. Returns false to stop following. */
  readonly onHold: (status: CampaignStatus) => Promise<boolean>;
  /** Called when Temporal or the workers have not answered for a while. Starts what is missing. */
  readonly onSilence: () => Promise<void>;
}

const POLL_MS = 400;
/** Time without an answer after which Temporal and a worker are started again. */
export const SILENCE_MS = 3_000;

/**
 * Shows a campaign until it ends: stages, live numbers, story. It continues when the server or a worker was away for a while.
 * @returns how it ended; undefined when the signal or `onHold` stopped it
 */
export async function followCampaign(options: FollowOptions): Promise<CampaignEnd | undefined> {
  const { client, workflowId, display, signal } = options;
  const handle = client.workflow.getHandle(workflowId);
  let status: CampaignStatus | undefined;
  let answeredAtMs = Date.now();
  let shownStory = 0;
  let heldBefore = '';
  for (;;) {
    if (signal.aborted) return undefined;
    try {
      const description = await handle.client.withDeadline(Date.now() + SILENCE_MS, () => handle.describe());
      const closed = description.status.name !== 'RUNNING';
      const fresh = await queryStatus(handle, SILENCE_MS);
      if (fresh !== undefined) {
        status = fresh;
        answeredAtMs = Date.now();
        for (const line of status.story.slice(shownStory))
          if (!isShownByRow(line.text)) display.note(line.text.replaceAll('**', ''), line.atMs);
        shownStory = status.story.length;
        const live = liveActivity(description.raw);
        display.show(campaignRows(status, live));
        options.onStatus(status, live);
      }
      if (closed) {
        display.close();
        return await endOf(handle, description.status.name, status);
      }
      const hold = status?.state.hold;
      if (status !== undefined && hold !== null && hold !== undefined) {
        const key = `${hold.stage} ${hold.execution} ${hold.openedAtMs}`;
        if (key !== heldBefore) {
          heldBefore = key;
          if (!(await options.onHold(status))) return undefined;
          answeredAtMs = Date.now();
        }
      }
    } catch (error) {
      if (!isUnreachable(error)) throw error;
    }
    if (Date.now() - answeredAtMs > SILENCE_MS) {
      display.note('no answer from Temporal or a worker; starting them if they are not running');
      await options.onSilence();
      answeredAtMs = Date.now();
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** The status that the campaign reports; undefined when no worker answers within `limitMs`. The server would wait much longer. */
export async function queryStatus(handle: WorkflowHandle, limitMs = 10_000): Promise<CampaignStatus | undefined> {
  try {
    return await handle.client.withDeadline(Date.now() + limitMs, () => handle.query<CampaignStatus>('status'));
  } catch {
    // There is no worker at the moment, or the first workflow task has not run yet.
    return undefined;
  }
}

type RawDescription = { readonly pendingActivities?: readonly PendingActivity[] | null };
interface PendingActivity {
  readonly activityType?: { readonly name?: string | null } | null;
  readonly attempt?: number | null;
  readonly lastFailure?: { readonly message?: string | null } | null;
  readonly heartbeatDetails?: { readonly payloads?: readonly { readonly data?: Uint8Array | null }[] | null } | null;
}

/** What the running activity last reported. */
export function liveActivity(raw: unknown): LiveActivity | undefined {
  const pending = (raw as RawDescription).pendingActivities?.[0];
  if (pending === undefined) return undefined;
  const data = pending.heartbeatDetails?.payloads?.[0]?.data;
  const details =
    data === undefined || data === null
      ? {}
      : (JSON.parse(Buffer.from(data).toString('utf8')) as Record<string, unknown>);
  return {
    stage: pending.activityType?.name ?? '',
    attempt: pending.attempt ?? 1,
    live: typeof details['live'] === 'string' ? details['live'] : '',
    fraction: typeof details['fraction'] === 'number' ? details['fraction'] : undefined,
    lastFailure: pending.lastFailure?.message ?? undefined,
  };
}

async function endOf(handle: WorkflowHandle, closed: string, status: CampaignStatus | undefined): Promise<CampaignEnd> {
  if (closed === 'TERMINATED' || closed === 'TIMED_OUT') {
    const message = `the workflow was ${closed === 'TERMINATED' ? 'terminated' : 'timed out'}: it was not torn down; "./belay sweep" removes what it left, and so does the janitor of "./belay up"`;
    return { end: 'harness-fault', result: undefined, status, message };
  }
  try {
    const result = (await handle.result()) as CampaignResult;
    return { end: result.verdict, result, status, message: '' };
  } catch (error) {
    if (closed === 'CANCELLED') return { end: 'aborted', result: undefined, status, message: 'stopped on request' };
    const cause = error instanceof WorkflowFailedError ? error.cause : error;
    const message = messageOf(cause);
    if (cause instanceof ApplicationFailure && cause.type === FAILURE_TYPES.invalidSpec)
      return { end: 'invalid', result: undefined, status, message };
    const result = cause instanceof ApplicationFailure ? (cause.details?.[0] as CampaignResult | undefined) : undefined;
    return { end: 'harness-fault', result, status, message };
  }
}

/** Whether the row of a stage shows the same text. */
function isShownByRow(text: string): boolean {
  return STAGES.some((stage) => text.startsWith(`${stage}: `));
}
