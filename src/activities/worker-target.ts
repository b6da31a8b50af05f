import { ledgerSlugs, readLedger } from '../adapters/host/ledger.ts';
import { ownPrometheus, writeTargets } from '../adapters/prometheus/server.ts';
import type { ScrapeTarget } from '../adapters/substrates/substrate.ts';
import { BELAY_JOB } from '../core/gates/model.ts';

/** Belay's own worker as a target: it serves the load's numbers. */
export function workerTarget(metricsPort: number): ScrapeTarget {
  return {
    job: BELAY_JOB,
    cluster: '',
    scheme: 'http',
    address: `127.0.0.1:${metricsPort}`,
    path: '/metrics',
    tls: {},
  };
}

/**
 * Points the Prometheus of every campaign on this host at this worker: the one before it is gone, and its port with it.
 * What cannot be reached now is pointed at again when the campaign's next stage begins.
 */
export function pointCampaignsAtWorker(metricsPort: number): void {
  for (const slug of ledgerSlugs()) {
    const prometheus = ownPrometheus(slug);
    if (prometheus === undefined || readLedger(slug)?.closing === true) continue;
    void writeTargets(prometheus, [workerTarget(metricsPort)], {
      signal: AbortSignal.timeout(5_000),
      budgetMs: 5_000,
    }).catch(() => undefined);
  }
}
