import { ApplicationFailure, type Client, type WorkflowHandle } from '@temporalio/client';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import type { CampaignResult, CampaignStatus } from '../core/campaign/stage-io.ts';
import { STAGES } from '../core/model/stages.ts';
import type { Verdict } from '../core/gates/model.ts';
import { campaignRows, type LiveActivity } from './campaign-rows.ts';
import { followWorkflow, queryInTime, type WorkflowEnd } from './follow-workflow.ts';
import type { ProgressDisplay } from './progress-display.ts';
import { messageOf } from '../core/text/message-of.ts';

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
  /** Aborted: the campaign was asked to stop while it was started. */
  readonly stop?: AbortSignal | undefined;
  /** Called once per hold, and again if Temporal was away before it was answered. Returns false to stop following. */
  readonly onHold: (status: CampaignStatus) => Promise<boolean>;
  /** Called when Temporal or the workers have not answered for a while. Starts what is missing. */
  readonly onSilence: () => Promise<unknown>;
}

const POLL_MS = 400;

/**
 * Shows a campaign until it ends: stages, live numbers, story. It continues when the server or a worker was away for a while.
 * @returns how it ended; undefined when a second Ctrl-C or `onHold` stopped following
 */
export async function followCampaign(options: FollowOptions): Promise<CampaignEnd | undefined> {
  const { client, workflowId, display } = options;
  let shownStory = 0;
  let answeredHold = '';
  const end = await followWorkflow<CampaignStatus>({
    client,
    workflowId,
    everyMs: POLL_MS,
    stopping: 'the campaign keeps its evidence and removes its clusters',
    stop: options.stop,
    onStatus: async (status, seen) => {
      for (const line of status.story.slice(shownStory))
        if (!isShownByRow(line.text)) display.note(line.text.replaceAll('**', ''), line.atMs);
      shownStory = status.story.length;
      const live = liveActivity(seen.raw);
      display.show(campaignRows(status, live));
      options.onStatus(status, live);
      const { hold } = status.state;
      if (hold === null || seen.status.name !== 'RUNNING') return true;
      const key = `${hold.stage} ${hold.execution} ${hold.openedAtMs}`;
      if (key === answeredHold) return true;
      if (!(await options.onHold(status))) return false;
      answeredHold = key;
      return true;
    },
    onSilence: async () => {
      display.note('no answer from Temporal or a worker; starting them if they are not running');
      await options.onSilence();
    },
  });
  display.close();
  return end === undefined ? undefined : endOf(end);
}

/** The status that the campaign reports; undefined when no worker answers within `limitMs`. */
export function queryStatus(handle: WorkflowHandle, limitMs = 10_000): Promise<CampaignStatus | undefined> {
  return queryInTime<CampaignStatus>(handle, limitMs);
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

function endOf({ closed, status, outcome }: WorkflowEnd<CampaignStatus>): CampaignEnd {
  if (closed === 'TERMINATED' || closed === 'TIMED_OUT') {
    const message = `the workflow was ${closed === 'TERMINATED' ? 'terminated' : 'timed out'}: it was not torn down; "./belay sweep" removes what it left, and so does the janitor of "./belay up"`;
    return { end: 'harness-fault', result: undefined, status, message };
  }
  if ('result' in outcome) {
    const result = outcome.result as CampaignResult;
    return { end: result.verdict, result, status, message: '' };
  }
  if (closed === 'CANCELLED') return { end: 'aborted', result: undefined, status, message: 'stopped on request' };
  const { cause } = outcome;
  const message = messageOf(cause);
  if (cause instanceof ApplicationFailure && cause.type === FAILURE_TYPES.invalidSpec)
    return { end: 'invalid', result: undefined, status, message };
  const result = cause instanceof ApplicationFailure ? (cause.details?.[0] as CampaignResult | undefined) : undefined;
  return { end: 'harness-fault', result, status, message };
}

/** Whether the row of a stage shows the same text. */
function isShownByRow(text: string): boolean {
  return STAGES.some((stage) => text.startsWith(`${stage}: `));
}
