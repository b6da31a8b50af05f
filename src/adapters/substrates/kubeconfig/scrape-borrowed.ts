import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { clusterAccess, type ClusterAccess, type Held } from '../../../core/kubeconfig/cluster-access.ts';
import type { ClusterRecord } from '../../host/ledger.ts';
import { readContext } from '../../kube/kubeconfig-files.ts';
import { askOnce } from '../api-probe.ts';
import type { ScrapeTarget } from '../../prometheus/scrape-config.ts';
import { CLUSTER_PARTS, SUBSTRATE_TYPES } from '../../../core/model/substrate-types.ts';
import type { ClusterPart } from '../../../core/model/substrate-types.ts';
import type { ScrapeTargets } from '../substrate.ts';
import { hasSeveralServers } from './servers-behind.ts';

/** Parts that only their own host reaches in a cluster that is not ours. */
const OUT_OF_REACH: readonly ClusterPart[] = CLUSTER_PARTS.filter(
  (part) => !SUBSTRATE_TYPES.kubeconfig.scrapedParts.some((scraped) => scraped === part),
);

/**
 * What can be scraped of a borrowed cluster: its apiserver, with the kubeconfig's credentials, which are written as files
 * beside the kubeconfig because Prometheus reads files. The rest is named as absent.
 */
export async function borrowedScrapeTargets(cluster: ClusterRecord, signal: AbortSignal): Promise<ScrapeTargets> {
  const access = clusterAccess(readContext(cluster.kubeconfigPath, cluster.context), {});
  const absent = OUT_OF_REACH.map((job) => ({ job, reason: 'only reachable from within the borrowed cluster' }));
  if (access.exec !== undefined || access.oidc !== undefined) {
    const reason = 'its kubeconfig gets credentials from a program, which Prometheus cannot run';
    return { targets: [], absent: [{ job: 'apiserver', reason }, ...absent] };
  }
  const { status, body } = await askOnce(cluster, '/metrics', signal);
  if (status !== 200) {
    const reason = `GET /metrics answers ${status} to the kubeconfig's user`;
    return { targets: [], absent: [{ job: 'apiserver', reason }, ...absent] };
  }
  if (await hasSeveralServers(cluster, body, signal)) {
    const reason = 'several API servers answer at its address in turn, each with counters of its own';
    return { targets: [], absent: [{ job: 'apiserver', reason }, ...absent] };
  }
  return { targets: [apiserverTarget(cluster, access)], absent };
}

/**
 * The API server of a cluster as Prometheus can ask it, as the user of the kubeconfig; the path is that of its own metrics.
 * @throws Error when the kubeconfig gets its credentials from a program, which Prometheus cannot run
 */
export function apiserverScrape(cluster: ClusterRecord): ScrapeTarget {
  const access = clusterAccess(readContext(cluster.kubeconfigPath, cluster.context), {});
  if (access.exec !== undefined || access.oidc !== undefined)
    throw new Error(`context ${access.context} gets its credentials from a program, which Prometheus cannot run`);
  return apiserverTarget(cluster, access);
}

function apiserverTarget(cluster: ClusterRecord, access: ClusterAccess): ScrapeTarget {
  const { server, proxy, token, tokenFile, impersonation } = access;
  const bearerFile =
    tokenFile === '' ? fileOf(cluster, 'token', token === '' ? undefined : { text: token }) : tokenFile;
  return {
    job: 'apiserver',
    cluster: cluster.name,
    scheme: server.secure ? 'https' : 'http',
    address: `${server.hostname.includes(':') ? `[${server.hostname}]` : server.hostname}:${server.port}`,
    path: `${server.basePath}/metrics`,
    tls: server.secure ? tlsOf(cluster, access) : {},
    ...(bearerFile === undefined ? {} : { bearerFile }),
    ...(proxy === undefined ? {} : { proxyUrl: proxy.href }),
    ...(Object.keys(impersonation).length === 0 ? {} : { headers: impersonation }),
  };
}

function tlsOf(cluster: ClusterRecord, { tls }: ClusterAccess): ScrapeTarget['tls'] {
  const caFile = fileOf(cluster, 'ca', tls.ca);
  const certFile = fileOf(cluster, 'crt', tls.cert);
  const keyFile = fileOf(cluster, 'key', tls.key);
  return {
    ...(caFile === undefined ? {} : { caFile }),
    ...(certFile === undefined ? {} : { certFile }),
    ...(keyFile === undefined ? {} : { keyFile }),
    ...(tls.serverName === '' ? {} : { serverName: tls.serverName }),
    ...(tls.insecure ? { insecure: true } : {}),
  };
}

/** The file that holds a credential: the kubeconfig's own, or one of ours with what the kubeconfig holds itself. */
function fileOf(
  cluster: ClusterRecord,
  kind: 'ca' | 'crt' | 'key' | 'token',
  held: Held | undefined,
): string | undefined {
  if (held === undefined || 'file' in held) return held?.file;
  const path = credentialPath(cluster, kind);
  writeFileSync(path, held.text, { mode: 0o600 });
  return path;
}

function credentialPath(cluster: ClusterRecord, kind: string): string {
  return join(dirname(cluster.kubeconfigPath), `${cluster.name}.${kind}`);
}

/** All files that may have been written for a borrowed cluster's credentials. */
export function credentialFiles(cluster: ClusterRecord): readonly string[] {
  return ['ca', 'crt', 'key', 'token'].map((kind) => credentialPath(cluster, kind));
}
