import type { ClusterRecord } from '../adapters/host/ledger.ts';
import { BindObserver, type PodCounts } from '../adapters/kube/bind-observer.ts';
import { connectCluster, type ClusterClient } from '../adapters/kube/client.ts';
import { watchPods, type PodWatch, type WatchStats } from '../adapters/kube/watch-pods.ts';
import {
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

/** A cluster as the load stages see it: its load, a client, and a watch that counts Pods and times their binding. */
export interface ObservedCluster {
  readonly record: ClusterRecord;
  readonly load: ClusterLoad;
  readonly client: ClusterClient;
  counts(): PodCounts;
  watchStats(): WatchStats;
  /** The stage whose name new readings carry. */
  stage: string;
}

/** The observed clusters of every campaign that this worker serves. */
export interface Observers {
  /**
   * The clusters of a campaign, observed. The watch goes on between stages, so that no binding falls between two of them;
   * a worker that takes a campaign over begins one of its own.
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

/** An empty set of observers. */
export function createObservers(): Observers {
  const bySlug = new Map<string, { readonly clusters: readonly Observed[]; readonly stop: AbortController }>();
  const end = async (slug: string): Promise<void> => {
    const entry = bySlug.get(slug);
    bySlug.delete(slug);
    entry?.stop.abort(new Error('the campaign is over'));
    await Promise.all((entry?.clusters ?? []).map((cluster) => cluster.close()));
  };
  return {
    async of(spec, clusters, owner, stage) {
      let entry = bySlug.get(spec.slug);
      if (entry === undefined) {
        const stop = new AbortController();
        entry = {
          stop,
          clusters: await Promise.all(
            clusters.map((record) => Observed.begin(spec, record, owner, stage, stop.signal)),
          ),
        };
        bySlug.set(spec.slug, entry);
      }
      for (const cluster of entry.clusters) cluster.stage = stage;
      return entry.clusters;
    },
    end,
    close: async () => {
      await Promise.all([...bySlug.keys()].map(end));
    },
  };
}

class Observed implements ObservedCluster {
  readonly record: ClusterRecord;
  readonly load: ClusterLoad;
  readonly client: ClusterClient;
  stage: string;
  readonly #observer: BindObserver;
  readonly #watch: PodWatch;

  static async begin(
    spec: CampaignSpec,
    record: ClusterRecord,
    owner: Ownership,
    stage: string,
    signal: AbortSignal,
  ): Promise<Observed> {
    const client = await connectCluster({ kubeconfigPath: record.kubeconfigPath, context: record.context });
    return new Observed(spec, record, clusterLoad(spec, record.index, owner), client, stage, signal);
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
    const labels = { campaign: spec.campaign, cluster: record.name };
    this.load = {
      ...load,
      // A body is asked for when it is about to be sent: the moment to see how late that is.
      body: (slot, generation, intendedAtMs) => {
        loadLatenessSeconds.observe(labels, Math.max(0, Date.now() - intendedAtMs) / 1_000);
        return load.body(slot, generation, intendedAtMs);
      },
    };
    podsTarget.set(labels, load.slots.length);
    const publish = (): void => {
      const counts = this.#observer.counts();
      podsPresent.set(labels, counts.present);
      podsBound.set(labels, counts.bound);
      podsReady.set(labels, counts.ready);
      podsPending.set(labels, counts.pending);
    };
    this.#observer = new BindObserver({
      sinceMs: Date.now(),
      onBind: (latencyMs) => podBindSeconds.observe({ ...labels, stage: this.stage }, latencyMs / 1_000),
    });
    publish();
    this.#watch = watchPods({
      client,
      namespace: load.namespace,
      labelSelector: load.labelSelector,
      signal,
      quietMs: QUIET_MS,
      listBudgetMs: spec.deadlines.budgets.apiCallMs,
      onChange: (change) => {
        this.#observer.take(change);
        publish();
      },
    });
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
}
