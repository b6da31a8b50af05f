import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Cluster, User } from '@kubernetes/client-node';
import type { ClusterRecord } from '../../host/ledger.ts';
import { loadKubeconfig } from '../../kube/credentials.ts';
import { askOnce } from '../api-probe.ts';
import type { ScrapeTarget } from '../../prometheus/scrape-config.ts';
import { CLUSTER_PARTS, SUBSTRATE_TYPES } from '../../../core/model/substrate-types.ts';
import type { ClusterPart } from '../../../core/model/substrate-types.ts';
import type { ScrapeTargets } from '../substrate.ts';

/** Parts that only their own host reaches in a cluster that is not ours. */
const OUT_OF_REACH: readonly ClusterPart[] = CLUSTER_PARTS.filter(
  (part) => !SUBSTRATE_TYPES.kubeconfig.scrapedParts.some((scraped) => scraped === part),
);

/**
 * What can be scraped of a borrowed cluster: its apiserver, with the kubeconfig's credentials, which are written as files
 * beside the kubeconfig because Prometheus reads files. The rest is named as absent.
 */
export async function borrowedScrapeTargets(cluster: ClusterRecord, signal: AbortSignal): Promise<ScrapeTargets> {
  const config = await loadKubeconfig(cluster.kubeconfigPath, cluster.context);
  const absent = OUT_OF_REACH.map((job) => ({ job, reason: 'only reachable from within the borrowed cluster' }));
  const server = config.getCurrentCluster();
  const user = config.getCurrentUser();
  if (server === null) throw new Error(`${cluster.kubeconfigPath}: the context names no cluster`);
  if (hasLoginProgram(user)) {
    const reason = 'its kubeconfig gets credentials from a program, which Prometheus cannot run';
    return { targets: [], absent: [{ job: 'apiserver', reason }, ...absent] };
  }
  const { status } = await askOnce(cluster, '/metrics', signal);
  if (status !== 200) {
    const reason = `GET /metrics answers ${status} to the kubeconfig's user`;
    return { targets: [], absent: [{ job: 'apiserver', reason }, ...absent] };
  }
  return { targets: [apiserverTarget(cluster, server, user)], absent };
}

function apiserverTarget(cluster: ClusterRecord, server: Cluster, user: User | null): ScrapeTarget {
  const url = new URL(server.server);
  const https = url.protocol === 'https:';
  const bearerFile = fileOf(cluster, 'token', undefined, user?.token);
  return {
    job: 'apiserver',
    cluster: cluster.name,
    scheme: https ? 'https' : 'http',
    address: url.port === '' ? `${url.hostname}:${https ? 443 : 80}` : url.host,
    path: `${url.pathname.replace(/\/$/, '')}/metrics`,
    tls: https ? tlsOf(cluster, server, user) : {},
    ...(bearerFile === undefined ? {} : { bearerFile }),
  };
}

function tlsOf(cluster: ClusterRecord, server: Cluster, user: User | null): ScrapeTarget['tls'] {
  const caFile = fileOf(cluster, 'ca', server.caFile, decoded(server.caData));
  const certFile = fileOf(cluster, 'crt', user?.certFile, decoded(user?.certData));
  const keyFile = fileOf(cluster, 'key', user?.keyFile, decoded(user?.keyData));
  return {
    ...(caFile === undefined ? {} : { caFile }),
    ...(certFile === undefined ? {} : { certFile }),
    ...(keyFile === undefined ? {} : { keyFile }),
    ...(server.tlsServerName ? { serverName: server.tlsServerName } : {}),
    ...(server.skipTLSVerify ? { insecure: true } : {}),
  };
}

function hasLoginProgram(user: User | null): boolean {
  return Boolean(user?.exec) || Boolean(user?.authProvider);
}

/** The file that holds a credential: the kubeconfig's own, or one of ours with what the kubeconfig holds itself. */
function fileOf(
  cluster: ClusterRecord,
  kind: 'ca' | 'crt' | 'key' | 'token',
  file: string | undefined,
  content: string | undefined,
): string | undefined {
  if (content !== undefined && content !== '') {
    const path = credentialPath(cluster, kind);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  }
  return file === undefined || file === '' ? undefined : file;
}

function decoded(base64: string | undefined): string | undefined {
  return base64 === undefined || base64 === null ? undefined : Buffer.from(base64, 'base64').toString('utf8');
}

function credentialPath(cluster: ClusterRecord, kind: string): string {
  return join(dirname(cluster.kubeconfigPath), `${cluster.name}.${kind}`);
}

/** All files that may have been written for a borrowed cluster's credentials. */
export function credentialFiles(cluster: ClusterRecord): readonly string[] {
  return ['ca', 'crt', 'key', 'token'].map((kind) => credentialPath(cluster, kind));
}
