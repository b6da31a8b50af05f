import { Duty } from '../adapters/host/duty.ts';
import { hostName } from '../adapters/host/host-queues.ts';
import { ledgerSlugs, markAbandoned, readLedger, updateLedger, type Ledger } from '../adapters/host/ledger.ts';
import { pause } from '../adapters/host/poll-until.ts';
import { abandonmentOf } from '../adapters/temporal/abandoned-campaigns.ts';
import { renewedExpiryMs, whyAbandoned, type CampaignSeen } from '../core/campaign/group-fate.ts';
import { GROUP_CHECK_MS, GROUP_CHECKS } from '../core/plan/limits.ts';

/** What the keeper needs of a logger; pino's fits. */
interface GroupKeeperLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

interface GroupKeeperOptions {
  readonly log: GroupKeeperLog;
  /** Ends the keeper. */
  readonly signal: AbortSignal;
  see(ledger: Ledger): Promise<CampaignSeen>;
  /** Called after the first check of all campaigns. */
  onFirstCheck?(): void;
  /** Removes a campaign from this host. @returns what could not be removed */
  remove(ledger: Ledger, signal: AbortSignal): Promise<readonly string[]>;
}

/**
 * Removes groups of this host that nothing needs any more: a host that comes back late finds that its clusters have moved, or that
 * the campaign is over. It renews the leases of the others, and marks campaigns that are abandoned, so that nothing restarts their
 * parts; the janitor removes those of one host. Of the workers of a state folder one does it.
 * @returns when the signal is aborted
 */
export async function keepGroups(options: GroupKeeperOptions): Promise<void> {
  const { signal } = options;
  const duty = new Duty('group-keeper');
  let keeper = new GroupKeeper(options);
  while (!signal.aborted) {
    try {
      const turn = duty.take();
      // Checks that another worker has made since are not in this memory.
      if (turn === 'first') keeper = new GroupKeeper(options);
      if (turn !== 'no') await keeper.checkAll(() => duty.take() !== 'no');
    } catch (cause) {
      // A full disk must not end the worker.
      options.log.warn({ err: cause }, 'a round of the group keeper failed; it continues');
    }
    options.onFirstCheck?.();
    await pause(GROUP_CHECK_MS, signal).catch(() => undefined);
  }
  duty.release();
}

/** Checks the groups of this host. */
export class GroupKeeper {
  readonly #options: GroupKeeperOptions;
  /** How many checks in a row have said that a group is not wanted, by slug. */
  readonly #unwanted = new Map<string, number>();

  constructor(options: GroupKeeperOptions) {
    this.#options = options;
  }

  /**
   * Checks every group, and removes those that several checks in a row have found to be unwanted.
   * @param goesOn asked before each of them, because a removal takes long
   */
  async checkAll(goesOn: () => boolean = () => true): Promise<void> {
    for (const slug of ledgerSlugs()) {
      if (!goesOn()) return;
      try {
        await this.#check(slug);
      } catch (cause) {
        // One campaign that cannot be checked must not keep the others.
        this.#options.log.warn({ slug, err: cause }, 'a group of clusters could not be checked or removed');
      }
    }
  }

  async #check(slug: string): Promise<void> {
    const { log, signal } = this.#options;
    const ledger = readLedger(slug);
    if (ledger === undefined) return;
    const seen = await this.#options.see(ledger);
    const { abandoned } = abandonmentOf(ledger, seen, Date.now());
    // Nothing restarts the parts of a campaign that has ended. Where Temporal does not answer, all goes on as before.
    if (abandoned !== 'unknown') markAbandoned(slug, abandoned === 'yes' && keptUntilMs(ledger) <= Date.now());
    if (ledger.group === undefined || keptUntilMs(ledger) > Date.now()) return;
    const { campaign, createdAtMs, expiresAtMs } = ledger;
    const { name: group } = ledger.group;
    const own = { group, host: hostName(), createdAtMs, expiresAtMs };
    const why = whyAbandoned(own, seen, Date.now());
    const renewedMs = renewedExpiryMs(own, seen, Date.now());
    if (renewedMs > expiresAtMs)
      updateLedger(slug, (now) => ({ ...now, expiresAtMs: Math.max(now.expiresAtMs, renewedMs) }));
    // Until the second check, an activity that Temporal has given up is cancelled by its heartbeats.
    const checks = why === undefined ? 0 : (this.#unwanted.get(slug) ?? 0) + 1;
    this.#unwanted.set(slug, checks);
    if (why === undefined || checks < GROUP_CHECKS) return;
    log.warn({ campaign, group }, `the group is removed from this host: ${why}`);
    const left = await this.#options.remove(ledger, signal);
    this.#unwanted.delete(slug);
    if (left.length > 0) log.warn({ campaign, group, left }, 'parts of the group could not be removed');
    else log.info({ campaign, group }, 'the group is removed, and its capacity is free');
  }
}

function keptUntilMs({ keptUntilMs: untilMs = 0 }: Ledger): number {
  return untilMs;
}
