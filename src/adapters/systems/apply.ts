import { setTimeout as sleep } from 'node:timers/promises';
import { LABELS } from '../../core/plan/labels.ts';
import type { ClusterClient, ObjectMeta } from '../kube/client.ts';
import { refusal } from '../kube/kube-error.ts';
import type { Within } from '../kube/transport.ts';
import type { ManifestObject } from './manifests.ts';
import type { ResourcePaths } from './resource-paths.ts';

const FIELD_MANAGER = 'belay';

const POLL_MS = 200;

/** What became of an object: `left` = it was there before the campaign and is not the campaign's. */
export type Applied = 'applied' | 'left';

/**
 * Applies an object server-side, with the labels given. One that exists without this campaign's label belongs to somebody
 * else: a CRD is left as it is, anything else is an error.
 * @throws Error naming the object when it is somebody else's; KubeError when the server refuses it
 */
export async function applyObject(
  client: ClusterClient,
  paths: ResourcePaths,
  object: ManifestObject,
  labels: Readonly<Record<string, string>>,
  within: Within,
): Promise<Applied> {
  const path = await paths.await(object, within);
  const present = await client.get<{ metadata: ObjectMeta }>(path, within);
  const owner = present?.metadata.labels?.[LABELS.campaign];
  if (present !== undefined && owner !== labels[LABELS.campaign]) {
    if (object.kind === 'CustomResourceDefinition') return 'left';
    const whose = owner === undefined ? 'not made by Belay' : `of campaign ${owner}`;
    throw new Error(`${object.kind} ${object.metadata.name} exists already in ${client.server} and is ${whose}`);
  }
  const body = { ...object, metadata: { ...object.metadata, labels: { ...object.metadata.labels, ...labels } } };
  const { status, body: answer } = await client.request(
    {
      method: 'PATCH',
      path: `${path}?fieldManager=${FIELD_MANAGER}&force=true`,
      body: JSON.stringify(body),
      // JSON is YAML.
      contentType: 'application/apply-patch+yaml',
    },
    within,
  );
  if (status >= 300) throw refusal('PATCH', path, status, answer);
  return 'applied';
}

/**
 * Deletes an object if it carries this campaign's label, and waits until it is gone: its controller may have to take
 * finalizers off it. One whose kind is not served any more is gone.
 * @throws Error when it is still there after the budget
 */
export async function deleteObject(
  client: ClusterClient,
  paths: ResourcePaths,
  object: ManifestObject,
  campaign: string,
  within: Within,
): Promise<void> {
  const path = await paths.find(object, within);
  if (path === undefined) return;
  const until = performance.now() + within.budgetMs;
  for (let asked = false; ; asked = true) {
    const present = await client.get<{ metadata: ObjectMeta }>(path, within);
    if (present?.metadata.labels?.[LABELS.campaign] !== campaign) return;
    if (!asked) await client.delete(path, { uid: present.metadata.uid }, within);
    if (performance.now() > until) {
      const finalizers = present.metadata.finalizers?.join(', ') ?? 'none';
      throw new Error(
        `${object.kind} ${object.metadata.name} is still there ${within.budgetMs} ms after its deletion (finalizers: ${finalizers})`,
      );
    }
    await sleep(POLL_MS, undefined, { signal: within.signal });
  }
}
