import { clockCorrectionMs } from '../../core/plan/clock-ahead.ts';
import type { ClusterRecord } from '../host/ledger.ts';
import { connectCluster, type ClusterClient } from '../kube/client.ts';
import { KubeError } from '../kube/kube-error.ts';
import { Patience } from '../kube/patience.ts';
import { PodCounter, type PodCounts } from '../kube/pod-counter.ts';
import type { PodRecorder } from '../kube/pod-recorder.ts';
import type { PodWatch } from '../kube/pod-watch.ts';
import { watchPods } from '../kube/watch-pods.ts';
import { registry } from '../prometheus/own-metrics.ts';
import { substrateAdapter } from '../substrates/registry.ts';
import { clusterLoad, type ClusterLoad } from '../../core/plan/cluster-load.ts';
import { wantedSlots } from '../../core/plan/demand.ts';
import { histogramBounds } from '../../core/plan/histogram-bounds.ts';
import { WATCH_COMPARE_MS } from '../../core/plan/limits.ts';
import type { Ownership } from '../../core/plan/labels.ts';
import type { Observation } from '../../core/plan/observation.ts';
import type { CampaignSpec } from '../../core/plan/spec.ts';
import { messageOf } from '../../core/text/message-of.ts';
import { ClusterMetrics } from './cluster-metrics.ts';
import { PodAccounts } from './pod-accounts.ts';
import type { LoadStage, PodFact } from './pod-facts.ts';
import { journalFolder, PodJournal } from './pod-journal.ts';

/**
 * A cluster as the load stages see it: its load, a client whose requests wait for an overloaded server, and a watch that counts
 * Pods and measures their binding.
 */
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
  /** How well the watch went since the stage began or continued, and what the requests waited for. */
  observation(): Observation;
  /** Since the last list that confirmed the state, ms. */
  confirmedAgeMs(): number;
  /** Since a page of a list was last answered, ms: a list on a slow server takes longer than an age that is trusted. */
  listedAgeMs(): number;
  /** Whether a Node with the taint of a fault turns NotReady there. */
  showsFailedNodes(): boolean;
  /** Asks for a list at once, which confirms the state. */
  confirm(): void;
  /** Whether a list that was asked for at this moment or later has confirmed the state. */
  isConfirmedSince(sinceMs: number): boolean;
  /** The request that has waited longest for the server and still waits, in words; undefined while none waits. */
  waitingFor(): string | undefined;
  /** Gets the answers of the load's requests. */
  readonly recorder: PodRecorder;
  /** Records how late the request of one operation was sent, ms. */
  readonly onLate: (lateMs: number) => void;
  /**
   * Ends the waiting of all Pods that are not bound, at the end of a soak: they count with the time that they have waited. Each is
   * ended once, whatever is called again. Where the profile wants more than the machines hold, Pods are expected to wait, and
   * none is ended. Without a list that was asked for at `sinceMs` or later, Pods may have been bound unseen: those that seem to wait
   * count as not observed.
   */
  endPods(sinceMs: number): void;
  /** Pods that are wanted and can be bound, as `belay_pods_target` shows it: those of the ramp, until the soak changes it. */
  target: number;
}

/** Stages in which Pods are created. */
const LOAD_STAGES = ['ramp', 'steady', 'soak'] as const;

/** What a watch of a cluster begins with. */
interface Beginning {
  readonly spec: CampaignSpec;
  readonly record: ClusterRecord;
  readonly load: ClusterLoad;
  readonly client: ClusterClient;
  readonly signal: AbortSignal;
  readonly patience: Patience;
  /** Called when the server has not answered the first list for as long as the patience allows. */
  readonly giveUp: (cause: unknown) => void;
}

/** An observed cluster whose watch runs until `signal` aborts. */
export class WatchedCluster implements ObservedCluster {
  readonly record: ClusterRecord;
  readonly load: ClusterLoad;
  readonly client: ClusterClient;
  target: number;
  readonly #spec: CampaignSpec;
  readonly #counter: PodCounter;
  readonly #accounts: PodAccounts;
  readonly #metrics: ClusterMetrics;
  readonly #journal: PodJournal;
  readonly #watch: PodWatch;
  readonly #patience: Patience;
  readonly #stop = new AbortController();
  #hasStage = false;
  #endScrapes = (): void => undefined;

  /**
   * Connects and waits for the first list.
   * @throws KubeError when the cluster does not answer for as long as a load waits for it; what `check` throws, which is called
   * before the watch is taken over from another worker
   */
  static async begin(
    spec: CampaignSpec,
    record: ClusterRecord,
    { owner, check }: { readonly owner: Ownership; readonly check: () => void },
    signal: AbortSignal,
    patience = new Patience(),
  ): Promise<WatchedCluster> {
    const client = await connectCluster({ kubeconfigPath: record.kubeconfigPath, context: record.context });
    let observed: WatchedCluster | undefined;
    try {
      const { promise: givenUp, reject: giveUp } = Promise.withResolvers<never>();
      const load = clusterLoad(spec, record.index, owner);
      check();
      observed = new WatchedCluster({ spec, record, load, client, signal, patience, giveUp });
      await Promise.race([observed.#watch.synced, givenUp]);
      return observed;
    } catch (cause) {
      if (observed !== undefined) observed.#metrics.hide(observed.#accounts.counts());
      await (observed ?? client).close();
      throw cause;
    }
  }

  private constructor({ spec, record, load, client, signal, patience, giveUp }: Beginning) {
    this.#spec = spec;
    this.record = record;
    this.load = load;
    this.#patience = patience;
    this.client = client.patient(patience);
    this.target = load.demand.base;
    this.#metrics = new ClusterMetrics({ campaign: spec.campaign, cluster: record.name });
    this.#accounts = new PodAccounts({
      record: (fact) => this.#journal.append(fact),
      onEnd: (stage, waitedMs) => this.#metrics.waited(stage, waitedMs),
      ...clockOf(record),
    });
    this.#journal = PodJournal.open(journalFolder(spec.slug, record.name), (fact) => this.#replay(fact));
    this.#counter = new PodCounter(wantedSlots(load.demand, 0));
    const firstList = patience.begin('GET', `the first list of the Pods of ${record.name}`);
    this.#watch = watchPods({
      client,
      namespace: load.namespace,
      labelSelector: load.labelSelector,
      signal: AbortSignal.any([signal, this.#stop.signal]),
      compareMs: WATCH_COMPARE_MS,
      listBudgetMs: spec.deadlines.budgets.apiCallMs,
      onChange: (change) => {
        this.#counter.take(change);
        this.#accounts.take(change, Date.now());
      },
      onFailure: (cause) => {
        if (this.#watch.confirmedAtMs() !== undefined) return;
        try {
          firstList.missed(cause instanceof KubeError ? cause.status : 0, messageOf(cause));
        } catch (over) {
          giveUp(over);
        }
      },
    });
    this.#watch.synced.then(
      () => firstList.end(),
      () => firstList.end(),
    );
  }

  readonly recorder: PodRecorder = {
    created: (pod) => this.#accounts.created(pod, Date.now()),
    deleted: (last) => this.#accounts.deleted(last, Date.now()),
  };

  readonly onLate = (lateMs: number): void => this.#record({ type: 'late', ms: lateMs });

  /**
   * A stage with load begins or continues. Its series exist from now on, and those of the stages after it, so that none begins with
   * its first event.
   */
  enter({ stage, execution }: LoadStage, gates: CampaignSpec['gates']): void {
    const bounds = histogramBounds('belay_pod_bind_seconds', gates);
    const stages = LOAD_STAGES.map((each) => ({ stage: each, execution }));
    for (const each of this.#metrics.lacking(stages, bounds)) this.#record({ type: 'series', ...each, bounds });
    if (!this.#metrics.hasLateness)
      this.#record({ type: 'lateness', bounds: histogramBounds('belay_load_lateness_seconds', gates) });
    this.#accounts.begin({ stage, execution }, Date.now());
    // Until the first stage everything belongs to it.
    if (this.#hasStage) {
      this.#watch.restartStats();
      this.#patience.restartCounts();
    }
    this.#hasStage = true;
    this.#journal.flush();
    this.#endScrapes();
    this.#endScrapes = registry.beforeScrape(() => this.#refresh());
  }

  /** Another worker has taken the watch of this cluster over. */
  isSuperseded(): boolean {
    return !this.#journal.flush() && this.#journal.superseded;
  }

  counts(): PodCounts {
    const counts = this.#counter.counts();
    const { target } = this;
    return { ...counts, bound: Math.min(target, counts.bound), ready: Math.min(target, counts.ready) };
  }

  want(slots: Iterable<number>): Set<number> {
    return this.#counter.want(slots);
  }

  observation(): Observation {
    const { silent, replaced, failures, longestUnconfirmedMs } = this.#watch.stats();
    return { watch: { silent, replaced, failures, longestUnconfirmedMs }, requests: this.#patience.waits() };
  }

  showsFailedNodes(): boolean {
    return substrateAdapter(this.#spec.substrate, new Map()).showsFailedNodes(this.record);
  }

  confirmedAgeMs(): number {
    return Date.now() - (this.#watch.confirmedAtMs() ?? 0);
  }

  listedAgeMs(): number {
    return Date.now() - this.#watch.listedAtMs();
  }

  confirm(): void {
    this.#watch.confirm();
  }

  isConfirmedSince(sinceMs: number): boolean {
    return (this.#watch.confirmedAtMs() ?? 0) >= sinceMs;
  }

  waitingFor(): string | undefined {
    return this.#patience.waitingFor();
  }

  endPods(sinceMs: number): void {
    const { slo, loadProfile } = this.#spec.profile;
    if (!this.isConfirmedSince(sinceMs)) {
      this.#accounts.loseSight(Date.now());
      return;
    }
    this.#accounts.confirmed(sinceMs, Date.now());
    if (slo.expectStandingShortfall === true || loadProfile.openLoopDemandMultiplier > 1) return;
    this.#accounts.giveUp(Date.now());
  }

  async close(): Promise<void> {
    this.#endScrapes();
    this.#journal.close();
    this.#stop.abort(new Error('the watch has ended'));
    await this.#watch.done;
    await this.client.close();
  }

  /** Records a fact that is not about a single Pod. */
  #record(fact: PodFact): void {
    this.#journal.append(fact);
    this.#replay(fact);
  }

  #replay(fact: PodFact): void {
    if (fact.type === 'series') this.#metrics.open(fact, fact.bounds);
    else if (fact.type === 'lateness') this.#metrics.openLateness(fact.bounds);
    else if (fact.type === 'late') this.#metrics.late(fact.ms);
    this.#accounts.replay(fact);
  }

  /**
   * Brings the series up to date. What is shown is in the journal: the worker that takes over shows at least as much. Otherwise
   * its counters would seem to have been reset.
   */
  #refresh(): void {
    const nowMs = Date.now();
    const confirmedAtMs = this.#watch.confirmedAtMs();
    if (confirmedAtMs !== undefined) this.#accounts.confirmed(confirmedAtMs, nowMs);
    const stages = this.#accounts.counts();
    if (!this.#journal.flush() && this.#journal.superseded) {
      this.#endScrapes();
      this.#metrics.hide(stages);
      return;
    }
    const oldestSentAtMs = this.#counter.oldestPendingSentAtMs();
    // A Pod that seems to wait may have been bound while nothing showed it.
    const knownUntilMs = Math.min(nowMs, this.#watch.knownUntilMs());
    this.#metrics.show({
      target: this.target,
      counts: this.counts(),
      stages,
      oldestPendingMs: oldestSentAtMs === undefined ? undefined : Math.max(0, knownUntilMs - oldestSentAtMs),
      confirmedAgeMs: confirmedAtMs === undefined ? undefined : nowMs - confirmedAtMs,
    });
  }
}

/** The clock of a cluster. Those that Belay makes run on this host; that of a borrowed one is read when the campaign begins. */
function clockOf({ owned, clock }: ClusterRecord): { readonly clockAheadMs?: number | 'unknown' } {
  if (clock !== undefined) return { clockAheadMs: clockCorrectionMs(clock) };
  return owned ? {} : { clockAheadMs: 'unknown' };
}
