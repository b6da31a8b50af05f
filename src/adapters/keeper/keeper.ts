import { setTimeout as sleep } from 'node:timers/promises';
import { KEEPER_CHECK_MS } from '../../core/plan/limits.ts';
import { Duty } from '../host/duty.ts';
import type { InfrastructureEvent } from '../../core/gates/infrastructure.ts';
import { checkPart, reportTo } from './keeper-check.ts';
import type { Unanswered } from './keeper-check.ts';
import { KeeperMemory } from './keeper-memory.ts';
import { watchedOf } from './keeper-watched.ts';
import { ledgerSlugs, readLedger } from '../host/ledger.ts';

/** What the keeper needs of a logger; pino's fits. */
interface KeeperLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface KeeperOptions {
  readonly log: KeeperLog;
  /** Ends the keeper. What it supervises continues. */
  readonly signal: AbortSignal;
}

/**
 * Supervises the infrastructure of all campaigns of this host: notices within seconds when a component of a local cluster
 * or a recorded process died or froze, restarts it where that is sound, and writes what happened to the campaign's
 * `infrastructure.jsonl`. A state folder has one active keeper; the others wait and take over when it dies or freezes.
 * @returns when the signal is aborted and all checks have ended
 */
export async function startKeeper({ log, signal }: KeeperOptions): Promise<void> {
  const duty = new Duty('keeper');
  const campaigns = new Map<string, CampaignKeeper>();
  while (!signal.aborted) {
    try {
      const turn = duty.take();
      // The work of the previous keeper is on disk, not in this memory.
      if (turn === 'first') campaigns.clear();
      if (turn !== 'no') checkAll(campaigns, log, signal);
    } catch (cause) {
      log.warn({ err: cause }, 'a round of the keeper failed; it continues');
    }
    await sleep(KEEPER_CHECK_MS, undefined, { signal }).catch(() => undefined);
  }
  await Promise.all([...campaigns.values()].map((each) => each.settled()));
  duty.release();
}

function checkAll(campaigns: Map<string, CampaignKeeper>, log: KeeperLog, signal: AbortSignal): void {
  const slugs = new Set(ledgerSlugs());
  for (const slug of campaigns.keys()) if (!slugs.has(slug)) campaigns.delete(slug);
  for (const slug of slugs) {
    let keeper = campaigns.get(slug);
    if (keeper === undefined) campaigns.set(slug, (keeper = new CampaignKeeper(slug, log)));
    try {
      keeper.checkParts(signal);
    } catch (cause) {
      // A ledger that cannot be read must not leave the other campaigns unwatched.
      log.warn({ slug, err: cause }, 'a campaign cannot be looked after');
    }
  }
}

/** Looks after one campaign. Each part is checked by itself: one that takes long to answer holds up no other. */
class CampaignKeeper {
  readonly #slug: string;
  readonly #log: KeeperLog;
  readonly #memory: KeeperMemory;
  readonly #unanswered = new Map<string, Unanswered>();
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(slug: string, log: KeeperLog) {
    this.#slug = slug;
    this.#log = log;
    this.#memory = new KeeperMemory(slug);
  }

  checkParts(signal: AbortSignal): void {
    const ledger = readLedger(this.#slug);
    if (ledger === undefined) return;
    const report = reportTo(ledger.campaign, (event) => this.#logEvent(event));
    for (const part of watchedOf(ledger)) {
      if (this.#underWay.has(part.key)) continue;
      const unanswered = this.#unanswered.get(part.key) ?? { count: 0 };
      this.#unanswered.set(part.key, unanswered);
      const check = checkPart(part, this.#memory, unanswered, report, signal)
        .catch((cause: unknown) => {
          if (!signal.aborted)
            this.#log.warn({ campaign: ledger.campaign, part: part.key, err: cause }, 'a check failed');
        })
        .finally(() => this.#underWay.delete(part.key));
      this.#underWay.set(part.key, check);
    }
    this.#memory.save();
  }

  async settled(): Promise<void> {
    await Promise.all(this.#underWay.values());
    this.#memory.save();
  }

  #logEvent(event: InfrastructureEvent): void {
    const { campaign, cluster, component, what, detail } = event;
    const level = what === 'restarted' || what === 'resumed' ? 'info' : 'warn';
    this.#log[level]({ campaign, cluster, component, what, detail }, `${component} ${what}`);
  }
}
