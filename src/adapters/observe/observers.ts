import { infrastructureGaps } from '../../core/gates/infrastructure.ts';
import { readInfrastructureEvents } from '../host/infrastructure-events.ts';
import { ledgerSlugs, readLedger, type ClusterRecord } from '../host/ledger.ts';
import { showGaps } from '../prometheus/infrastructure-metrics.ts';
import type { CallBounds } from '../prometheus/client.ts';
import { forgetCampaign } from '../prometheus/own-metrics.ts';
import { WORKER_CHECK_MS, WORKER_SCRAPED_MS } from '../../core/plan/limits.ts';
import type { CampaignSpec } from '../../core/plan/spec.ts';
import type { Ownership } from '../../core/plan/labels.ts';
import type { LoadStage } from './pod-facts.ts';
import { WatchedCluster, type ObservedCluster } from './observed-cluster.ts';
import { claimWatch, isWatching, pointAt, takeWatchOfTheDead, thisWorker } from './worker-target.ts';

/** The observed clusters of every campaign that this worker serves. */
export interface Observers {
  /**
   * The clusters of a campaign, observed from the first list on. The watch continues between stages, so that no binding is
   * missed between two of them. A worker that takes a campaign over begins its own watch, and continues the journal of the worker
   * before. `stage` is the one that begins or continues. `check` throws when a later attempt of it has begun: that one has the watch.
   */
  of(
    spec: CampaignSpec,
    clusters: readonly ClusterRecord[],
    owner: Ownership,
    stage: LoadStage,
    check: () => void,
  ): Promise<readonly ObservedCluster[]>;
  /** Ends the watches of one campaign. */
  end(slug: string): Promise<void>;
  close(): Promise<void>;
}

interface Entry {
  readonly campaign: string;
  readonly specHash: string;
  readonly clusters: Promise<readonly WatchedCluster[]>;
  readonly stop: AbortController;
}

/**
 * An empty set of observers. With several workers on a host, a campaign is watched by the worker that runs its load. The
 * worker that ran it before ends its watch within seconds. The campaigns of a dead worker are scraped from a live one.
 */
export function createObservers(metricsPort: number): Observers {
  const me = thisWorker(metricsPort);
  const bySlug = new Map<string, Entry>();
  const end = async (slug: string): Promise<void> => {
    const entry = bySlug.get(slug);
    if (entry === undefined) return;
    bySlug.delete(slug);
    entry.stop.abort(new Error('the watch has ended'));
    const clusters = await entry.clusters.catch(() => []);
    await Promise.all(clusters.map((cluster) => cluster.close()));
  };
  const handOver = async (slug: string): Promise<void> => {
    const campaign = bySlug.get(slug)?.campaign;
    await end(slug);
    // If the campaign comes back, its series here would be old ones.
    if (campaign !== undefined && !bySlug.has(slug)) await forgetCampaign(campaign);
  };
  /** Campaigns with several hosts whose infrastructure this worker shows to their lead. */
  let shown: ReadonlySet<string> = new Set();
  const showInfrastructure = async (): Promise<void> => {
    const watched = ledgerSlugs().flatMap((slug) => {
      const ledger = isWatching(slug, me) ? readLedger(slug) : undefined;
      return ledger?.group === undefined ? [] : [ledger.campaign];
    });
    for (const campaign of watched) showGaps(campaign, infrastructureGaps(readInfrastructureEvents(campaign)));
    const over = [...shown].filter((campaign) => !watched.includes(campaign));
    shown = new Set(watched);
    await Promise.all(over.map(forgetCampaign));
  };
  const tend = async (): Promise<void> => {
    await Promise.allSettled(ledgerSlugs().map((slug) => takeWatchOfTheDead(slug, me, bounds(WORKER_SCRAPED_MS))));
    await Promise.allSettled([...bySlug.keys()].filter((slug) => !isWatching(slug, me)).map(handOver));
    await showInfrastructure();
  };
  let tending: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    // What cannot be read or reached now may be reachable the next time.
    tending = tending.then(tend, tend);
  }, WORKER_CHECK_MS);
  timer.unref();

  return {
    async of(spec, clusters, owner, stage, check) {
      const { slug, campaign, specHash } = spec;
      check();
      // This comes first: until then this worker looks like one that lost the campaign.
      claimWatch(slug, me);
      let entry = bySlug.get(slug);
      if (entry !== undefined && (await isOutdated(entry, specHash))) {
        await end(slug);
        entry = bySlug.get(slug);
      }
      if (entry === undefined) {
        const stop = new AbortController();
        const begun = clusters.map((record) => WatchedCluster.begin(spec, record, { owner, check }, stop.signal));
        entry = { campaign, specHash, clusters: allOrNone(begun, stop), stop };
        bySlug.set(slug, entry);
      }
      let observed: readonly WatchedCluster[];
      try {
        observed = await entry.clusters;
      } catch (cause) {
        if (bySlug.get(slug) === entry) bySlug.delete(slug);
        throw cause;
      }
      check();
      for (const cluster of observed) cluster.enter(stage, spec.gates);
      // Prometheus scrapes this worker only once there is something to see here.
      await pointAt(slug, me, bounds(spec.deadlines.budgets.apiCallMs));
      return observed;
    },
    end,
    close: async () => {
      clearInterval(timer);
      await tending.catch(() => undefined);
      await Promise.all([...bySlug.keys()].map(end));
    },
  };
}

/** Whether a watch cannot be continued: a retry has changed the load, or another worker has watched the campaign since. */
async function isOutdated(entry: Entry, specHash: string): Promise<boolean> {
  const clusters = await entry.clusters.catch(() => []);
  return entry.specHash !== specHash || clusters.some((cluster) => cluster.isSuperseded());
}

function bounds(budgetMs: number): CallBounds {
  return { signal: AbortSignal.timeout(budgetMs), budgetMs };
}

/** Waits for all. When one cannot begin, the others are ended. */
async function allOrNone(
  begun: readonly Promise<WatchedCluster>[],
  stop: AbortController,
): Promise<readonly WatchedCluster[]> {
  try {
    return await Promise.all(begun);
  } catch (cause) {
    stop.abort(cause);
    const others = (await Promise.allSettled(begun)).flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    await Promise.all(others.map((cluster) => cluster.close()));
    throw cause;
  }
}
