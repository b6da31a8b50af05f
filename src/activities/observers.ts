import { ledgerSlugs, type ClusterRecord } from '../adapters/host/ledger.ts';
import { BindObserver, type PodCounts } from '../adapters/kube/bind-observer.ts';
import { connectCluster, type ClusterClient } from '../adapters/kube/client.ts';
import { watchPods, type PodWatch, type WatchStats } from '../adapters/kube/watch-pods.ts';
import type { CallBounds } from '../adapters/prometheus/client.ts';
import {
  forgetCampaign,
  loadLatenessSeconds,
  podBindSeconds,
  podsBound,
  podsPending,
  podsPresent,
  podsReady,
  podsTarget,
} from '../adapters/prometheus/own-metrics.ts';
import { clusterLoad, type ClusterLoad } from '../core/plan/cluster-load.ts';
import type { CampaignSpec } from '../core/plan/spec.ts';
import type { Ownership } from '../core/plan/labels.ts';
import { claimWatch, isWatching, pointAt, takeWatchOfTheDead, thisWorker } from './worker-target.ts';

/** A cluster as the load stages see it: its load, a client, and a watch that counts Pods and times their binding. */
export interface ObservedCluster {
  readonly record: ClusterRecord;
  readonly load: ClusterLoad;
  readonly client: ClusterClient;
  counts(): PodCounts;
  watchStats(): WatchStats;
  /** The stage whose name new readings carry. */
  stage: string;
  /** Pods that are wanted and can be bound, as readings tell it: those of the ramp, until the soak says otherwise. */
  target: number;
}

/** The observed clusters of every campaign that this worker serves. */
export interface Observers {
  /**
   * The clusters of a campaign, observed from the first list on. The watch goes on between stages, so that no binding falls
   * between two of them; a worker that takes a campaign over begins one of its own.
   */
  of(
    spec: CampaignSpec,
    clusters: readonly ClusterRecord[],
    owner: Ownership,
    stage: string,
  ): Promise<readonly ObservedCluster[]>;
  /** Ends the watches of one campaign. */
  end(slug: string): Promise<void>;
  close(): Promise<void>;
}

/** A watch that says nothing for this long is compared with a list. */
const QUIET_MS = 10_000;
/** How often a worker looks whether its campaigns still are its own, and whether others lost their worker. */
const TEND_EVERY_MS = 2_000;
const POINT_MS = 5_000;

interface Entry {
  readonly campaign: string;
  readonly clusters: Promise<readonly Observed[]>;
  readonly stop: AbortController;
}

/**
 * An empty set of observers. With several workers on a host, a campaign is watched by the one that runs its load: whoever
 * ran it before ends its watch within seconds, and what a dead worker left is pointed at one that lives.
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
    // Its series here would be old ones, should the campaign come back.
    if (campaign !== undefined && !bySlug.has(slug)) await forgetCampaign(campaign);
  };
  const tend = async (): Promise<void> => {
    await Promise.allSettled(ledgerSlugs().map((slug) => takeWatchOfTheDead(slug, me, bounds(POINT_MS))));
    await Promise.allSettled([...bySlug.keys()].filter((slug) => !isWatching(slug, me)).map(handOver));
  };
  let tending: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    // What cannot be read or reached now may be the next time.
    tending = tending.then(tend, tend);
  }, TEND_EVERY_MS);
  timer.unref();

  return {
    async of(spec, clusters, owner, stage) {
      const { slug, campaign } = spec;
      // First of all: until then this worker may be taken for one that lost the campaign.
      claimWatch(slug, me);
      let entry = bySlug.get(slug);
      if (entry === undefined) {
        const stop = new AbortController();
        const begun = clusters.map((record) => Observed.begin(spec, record, owner, stage, stop.signal));
        entry = { campaign, clusters: allOrNone(begun, stop), stop };
        bySlug.set(slug, entry);
      }
      try {
        const observed = await entry.clusters;
        for (const cluster of observed) cluster.stage = stage;
        // Not before there is something to see here.
        await pointAt(slug, me, bounds(spec.deadlines.budgets.apiCallMs));
        return observed;
      } catch (cause) {
        if (bySlug.get(slug) === entry) bySlug.delete(slug);
        throw cause;
      }
    },
    end,
    close: async () => {
      clearInterval(timer);
      await tending.catch(() => undefined);
      await Promise.all([...bySlug.keys()].map(end));
    },
  };
}

function bounds(budgetMs: number): CallBounds {
  return { signal: AbortSignal.timeout(budgetMs), budgetMs };
}

/** Waits for all. When one cannot begin, the others are ended. */
async function allOrNone(begun: readonly Promise<Observed>[], stop: AbortController): Promise<readonly Observed[]> {
  try {
    return await Promise.all(begun);
  } catch (cause) {
    stop.abort(cause);
    const others = (await Promise.allSettled(begun)).flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    await Promise.all(others.map((cluster) => cluster.close()));
    throw cause;
  }
}

class Observed implements ObservedCluster {
  readonly record: ClusterRecord;
  readonly load: ClusterLoad;
  readonly client: ClusterClient;
  stage: string;
  #target: number;
  readonly #observer: BindObserver;
  readonly #watch: PodWatch;
  readonly #labels: { readonly campaign: string; readonly cluster: string };
  /** The first list is in. Numbers of half of it would be taken for the truth by whoever scrapes them. */
  #begun = false;

  static async begin(
    spec: CampaignSpec,
    record: ClusterRecord,
    owner: Ownership,
    stage: string,
    signal: AbortSignal,
  ): Promise<Observed> {
    const client = await connectCluster({ kubeconfigPath: record.kubeconfigPath, context: record.context });
    const observed = new Observed(spec, record, clusterLoad(spec, record.index, owner), client, stage, signal);
    try {
      await observed.#watch.synced;
    } catch (cause) {
      await observed.close();
      throw cause;
    }
    observed.#begun = true;
    observed.#publish();
    return observed;
  }

  private constructor(
    spec: CampaignSpec,
    record: ClusterRecord,
    load: ClusterLoad,
    client: ClusterClient,
    stage: string,
    signal: AbortSignal,
  ) {
    this.record = record;
    this.client = client;
    this.stage = stage;
    this.#target = load.demand.base;
    const labels = { campaign: spec.campaign, cluster: record.name };
    this.#labels = labels;
    this.load = {
      ...load,
      // A body is asked for when it is about to be sent: the moment to see how late that is.
      body: (slot, generation, intendedAtMs) => {
        loadLatenessSeconds.observe(labels, Math.max(0, Date.now() - intendedAtMs) / 1_000);
        return load.body(slot, generation, intendedAtMs);
      },
    };
    this.#observer = new BindObserver({
      sinceMs: Date.now(),
      onBind: (latencyMs) => podBindSeconds.observe({ ...labels, stage: this.stage }, latencyMs / 1_000),
    });
    this.#watch = watchPods({
      client,
      namespace: load.namespace,
      labelSelector: load.labelSelector,
      signal,
      quietMs: QUIET_MS,
      listBudgetMs: spec.deadlines.budgets.apiCallMs,
      onChange: (change) => {
        this.#observer.take(change);
        if (this.#begun) this.#publish();
      },
    });
  }

  get target(): number {
    return this.#target;
  }

  set target(pods: number) {
    this.#target = pods;
    if (this.#begun) this.#publish();
  }

  counts(): PodCounts {
    return this.#observer.counts();
  }

  watchStats(): WatchStats {
    return this.#watch.stats();
  }

  async close(): Promise<void> {
    await this.#watch.done;
    await this.client.close();
  }

  #publish(): void {
    const counts = this.#observer.counts();
    podsTarget.set(this.#labels, this.#target);
    podsPresent.set(this.#labels, counts.present);
    podsBound.set(this.#labels, counts.bound);
    podsReady.set(this.#labels, counts.ready);
    podsPending.set(this.#labels, counts.pending);
  }
}
