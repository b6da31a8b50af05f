import { readLedger, updateLedger, type WatchingWorker } from '../host/ledger.ts';
import { isAlive, startTicksOf } from '../host/processes.ts';
import type { CallBounds } from '../prometheus/client.ts';
import { QueryError } from '../prometheus/query-error.ts';
import type { ScrapeTarget } from '../prometheus/scrape-config.ts';
import { ownPrometheus, writeTargets } from '../prometheus/server.ts';
import { BELAY_JOB } from '../../core/gates/model.ts';

/** This process, as the worker that watches a campaign. */
export function thisWorker(metricsPort: number): WatchingWorker {
  return { pid: process.pid, startTicks: startTicksOf(process.pid) ?? '', metricsPort };
}

/**
 * A worker as a scrape target: it serves the metrics of the load. Its instance is not its address. The series of a worker that
 * takes a campaign over then continue those of the worker before, with a reset. Otherwise both would be summed until the old
 * ones are stale.
 */
function workerTarget(metricsPort: number): ScrapeTarget {
  return {
    job: BELAY_JOB,
    cluster: '',
    scheme: 'http',
    address: `127.0.0.1:${metricsPort}`,
    path: '/metrics',
    tls: {},
    labels: { instance: BELAY_JOB },
  };
}

/** Whether this process watches the campaign. False for a campaign that is over. */
export function isWatching(slug: string, worker: WatchingWorker): boolean {
  const ledger = readLedger(slug);
  return ledger?.closing !== true && isSame(ledger?.worker, worker);
}

/** Makes `worker` the one that watches the campaign. @throws Error when the campaign has no ledger */
export function claimWatch(slug: string, worker: WatchingWorker): void {
  if (!isSame(readLedger(slug)?.worker, worker)) updateLedger(slug, (ledger) => ({ ...ledger, worker }));
}

/**
 * Takes the watch of a campaign whose worker is dead, so that it is scraped again before its stage is resumed. Of several
 * workers that try, one succeeds. A live worker keeps its campaigns.
 */
export async function takeWatchOfTheDead(slug: string, worker: WatchingWorker, bounds: CallBounds): Promise<void> {
  if (!isOrphan(readLedger(slug))) return;
  const after = updateLedger(slug, (ledger) => (isOrphan(ledger) ? { ...ledger, worker } : ledger));
  if (isSame(after.worker, worker)) await pointAt(slug, worker, bounds);
}

/**
 * Makes the campaign's Prometheus scrape the worker. If Prometheus does not answer the reload, it finds the change by itself: it
 * reads its target files every second.
 */
export async function pointAt(slug: string, { metricsPort }: WatchingWorker, bounds: CallBounds): Promise<void> {
  const prometheus = ownPrometheus(slug);
  if (prometheus === undefined) return;
  try {
    await writeTargets(prometheus, [workerTarget(metricsPort)], bounds);
  } catch (cause) {
    if (!(cause instanceof QueryError)) throw cause;
  }
}

function isOrphan(ledger: { readonly worker?: WatchingWorker; readonly closing?: boolean } | undefined): boolean {
  return ledger?.worker !== undefined && ledger.closing !== true && !isAlive(ledger.worker);
}

function isSame(one: WatchingWorker | undefined, other: WatchingWorker): boolean {
  return one?.pid === other.pid && one.startTicks === other.startTicks && one.metricsPort === other.metricsPort;
}
