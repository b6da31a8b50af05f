import type { AccessName } from '../kubeconfig/cluster-access.ts';

/** The existing clusters of a campaign, as the command line has found them in the kubeconfig of its shell. */
export interface CampaignTargets {
  /** Name of the record with their kubeconfigs on the host where the campaign was typed; absent: there is none. */
  readonly record?: string;
  /** No substrate file names them: they were lent on the command line. Only the host with the record can use them. */
  readonly lent?: boolean;
  /** In the order of the campaign's clusters. A worker for which one of them is another one refuses the campaign. */
  readonly clusters: readonly AccessName[];
}

const MAX_CLUSTERS = 1_000;
const MAX_TEXT = 1_000;

/** Whether a text can be the name of a record: nothing that could be a path. */
export function isRecordName(text: string): boolean {
  return /^[\da-f]{32}$/.test(text);
}

/** Reads the key `targets` of a workflow's input; undefined where it is not what the command line writes. */
export function parseTargets(value: unknown): CampaignTargets | undefined {
  if (!isMap(value)) return undefined;
  const { record, lent, clusters, ...others } = value;
  if (Object.keys(others).length > 0 || !Array.isArray(clusters) || clusters.length > MAX_CLUSTERS) return undefined;
  if (record !== undefined && (typeof record !== 'string' || !isRecordName(record))) return undefined;
  if (lent !== undefined && (lent !== true || record === undefined || clusters.length === 0)) return undefined;
  const named = clusters.map(parseName);
  if (named.includes(undefined)) return undefined;
  return {
    ...(record === undefined ? {} : { record }),
    ...(lent === undefined ? {} : { lent }),
    clusters: named as readonly AccessName[],
  };
}

function parseName(value: unknown): AccessName | undefined {
  if (!isMap(value)) return undefined;
  const { context, cluster, server, user, ...others } = value;
  if (Object.keys(others).length > 0) return undefined;
  if (!isText(context) || !isText(cluster) || !isText(server) || !isText(user)) return undefined;
  return { context, cluster, server, user };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
