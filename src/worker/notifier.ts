import type { Client } from '@temporalio/client';
import type { Notification } from '../core/campaign/notification.ts';
import { watchedEnd, type WatchedWorkflow } from '../core/campaign/watched-workflow.ts';
import { NOTIFY_CHECK_MS, NOTIFY_FOR_MS, STATUS_ANSWER_MS, WEBHOOK_LONGEST_WAIT_MS } from '../core/plan/limits.ts';
import { messageOf } from '../core/text/message-of.ts';
import { sendWebhook, WebhookError } from '../adapters/notify/send-webhook.ts';
import type { SentNotifications } from '../adapters/notify/sent-notifications.ts';
import type { WebhookSetting } from '../adapters/notify/webhook-setting.ts';
import { writtenReportAddress } from '../adapters/reports/written-report.ts';
import { campaignPage, schedulePage } from '../adapters/temporal/campaign-page.ts';
import type { ScheduleView } from '../adapters/temporal/schedules.ts';

/** What happens now, as Temporal shows it. */
export interface Seen {
  readonly client: Client;
  readonly workflows: readonly WatchedWorkflow[];
  readonly schedules: readonly ScheduleView[];
}

interface NotifierOptions {
  readonly log: { warn(fields: object, message: string): void };
  readonly setting: WebhookSetting;
  readonly sent: SentNotifications;
  /** Whether another worker of the state folder has not taken over; asked before each notification is sent. */
  readonly isMine: () => boolean;
}

/** A notification that is due, with what tells it apart from every other. */
interface Due {
  readonly key: string;
  /** Asks for the rest only when it is to be sent. */
  readonly make: () => Promise<Notification>;
}

/**
 * Notifies a webhook of verdicts, holds and paused schedules. It only watches: a webhook that fails changes nothing about a campaign.
 * What fails is tried again, more and more rarely, for as long as it is news.
 */
export class Notifier {
  readonly #options: NotifierOptions;
  readonly #failed = new Map<string, { readonly attempts: number; readonly nextAtMs: number }>();
  /** The receiver asked for no requests until then. */
  #waitUntilMs = 0;
  #first: boolean;
  #signal: AbortSignal = new AbortController().signal;

  constructor(options: NotifierOptions) {
    this.#options = options;
    this.#first = options.sent.isFirst;
  }

  /** Ends the sending when the signal aborts. */
  within(signal: AbortSignal): void {
    this.#signal = signal;
  }

  /** The next look is the last one: what failed before is tried once more now. */
  waitNoLonger(): void {
    this.#waitUntilMs = 0;
    this.#failed.clear();
  }

  /** Sends what is due. Each notification is sent once. */
  async notify(seen: Seen): Promise<void> {
    const { sent } = this.#options;
    const due = [...dueWorkflows(seen), ...dueSchedules(seen)];
    const now = new Set(due.map(({ key }) => key));
    // A schedule may be paused once more, and a campaign may hold again.
    const over = ['paused ', 'hold '].flatMap((kind) => sent.startingWith(kind)).filter((key) => !now.has(key));
    sent.forget(over);
    if (this.#first) {
      sent.add(due.filter(({ key }) => !key.startsWith('hold ')).map(({ key }) => key));
      this.#first = false;
    }
    for (const one of due) {
      if (this.#signal.aborted || Date.now() < this.#waitUntilMs) return;
      if (!sent.has(one.key) && (this.#failed.get(one.key)?.nextAtMs ?? 0) <= Date.now()) await this.#send(one);
    }
  }

  async #send({ key, make }: Due): Promise<void> {
    const { log, setting, sent, isMine } = this.#options;
    try {
      const notification = await make();
      // A worker that was frozen until now leaves it to the one that has taken over, and so does the next look.
      if (!isMine()) return;
      await sendWebhook(setting, notification, this.#signal);
      sent.add([key]);
      this.#failed.delete(key);
    } catch (cause) {
      // The worker ends: its last look sends it.
      if (this.#signal.aborted) return;
      const attempts = (this.#failed.get(key)?.attempts ?? 0) + 1;
      const waitMs = NOTIFY_CHECK_MS * 2 ** Math.min(attempts, 6);
      const asked = cause instanceof WebhookError ? (cause.retryAfterMs ?? 0) : 0;
      this.#waitUntilMs = Date.now() + Math.min(asked, WEBHOOK_LONGEST_WAIT_MS);
      this.#failed.set(key, { attempts, nextAtMs: Date.now() + waitMs });
      log.warn({ event: key.split(' ')[0], attempts }, `a notification was not sent: ${messageOf(cause)}`);
    }
  }
}

function dueWorkflows({ client, workflows }: Seen): readonly Due[] {
  return workflows.flatMap((one): readonly Due[] => {
    const { workflowId, runId, kind, profile, substrate, stage, closedAtMs } = one;
    const common = { version: 1, id: workflowId, kind, profile, substrate } as const;
    const end = watchedEnd(one);
    if (end === undefined) {
      if (stage !== 'hold') return [];
      const make = async (): Promise<Notification> => {
        const { reason, atMs } = await holdOf(client, workflowId);
        // Its report is written when it is judged.
        return { ...common, event: 'hold', at: isoText(atMs), verdict: '', reason, links: pageLink(one) };
      };
      return [{ key: `hold ${runId}`, make }];
    }
    // The ladder says how its rungs ended, and a comparison prints its campaigns.
    const isPart = kind === 'campaign' && ['ladder', 'schedule', 'comparison'].includes(one.trigger);
    if (isPart || closedAtMs === undefined) return [];
    const make = async (): Promise<Notification> => {
      const { reason, campaign } = await resultOf(client, one);
      const links = { ...pageLink(one), ...reportLink(one, campaign) };
      return { ...common, event: 'verdict', at: isoText(closedAtMs), verdict: end, reason, links };
    };
    return [{ key: `verdict ${runId}`, make }];
  });
}

function dueSchedules({ schedules }: Seen): readonly Due[] {
  return schedules
    .filter(({ paused }) => paused)
    .map(({ id, note }) => ({
      key: `paused ${id}`,
      make: () =>
        Promise.resolve({
          version: 1,
          event: 'schedule-paused',
          at: isoText(Date.now()),
          id,
          kind: 'schedule',
          profile: '',
          substrate: '',
          verdict: '',
          reason: note,
          links: linkTo(schedulePage(id)),
        }),
    }));
}

/** Why a campaign holds, and since when. */
async function holdOf(client: Client, workflowId: string): Promise<{ readonly reason: string; readonly atMs: number }> {
  const handle = client.workflow.getHandle(workflowId);
  const status = await client.withDeadline(Date.now() + STATUS_ANSWER_MS, () =>
    handle.query<{ state?: { hold?: { stage?: string; openedAtMs?: number; failure?: { message?: string } } } }>(
      'status',
    ),
  );
  const hold = status.state?.hold;
  return {
    reason: `${hold?.stage ?? 'a stage'}: ${hold?.failure?.message ?? 'failed'}`,
    atMs: hold?.openedAtMs ?? Date.now(),
  };
}

/** What the result of a workflow that has ended says. */
interface Result {
  /** The first reason; empty for a green one. */
  readonly reason: string;
  /** Name of a campaign that completed. */
  readonly campaign?: string;
}

async function resultOf(client: Client, { workflowId, runId }: WatchedWorkflow): Promise<Result> {
  try {
    const handle = client.workflow.getHandle(workflowId, runId, { followRuns: false });
    const { reasons, rungs, campaign } = (await handle.result()) as {
      readonly campaign?: string;
      readonly reasons?: readonly string[];
      readonly rungs?: readonly { readonly end?: string; readonly rung?: string; readonly reason?: string }[];
    };
    const stopped = rungs?.find(({ end }) => end !== 'pass');
    const reason =
      stopped === undefined ? (reasons?.[0] ?? '') : `rung ${stopped.rung ?? '?'}: ${stopped.reason ?? ''}`;
    return { reason, ...(campaign === undefined ? {} : { campaign }) };
  } catch (error) {
    const { cause } = error as { readonly cause?: unknown };
    return { reason: messageOf(cause ?? error) };
  }
}

function pageLink({ workflowId, runId }: WatchedWorkflow): Notification['links'] {
  return linkTo(campaignPage(workflowId, runId));
}

function linkTo(temporal: string): Notification['links'] {
  return temporal === '' ? {} : { temporal };
}

/** A climb has no report. Its rungs have. */
function reportLink({ workflowId, runId, kind }: WatchedWorkflow, campaign?: string): Notification['links'] {
  const report = kind === 'campaign' ? writtenReportAddress({ workflowId, runId, campaign }) : undefined;
  return report === undefined ? {} : { report };
}

function isoText(atMs: number): string {
  return new Date(atMs).toISOString();
}

/** Since when an end is news. */
export function newsSinceMs(): number {
  return Date.now() - NOTIFY_FOR_MS;
}
