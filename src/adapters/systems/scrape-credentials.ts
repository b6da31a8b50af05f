import { dirname, join } from 'node:path';
import { makeFolder } from '../host/make-folder.ts';
import type { ScrapeEntry, SecretKey } from '../../core/model/scrape-entry.ts';
import { writeTextFile } from '../host/atomic-file.ts';
import { campaignFolder, type ClusterRecord } from '../host/ledger.ts';
import type { ClusterClient } from '../kube/client.ts';
import type { Within } from '../kube/api-request.ts';
import { groupName } from '../prometheus/scrape-config.ts';
import { SystemNotReady } from './system-ready.ts';

/** Where secrets of scrapes are read from, and whose they are. */
interface SecretsRequest {
  readonly spec: { readonly slug: string };
  readonly cluster: ClusterRecord;
  readonly client: ClusterClient | undefined;
  readonly within: Within;
}

/** A file with the token that a Secret of the cluster has. It lies in the campaign's state folder, outside of its evidence. */
export async function bearerFile(request: SecretsRequest, entry: ScrapeEntry, secret: SecretKey): Promise<string> {
  return await secretFile(request, entry, secret, 'token');
}

/** A file with the certificates that a Secret of the cluster has. */
export async function caFile(request: SecretsRequest, entry: ScrapeEntry, secret: SecretKey): Promise<string> {
  return await secretFile(request, entry, secret, 'ca');
}

async function secretFile(
  { spec, cluster, client, within }: SecretsRequest,
  { job }: ScrapeEntry,
  { namespace, name, key }: SecretKey,
  kind: 'token' | 'ca',
): Promise<string> {
  const what = `scrape ${job}: Secret ${namespace}/${name}`;
  const found = await client?.get<{ readonly data?: Readonly<Record<string, string>> }>(
    `/api/v1/namespaces/${namespace}/secrets/${name}`,
    within,
  );
  if (found === undefined) throw new SystemNotReady(`${what} does not exist in ${cluster.name}`);
  const value = found.data?.[key];
  if (value === undefined || value === '') {
    const keys = Object.keys(found.data ?? {}).join(', ') || 'none';
    throw new SystemNotReady(`${what} has no value "${key}"; its keys: ${keys}`);
  }
  const path = join(campaignFolder(spec.slug), 'scrape', `${groupName(job, cluster.name)}.${kind}`);
  makeFolder(dirname(path), 0o700);
  // Line ends around a token would end the header that it is sent in.
  const text = Buffer.from(value, 'base64').toString('utf8');
  writeTextFile(path, kind === 'token' ? text.trim() : text, { mode: 0o600 });
  return path;
}
