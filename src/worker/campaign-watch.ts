import type { Client } from '@temporalio/client';
import { Duty } from '../adapters/host/duty.ts';
import { ledgersHere } from '../adapters/host/ledger.ts';
import { pause } from '../adapters/host/poll-until.ts';
import { SentNotifications } from '../adapters/notify/sent-notifications.ts';
import { webhookSetting } from '../adapters/notify/webhook-setting.ts';
import { showCampaigns, showLeftovers, showSchedules } from '../adapters/prometheus/campaign-metrics.ts';
import { connectClient } from '../adapters/temporal/client.ts';
import { listSchedules } from '../adapters/temporal/schedules.ts';
import { watchedWorkflows } from '../adapters/temporal/watched-workflows.ts';
import { LAST_LOOK_MS, NOTIFY_CHECK_MS } from '../core/plan/limits.ts';
import { newsSinceMs, Notifier } from './notifier.ts';

interface WatchLog {
  warn(fields: object, message: string): void;
}

/**
 * Watches all campaigns of the namespace: shows them in the worker's metrics, and notifies the webhook of this host, if one is set. Of
 * the workers of a state folder one notifies; another one takes over when that one is dead, frozen or hangs. Without Temporal it waits.
 * @returns when the signal is aborted
 */
export async function watchCampaigns({
  log,
  signal,
}: {
  readonly log: WatchLog;
  readonly signal: AbortSignal;
}): Promise<void> {
  const watch = new CampaignWatch(log);
  while (!signal.aborted) {
    await watch.look(signal);
    await pause(NOTIFY_CHECK_MS, signal).catch(() => undefined);
  }
  await watch.lastLook();
  await watch.close();
}

class CampaignWatch {
  readonly #log: WatchLog;
  readonly #setting = webhookSetting();
  readonly #duty = new Duty('notifier');
  #notifier: Notifier | undefined;
  #client: Client | undefined;

  constructor(log: WatchLog) {
    this.#log = log;
  }

  /** A worker that ends with its campaign must not keep the verdict for the next worker, which may never come. */
  async lastLook(): Promise<void> {
    if (this.#setting === undefined) return;
    this.#notifier?.waitNoLonger();
    await this.look(AbortSignal.timeout(LAST_LOOK_MS), { isLast: true });
  }

  async look(signal: AbortSignal, { isLast = false }: { readonly isLast?: boolean } = {}): Promise<void> {
    try {
      this.#client ??= await connectClient();
      const client = this.#client;
      // One after the other: a call that waits to be tried again ends the process when its connection is closed meanwhile.
      const [workflows, schedules] = await client.withDeadline(Date.now() + LAST_LOOK_MS, async () => [
        await watchedWorkflows(client, newsSinceMs(), { exact: isLast }),
        await listSchedules(client),
      ]);
      showCampaigns(workflows);
      showSchedules(schedules);
      showLeftovers(ledgersHere().filter(({ abandoned }) => abandoned === true).length);
      await this.#notifierOfHost(signal)?.notify({ client, workflows, schedules });
    } catch {
      // Temporal does not answer. The other parts of the worker say so.
      await this.#disconnect();
    }
  }

  async close(): Promise<void> {
    this.#duty.release();
    await this.#disconnect();
  }

  /** Undefined without a webhook, and while another worker of the state folder notifies. */
  #notifierOfHost(signal: AbortSignal): Notifier | undefined {
    const setting = this.#setting;
    if (setting === undefined) return undefined;
    const turn = this.#duty.take();
    // What another worker has sent meanwhile is on disk.
    if (turn === 'first')
      this.#notifier = new Notifier({
        log: this.#log,
        setting,
        sent: new SentNotifications(),
        // Each notification is a sign of life: a receiver may be slow.
        isMine: () => this.#duty.goesOn(),
      });
    if (turn === 'no') this.#notifier = undefined;
    this.#notifier?.within(signal);
    return this.#notifier;
  }

  async #disconnect(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.connection.close().catch(() => undefined);
  }
}
