import { Gauge, Registry } from 'prom-client';
import type { OwnHistogram } from '../../core/plan/histogram-bounds.ts';
import { BucketHistogram } from './bucket-histogram.ts';

/** A registry that brings its metrics up to date before it is read. */
class OwnRegistry extends Registry {
  readonly #refreshers = new Set<() => void>();

  /** Calls `refresh` before each scrape. @returns what ends that */
  beforeScrape(refresh: () => void): () => void {
    this.#refreshers.add(refresh);
    return () => this.#refreshers.delete(refresh);
  }

  override metrics(): Promise<string> {
    // Nothing may change between the refreshing and the reading: what is shown is what was refreshed.
    for (const refresh of this.#refreshers) refresh();
    return super.metrics();
  }
}

/** Belay's own numbers, served by the worker and scraped by each campaign's Prometheus like any other target. */
export const registry: OwnRegistry = new OwnRegistry();

/** Labels of a cluster of a campaign. */
export type ClusterLabels = Readonly<Record<'campaign' | 'cluster', string>>;

/** Labels of the Pods that were meant to exist in one execution of a stage. */
export type StageLabels = ClusterLabels & Readonly<Record<'stage' | 'execution', string>>;

const CLUSTER_LABELS = ['campaign', 'cluster'] as const;
const STAGE_LABELS = [...CLUSTER_LABELS, 'stage', 'execution'] as const;

/** How long Pods waited for their Node. */
export const podBindSeconds: BucketHistogram = histogram(
  'belay_pod_bind_seconds',
  'Seconds from the moment the create request of a Pod was sent until the Pod was bound, deleted before that, or given up.',
  STAGE_LABELS,
);

/** How late the requests of the load were sent. Every operation of the load is in it. */
export const loadLatenessSeconds: BucketHistogram = histogram(
  'belay_load_lateness_seconds',
  'Seconds from the intended moment of a create or delete until its request was sent.',
  CLUSTER_LABELS,
);

/** Gauges of the Pods of one execution of a stage. */
export const stageGauges = {
  created: stageGauge('belay_pods_created', 'Pods that Belay created.'),
  observed: stageGauge(
    'belay_pods_observed',
    'Pods that Belay created and that wait, were bound, were deleted before that, or were given up: all but those that vanished unseen.',
  ),
} as const;

/** Gauges of one cluster. */
export const clusterGauges = {
  target: clusterGauge('belay_pods_target', 'Pods that the profile wants.'),
  present: clusterGauge('belay_pods_present', 'Pods that exist and have not Failed or Succeeded, as a watch sees it.'),
  bound: clusterGauge(
    'belay_pods_bound',
    'Wanted Pods that are bound and alive: not Failed, Succeeded or being deleted.',
  ),
  ready: clusterGauge('belay_pods_ready', 'Wanted Pods that are Ready and alive.'),
  pending: clusterGauge('belay_pods_pending', 'Pods that are alive and not bound.'),
  pendingOldestSeconds: clusterGauge(
    'belay_pod_pending_oldest_seconds',
    'Seconds since the create request of the oldest Pod that is not bound; 0 without such Pods.',
  ),
  confirmedAgeSeconds: clusterGauge(
    'belay_watch_confirmed_age_seconds',
    'Seconds since the last list that confirmed what the watch of the Pods reported.',
  ),
} as const;

/** Seconds that executions of stages took. */
export const stageSeconds: Gauge<'campaign' | 'stage' | 'execution'> = new Gauge({
  name: 'belay_stage_seconds',
  help: 'Seconds that an execution of a stage took.',
  labelNames: ['campaign', 'stage', 'execution'],
  registers: [registry],
});

/** Forgets a campaign's series: a worker lives for many campaigns. */
export async function forgetCampaign(campaign: string): Promise<void> {
  for (const { name } of registry.getMetricsAsArray()) {
    const metric = registry.getSingleMetric(name);
    if (metric === undefined) continue;
    const { values } = await metric.get();
    const seen = new Set<string>();
    for (const { labels } of values) {
      if ((labels as Record<string, unknown>)['campaign'] !== campaign) continue;
      const own = Object.fromEntries(Object.entries(labels).filter(([label]) => label !== 'le'));
      const key = JSON.stringify(own);
      if (seen.has(key)) continue;
      seen.add(key);
      metric.remove(own as Record<string, string>);
    }
  }
}

function histogram(name: OwnHistogram, help: string, labelNames: readonly string[]): BucketHistogram {
  return new BucketHistogram({ name, help, labelNames, register: registry });
}

function clusterGauge(name: string, help: string): Gauge<keyof ClusterLabels> {
  return new Gauge({ name, help, labelNames: CLUSTER_LABELS, registers: [registry] });
}

function stageGauge(name: string, help: string): Gauge<keyof StageLabels> {
  return new Gauge({ name, help, labelNames: STAGE_LABELS, registers: [registry] });
}
