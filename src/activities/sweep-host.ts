import type { FoundCampaign } from '../adapters/temporal/abandoned-campaigns.ts';
import type { Ledger } from '../adapters/host/ledger.ts';
import { pause } from '../adapters/host/poll-until.ts';
import {
  limitedSweep,
  parseKeepRequest,
  parseSweepRequest,
  type HostSweep,
  type KeepRequest,
  type SweptCampaign,
} from '../core/campaign/sweep.ts';
import { HOST_SWEPT_MS, HOSTS_FOUND_MS, TERMINATED_GRACE_MS } from '../core/plan/limits.ts';
import { momentText } from '../core/text/time.ts';
import { messageOf } from '../core/text/message-of.ts';
import { bounded } from './bounded.ts';
import { isCancelled } from './cancellation.ts';
import type { JanitorActivities } from './contract.ts';
import { limitedFailure } from './limited-failure.ts';
import { read } from './read-input.ts';

/** What sweeping a host works with. */
export interface SweepAdapters {
  host(): string;
  /** Names of all hosts whose workers serve this Temporal. */
  hosts(): Promise<readonly string[]>;
  find(): Promise<readonly FoundCampaign[]>;
  /** Removes what a campaign has on this host. @returns what could not be removed */
  remove(ledger: Ledger, signal: AbortSignal): Promise<readonly string[]>;
  /** Keeps what a campaign has on this host. @returns the campaigns that it keeps */
  keep(request: KeepRequest): readonly Ledger[];
  /** Gives back what belongs to no campaign any more. */
  tidy(): void;
}

/** The activities of the workflow `janitor`. */
export function createJanitor(adapters: SweepAdapters): JanitorActivities {
  return {
    async findHosts(): Promise<readonly string[]> {
      return await reported(() => bounded('hosts found', { budgetMs: HOSTS_FOUND_MS }, () => adapters.hosts()));
    },
    async sweepHost(request): Promise<HostSweep> {
      const { dryRun } = read(parseSweepRequest, request);
      return await reported(() =>
        bounded('host swept', { budgetMs: HOST_SWEPT_MS }, async (signal, progress) =>
          limitedSweep(
            await sweepHost(adapters, {
              dryRun,
              waitsForEnds: true,
              signal,
              onCampaign: (campaign) => progress({ live: campaign }),
            }),
          ),
        ),
      );
    },
    async keepOnHost(request): Promise<HostSweep> {
      const asked = read(parseKeepRequest, request);
      const { untilMs } = asked;
      const kept = await reported(() =>
        bounded('campaign kept', { budgetMs: HOSTS_FOUND_MS }, () => Promise.resolve(adapters.keep(asked))),
      );
      const why = untilMs > Date.now() ? `kept until ${momentText(untilMs)}` : 'not kept any more';
      return limitedSweep({
        host: adapters.host(),
        campaigns: kept.map(({ campaign, workflowId }) => ({
          campaign,
          workflowId,
          state: 'kept',
          why,
          keptUntilMs: untilMs,
          left: [],
        })),
      });
    },
  };
}

/**
 * Removes what abandoned campaigns have on this host, with the code of `teardown`. Evidence stays, and so does what a user keeps and
 * what may be in use. One campaign that cannot be removed does not keep the others.
 */
export async function sweepHost(
  adapters: Omit<SweepAdapters, 'hosts' | 'keep'>,
  options: {
    readonly dryRun: boolean;
    /** Whether to wait until nothing runs of campaigns that were ended from outside a moment ago. A dry run never waits. */
    readonly waitsForEnds: boolean;
    readonly signal: AbortSignal;
    readonly onCampaign?: (line: string) => void;
  },
): Promise<HostSweep> {
  const campaigns: SweptCampaign[] = [];
  for (const { ledger, abandonment, usdPerHour } of await findEnded(adapters, options)) {
    options.signal.throwIfAborted();
    const { campaign, workflowId } = ledger;
    options.onCampaign?.(`${campaign}: ${abandonment.why}`);
    const known = { campaign, workflowId, ...(usdPerHour === undefined ? {} : { usdPerHour }), left: [] };
    if (abandonment.abandoned !== 'yes') {
      campaigns.push({ ...known, state: 'unknown', why: abandonment.why });
      continue;
    }
    const { why, sinceMs, keptUntilMs } = abandonment;
    if (keptUntilMs !== undefined)
      campaigns.push({ ...known, state: 'kept', why: `kept until ${momentText(keptUntilMs)}`, sinceMs, keptUntilMs });
    else if (options.dryRun) campaigns.push({ ...known, state: 'abandoned', why, sinceMs });
    else {
      const left = await removed(adapters, ledger, options.signal);
      campaigns.push({ ...known, state: left.length === 0 ? 'removed' : 'left-behind', why, sinceMs, left });
    }
  }
  if (!options.dryRun) adapters.tidy();
  return { host: adapters.host(), campaigns };
}

/** What abandoned campaigns left. It may wait, and look again, for those whose last stage is just ending. */
async function findEnded(
  { find }: Pick<SweepAdapters, 'find'>,
  { dryRun, waitsForEnds, signal, onCampaign }: Parameters<typeof sweepHost>[1],
): Promise<readonly FoundCampaign[]> {
  const found = await find();
  if (dryRun || !waitsForEnds) return found;
  const ending = found.flatMap(({ ledger, abandonment }) =>
    abandonment.abandoned === 'soon' ? [{ campaign: ledger.campaign, ...abandonment }] : [],
  );
  for (const { campaign, why } of ending) onCampaign?.(`${campaign}: ${why}`);
  const waitMs = Math.max(...ending.map(({ fromMs }) => fromMs), 0) - Date.now();
  if (waitMs <= 0) return found;
  // Temporal's clock may be ahead of this host's. What is not abandoned after this time is named, and left to the next sweep.
  await pause(Math.min(waitMs, TERMINATED_GRACE_MS), signal);
  return await find();
}

async function removed(
  { remove }: Pick<SweepAdapters, 'remove'>,
  ledger: Ledger,
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    return await remove(ledger, signal);
  } catch (error) {
    signal.throwIfAborted();
    return [messageOf(error)];
  }
}

async function reported<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isCancelled(error) ? error : limitedFailure(error, 'the log of the worker');
  }
}
