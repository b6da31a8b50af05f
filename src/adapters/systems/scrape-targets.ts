import { join } from 'node:path';
import type { ScrapeEntry } from '../../core/model/scrape-entry.ts';
import type { System } from '../../core/model/system.ts';
import type { CampaignSpec } from '../../core/plan/spec.ts';
import { messageOf } from '../../core/text/message-of.ts';
import { readLedger, type ClusterRecord } from '../host/ledger.ts';
import type { ClusterClient } from '../kube/client.ts';
import type { Within } from '../kube/api-request.ts';
import { withCluster } from '../kube/with-cluster.ts';
import type { ScrapeTarget } from '../prometheus/scrape-config.ts';
import { apiserverScrape } from '../substrates/kubeconfig/scrape-borrowed.ts';
import { podsToScrape } from './pods-to-scrape.ts';
import { bearerFile, caFile } from './scrape-credentials.ts';
import { ledgerName } from './system-processes.ts';
import { SystemNotReady } from './system-ready.ts';

/** A system on one cluster, of which targets are wanted. */
export interface TargetsRequest {
  readonly spec: Pick<CampaignSpec, 'slug'>;
  readonly system: System;
  /** Where its file is: files that it names are found from there. */
  readonly systemFolder: string;
  readonly cluster: ClusterRecord;
}

/**
 * What of a system is scraped on a cluster: ports of its processes on record, addresses, and Pods of the cluster through its API
 * server's proxy. Tokens and certificates are files that only this user can read, in the campaign's state folder, because Prometheus
 * reads files. Pods are those that are ready now.
 * @param within of all calls
 * @throws SystemNotReady when there is no ready Pod, or no such Secret; Error naming the entry for everything else
 */
export async function systemScrapeTargets(request: TargetsRequest, within: Within): Promise<readonly ScrapeTarget[]> {
  const { system, cluster } = request;
  if (!system.scrape.some(asksCluster)) {
    const local = await Promise.all(system.scrape.map((entry) => directTarget(request, entry, undefined, within)));
    return local;
  }
  const untilMs = performance.now() + within.budgetMs;
  return await withCluster(cluster, async (client) => {
    const targets: ScrapeTarget[] = [];
    for (const entry of system.scrape) {
      const left = { signal: within.signal, budgetMs: Math.max(1, untilMs - performance.now()) };
      if (entry.service === undefined && entry.pods === undefined)
        targets.push(await directTarget(request, entry, client, left));
      else targets.push(...(await proxiedTargets(request, entry, client, left)));
    }
    return targets;
  });
}

function asksCluster({ service, pods, bearer, tls }: ScrapeEntry): boolean {
  return (service ?? pods ?? bearer?.secret ?? tls?.caSecret) !== undefined;
}

/** What every target of an entry has. */
function commonOf({ job, params, intervalMs, timeoutMs, fallbackProtocol }: ScrapeEntry, cluster: ClusterRecord) {
  const lists = Object.entries(params ?? {}).map(([name, value]) => [
    name,
    typeof value === 'string' ? [value] : value,
  ]);
  return {
    job,
    cluster: cluster.name,
    ...(params === undefined ? {} : { params: Object.fromEntries(lists) as Record<string, readonly string[]> }),
    ...(intervalMs === undefined ? {} : { intervalMs }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(fallbackProtocol === undefined ? {} : { fallbackProtocol }),
  };
}

async function directTarget(
  request: TargetsRequest,
  entry: ScrapeEntry,
  client: ClusterClient | undefined,
  within: Within,
): Promise<ScrapeTarget> {
  const { cluster } = request;
  const { scheme, address, path } = addressOf(request, entry);
  const own = entry.identity === undefined ? undefined : serverOf(cluster, entry);
  const { ca, serverName, insecure } = entry.tls ?? {};
  const kept = { ...request, client, within };
  const authority =
    entry.tls?.caSecret === undefined ? fileBeside(request, ca) : await caFile(kept, entry, entry.tls.caSecret);
  const token =
    entry.bearer?.secret === undefined
      ? (fileBeside(request, entry.bearer?.file) ?? own?.bearerFile)
      : await bearerFile(kept, entry, entry.bearer.secret);
  return {
    ...commonOf(entry, cluster),
    scheme,
    address,
    path,
    tls: {
      ...(authority === undefined ? {} : { caFile: authority }),
      ...(own?.tls.certFile === undefined ? {} : { certFile: own.tls.certFile }),
      ...(own?.tls.keyFile === undefined ? {} : { keyFile: own.tls.keyFile }),
      ...(serverName === undefined ? {} : { serverName }),
      ...(insecure === undefined ? {} : { insecure }),
    },
    ...(token === undefined ? {} : { bearerFile: token }),
  };
}

function addressOf(
  { spec, cluster }: TargetsRequest,
  { job, process, port, url, scheme = 'http', path }: ScrapeEntry,
): Pick<ScrapeTarget, 'scheme' | 'address' | 'path'> {
  if (url !== undefined) {
    const { protocol, host, pathname } = new URL(url);
    const ofUrl = pathname === '/' ? '/metrics' : pathname;
    return { scheme: protocol === 'https:' ? 'https' : 'http', address: host, path: path ?? ofUrl };
  }
  const name = ledgerName(cluster, process ?? '');
  const processes = readLedger(spec.slug)?.processes ?? [];
  const number = processes.find((each) => each.name === name)?.ports?.[port ?? ''];
  if (number === undefined) {
    throw new Error(`scrape ${job}: process ${process ?? '(none)'} has no port ${port ?? '(none)'} on record`);
  }
  return { scheme, address: `127.0.0.1:${number}`, path: path ?? '/metrics' };
}

/** Targets behind the proxy of the API server, which asks each Pod; the instance says which, because they share an address. */
async function proxiedTargets(
  { cluster }: TargetsRequest,
  entry: ScrapeEntry,
  client: ClusterClient,
  within: Within,
): Promise<readonly ScrapeTarget[]> {
  const server = serverOf(cluster, entry);
  const base = server.path.slice(0, -'/metrics'.length);
  const { scheme = 'http', path = '/metrics' } = entry;
  const found = await podsToScrape(client, entry, within);
  if (typeof found === 'string') throw new SystemNotReady(`scrape ${entry.job}: ${found}`);
  return found.map(({ namespace, kind, name, port }) => {
    const asked = `${scheme === 'https' ? 'https:' : ''}${name}:${port}`;
    return {
      ...server,
      ...commonOf(entry, cluster),
      path: `${base}/api/v1/namespaces/${namespace}/${kind}/${asked}/proxy${path}`,
      labels: { instance: `${name}:${port}` },
    };
  });
}

/** The API server as Prometheus asks it for an entry. */
function serverOf(cluster: ClusterRecord, { job }: ScrapeEntry): ScrapeTarget {
  try {
    return apiserverScrape(cluster);
  } catch (cause) {
    throw new Error(`scrape ${job}: ${messageOf(cause)}`, { cause });
  }
}

function fileBeside({ systemFolder }: TargetsRequest, path: string | undefined): string | undefined {
  return path === undefined || path.startsWith('/') ? path : join(systemFolder, path);
}
