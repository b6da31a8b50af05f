import type { ClusterRecord } from '../host/ledger.ts';
import { BindObserver } from '../kube/bind-observer.ts';
import { connectCluster, type ClusterClient } from '../kube/client.ts';
import { PodCounter, type PodCounts } from '../kube/pod-counter.ts';
import { watchPods, type PodWatch, type WatchStats } from '../kube/watch-pods.ts';
import {
  loadLatenessSeconds,
  podBindSeconds,
  podsBound,
  podsPending,
  podsPresent,
  podsReady,
  podsTarget,
} from '../prometheus/own-metrics.ts';
import { clusterLoad, type ClusterLoad } from '../../core/plan/cluster-load.ts';
import { wantedSlots } from '../../core/plan/demand.ts';
import { WATCH_COMPARE_MS } from '../../core/plan/limits.ts';
import type { Ownership } from '../../core/plan/labels.ts';
import type { CampaignSpec } from '../../core/plan/spec.ts';

/** A cluster as the load stages see it: its load, a client, and a watch that counts Pods and measures their binding. */
export interface ObservedCluster {
  readonly record: Pick<ClusterRecord, 'name' | 'index'>;
  readonly load: ClusterLoad;
  readonly client: Pick<ClusterClient, 'get' | 'list' | 'create' | 'delete' | 'patch'>;
  /** Bound and Ready Pods are counted by wanted slot, at most as many as the target. */
  counts(): PodCounts;
  /**
   * Sets which slots are wanted: those of the ramp, until the soak changes it.
   * @returns the set of them; what is added to it and deleted from it counts at once
   */
  want(slots: Iterable<number>): Set<number>;
  watchStats(): WatchStats;
  /** Records how late the request of one operation was sent, ms. */
  readonly onLate: (lateMs: number) => void;
  /** The stage whose name new readings carry. */
  stage: string;
  /** Pods that are wanted and can be bound, as `belay_pods_target` shows it: those of the ramp, until the soak changes it. */
  target: number;
}

/** An observed cluster whose watch runs until `signal` aborts. */
export class WatchedCluster implements ObservedCluster {
  readonly record: ClusterRecord;
  readonly load: ClusterLoad;
  readonly client: ClusterClient;
  stage: string;
  #target: number;
  readonly #counter: PodCounter;
  readonly #watch: PodWatch;
  readonly #labels: { readonly campaign: string; readonly cluster: string };
  /** The first list has been read. Counts of half of it would look like the truth to a scrape. */
  #begun = false;

  /** Connects and waits for the first list. @throws KubeError when the cluster does not answer */
  static async begin(
    spec: CampaignSpec,
    record: ClusterRecord,
    owner: Ownership,
    stage: string,
    signal: AbortSignal,
  ): Promise<WatchedCluster> {
    const client = await connectCluster({ kubeconfigPath: record.kubeconfigPath, context: record.context });
    const observed = new WatchedCluster(spec, record, clusterLoad(spec, record.index, owner), client, stage, signal);
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
    this.load = load;
    this.client = client;
    this.stage = stage;
    this.#target = load.demand.base;
    const labels = { campaign: spec.campaign, cluster: record.name };
    this.#labels = labels;
    this.#counter = new PodCounter(wantedSlots(load.demand, 0));
    const observer = new BindObserver({
      sinceMs: Date.now(),
      onBind: (latencyMs) => podBindSeconds.observe({ ...labels, stage: this.stage }, latencyMs / 1_000),
    });
    this.#watch = watchPods({
      client,
      namespace: load.namespace,
      labelSelector: load.labelSelector,
      signal,
      compareMs: WATCH_COMPARE_MS,
      listBudgetMs: spec.deadlines.budgets.apiCallMs,
      onChange: (change) => {
        this.#counter.take(change);
        observer.take(change);
        if (this.#begun) this.#publish();
      },
    });
  }

  readonly onLate = (lateMs: number): void => loadLatenessSeconds.observe(this.#labels, lateMs / 1_000);

  get target(): number {
    return this.#target;
  }

  set target(pods: number) {
    this.#target = pods;
    if (this.#begun) this.#publish();
  }

  counts(): PodCounts {
    const counts = this.#counter.counts();
    return {
      ...counts,
      bound: Math.min(this.#target, counts.bound),
      ready: Math.min(this.#target, counts.ready),
    };
  }

  want(slots: Iterable<number>): Set<number> {
    return this.#counter.want(slots);
  }

  watchStats(): WatchStats {
    return this.#watch.stats();
  }

  async close(): Promise<void> {
    await this.#watch.done;
    await this.client.close();
  }

  #publish(): void {
    const counts = this.counts();
    podsTarget.set(this.#labels, this.#target);
    podsPresent.set(this.#labels, counts.present);
    podsBound.set(this.#labels, counts.bound);
    podsReady.set(this.#labels, counts.ready);
    podsPending.set(this.#labels, counts.pending);
  }
}
