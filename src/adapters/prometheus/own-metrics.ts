import { Gauge, Histogram, Registry } from 'prom-client';

/** Belay's own numbers, served by the worker and scraped by each campaign's Prometheus like any other target. */
export const registry: Registry = new Registry();

const CLUSTER_LABELS = ['campaign', 'cluster'] as const;

/** Seconds from the moment a Pod was meant to be created to the moment a watch saw it bound. */
export const podBindSeconds: Histogram<'campaign' | 'cluster' | 'stage'> = new Histogram({
  name: 'belay_pod_bind_seconds',
  help: 'Seconds from the intended creation of a Pod until a watch saw its nodeName.',
  labelNames: ['campaign', 'cluster', 'stage'],
  buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
  registers: [registry],
});

/** Seconds by which the request of a create or delete was sent later than intended. Every operation of the load is in it. */
export const loadLatenessSeconds: Histogram<'campaign' | 'cluster'> = new Histogram({
  name: 'belay_load_lateness_seconds',
  help: 'Seconds between the intended and the actual moment of a create or delete.',
  labelNames: CLUSTER_LABELS,
  buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60],
  registers: [registry],
});

/** Pods that the profile wants in a cluster. */
export const podsTarget: Gauge<'campaign' | 'cluster'> = gauge('belay_pods_target', 'Pods that the profile wants.');
/** Pods that a watch sees. */
export const podsPresent: Gauge<'campaign' | 'cluster'> = gauge(
  'belay_pods_present',
  'Pods that exist, as a watch sees it.',
);
/** Pods with a node. */
export const podsBound: Gauge<'campaign' | 'cluster'> = gauge('belay_pods_bound', 'Pods that have a node.');
/** Pods that are Ready. */
export const podsReady: Gauge<'campaign' | 'cluster'> = gauge('belay_pods_ready', 'Pods that are Ready.');
/** Pods without a node. */
export const podsPending: Gauge<'campaign' | 'cluster'> = gauge('belay_pods_pending', 'Pods that have no node yet.');

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

function gauge(name: string, help: string): Gauge<'campaign' | 'cluster'> {
  return new Gauge({ name, help, labelNames: CLUSTER_LABELS, registers: [registry] });
}
