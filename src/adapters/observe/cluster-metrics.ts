import type { HistogramSeries } from '../prometheus/bucket-histogram.ts';
import {
  clusterGauges,
  loadLatenessSeconds,
  podBindSeconds,
  stageGauges,
  type ClusterLabels,
  type StageLabels,
} from '../prometheus/own-metrics.ts';
import type { PodCounts } from '../kube/pod-counter.ts';
import { OWN_HISTOGRAMS } from '../../core/plan/histogram-bounds.ts';
import type { LoadStage } from './pod-facts.ts';
import type { StageCount } from './pod-accounts.ts';

/** What the gauges of a cluster show. */
export interface ClusterState {
  readonly target: number;
  readonly counts: PodCounts;
  readonly stages: readonly StageCount[];
  /** Since the create request of the oldest Pod that is not bound; undefined without such a Pod. */
  readonly oldestPendingMs: number | undefined;
  /** Since the last list that confirmed the state; undefined before the first. */
  readonly confirmedAgeMs: number | undefined;
}

/** Belay's own series about one cluster of a campaign. */
export class ClusterMetrics {
  readonly #labels: ClusterLabels;
  readonly #latencies = new Map<string, { readonly stage: LoadStage; readonly series: HistogramSeries }>();
  #lateness: HistogramSeries | undefined;

  constructor(labels: ClusterLabels) {
    this.#labels = labels;
  }

  /**
   * Which of these executions of stages lack a series with such bounds, and which others do whose series has no value yet: it may have
   * the bounds of bars that a retry has changed since. A series with values keeps its bounds.
   */
  lacking(stages: readonly LoadStage[], bounds: readonly number[]): readonly LoadStage[] {
    const known = [...this.#latencies.values()].map(({ stage }) => stage);
    const all = new Map([...known, ...stages].map((stage) => [keyOf(stage), stage]));
    return [...all.values()].filter((stage) => this.#lacks(stage, bounds));
  }

  #lacks(stage: LoadStage, bounds: readonly number[]): boolean {
    const series = this.#latencies.get(keyOf(stage))?.series;
    return series === undefined || (series.count === 0 && series.bounds.join() !== bounds.join());
  }

  get hasLateness(): boolean {
    return this.#lateness !== undefined;
  }

  /** Opens the series of an execution of a stage, with zeros, where it lacks one with such bounds. @param bounds of its latencies, s */
  open(stage: LoadStage, bounds: readonly number[]): void {
    if (!this.#lacks(stage, bounds)) return;
    const series = podBindSeconds.open(this.#stageLabels(stage), bounds);
    this.#latencies.set(keyOf(stage), { stage: { stage: stage.stage, execution: stage.execution }, series });
  }

  /** Opens the series of the lateness. @param bounds s */
  openLateness(bounds: readonly number[]): void {
    this.#lateness ??= loadLatenessSeconds.open(this.#labels, bounds);
  }

  /** A Pod no longer waits. */
  waited(stage: LoadStage, waitedMs: number): void {
    if (!this.#latencies.has(keyOf(stage))) this.open(stage, OWN_HISTOGRAMS.belay_pod_bind_seconds);
    this.#latencies.get(keyOf(stage))?.series.observe(waitedMs / 1_000);
  }

  /** The request of an operation was sent. */
  late(ms: number): void {
    this.openLateness(OWN_HISTOGRAMS.belay_load_lateness_seconds);
    this.#lateness?.observe(ms / 1_000);
  }

  /** Sets the gauges. */
  show({ target, counts, stages, oldestPendingMs, confirmedAgeMs }: ClusterState): void {
    clusterGauges.target.set(this.#labels, target);
    clusterGauges.present.set(this.#labels, counts.present);
    clusterGauges.bound.set(this.#labels, counts.bound);
    clusterGauges.ready.set(this.#labels, counts.ready);
    clusterGauges.pending.set(this.#labels, counts.pending);
    clusterGauges.pendingOldestSeconds.set(this.#labels, (oldestPendingMs ?? 0) / 1_000);
    if (confirmedAgeMs !== undefined) clusterGauges.confirmedAgeSeconds.set(this.#labels, confirmedAgeMs / 1_000);
    for (const { created, vanished, ...stage } of stages) {
      stageGauges.created.set(this.#stageLabels(stage), created);
      stageGauges.observed.set(this.#stageLabels(stage), created - vanished);
    }
  }

  /** Removes all of it: another worker shows the cluster. */
  hide(stages: readonly LoadStage[]): void {
    for (const gauge of Object.values(clusterGauges)) gauge.remove(this.#labels);
    for (const stage of stages) {
      for (const gauge of Object.values(stageGauges)) gauge.remove(this.#stageLabels(stage));
    }
    for (const { series } of this.#latencies.values()) podBindSeconds.drop(series);
    if (this.#lateness !== undefined) loadLatenessSeconds.drop(this.#lateness);
  }

  #stageLabels({ stage, execution }: LoadStage): StageLabels {
    return { ...this.#labels, stage, execution: String(execution) };
  }
}

function keyOf({ stage, execution }: LoadStage): string {
  return `${stage}/${execution}`;
}
