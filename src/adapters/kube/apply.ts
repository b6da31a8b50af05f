import { CRD_POLL_MS } from '../../core/plan/limits.ts';
import { pollUntil } from '../host/poll-until.ts';
import { LABELS, ownershipLabels } from '../../core/plan/labels.ts';
import type { Ownership } from '../../core/plan/labels.ts';
import { collectionPath, discover } from './api-resources.ts';
import type { ApiResource } from './api-resources.ts';
import type { ClusterClient, ObjectMeta } from './client.ts';
import { KubeError, refusal } from './kube-error.ts';
import { nameOf as kindNameOf } from './swept-kinds.ts';
import type { Within } from './api-request.ts';

/** An object as a manifest has it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

/** What became of a manifest. `foreign`: the object was there and is not this campaign's, so it was left as it is. */
export interface Applied {
  /** E.g. `CustomResourceDefinition nodepools.karpenter.sh`. */
  readonly what: string;
  readonly outcome: 'created' | 'updated' | 'foreign';
  /** Its kind as `plural.group`. */
  readonly kind: string;
}

const FIELD_MANAGER = 'belay';

/**
 * Applies manifests server-side, in order, each labelled as the campaign's. An object that is there already without the
 * campaign's label is never touched: labelled, it would be removed with the campaign. A kind that is not served yet (its
 * CRD was just applied) is waited for.
 * @throws KubeError naming the object that was refused, or whose kind is not served within the budget
 */
export async function applyManifests(
  client: ClusterClient,
  manifests: readonly Manifest[],
  options: { readonly owner: Ownership; readonly defaultNamespace: string },
  within: Within,
): Promise<readonly Applied[]> {
  const untilMs = performance.now() + within.budgetMs;
  const kinds = new Kinds(client);
  const applied: Applied[] = [];
  for (const manifest of manifests) {
    const left = { signal: within.signal, budgetMs: Math.max(1, untilMs - performance.now()) };
    const resource = await kinds.of(manifest, left);
    const namespace = manifest.metadata.namespace ?? options.defaultNamespace;
    const path = `${collectionPath(resource, namespace)}/${manifest.metadata.name}`;
    const outcome = await applyOne(client, path, manifest, options.owner, left);
    applied.push({ what: nameOf(manifest), outcome, kind: kindNameOf(resource) });
  }
  return applied;
}

async function applyOne(
  client: ClusterClient,
  path: string,
  manifest: Manifest,
  owner: Ownership,
  within: Within,
): Promise<Applied['outcome']> {
  const present = await client.get<{ metadata: ObjectMeta }>(path, within);
  if (present !== undefined && present.metadata.labels?.[LABELS.campaign] !== owner.campaign) return 'foreign';
  const labels = { ...manifest.metadata.labels, ...ownershipLabels(owner) };
  const { status, body } = await client.request(
    {
      method: 'PATCH',
      path: `${path}?fieldManager=${FIELD_MANAGER}&force=true`,
      body: JSON.stringify({ ...manifest, metadata: { ...manifest.metadata, labels } }),
      contentType: 'application/apply-patch+yaml',
    },
    within,
  );
  if (status >= 300) throw refusal('PATCH', path, status, body);
  return status === 201 ? 'created' : 'updated';
}

/** Kinds by name, asked for anew when one is missing. */
class Kinds {
  readonly #client: ClusterClient;
  #known: readonly ApiResource[] = [];

  constructor(client: ClusterClient) {
    this.#client = client;
  }

  async of(manifest: Manifest, within: Within): Promise<ApiResource> {
    const resource = await pollUntil({ everyMs: CRD_POLL_MS, ...within }, async () => {
      const known = this.#find(manifest);
      if (known !== undefined) return known;
      this.#known = await discover(this.#client, within);
      return this.#find(manifest);
    });
    if (resource !== undefined) return resource;
    const message = `${nameOf(manifest)}: ${this.#client.server} does not serve ${manifest.apiVersion} ${manifest.kind}`;
    throw new KubeError(`${message} after ${Math.round(within.budgetMs)} ms`, 404, 'NotFound');
  }

  #find({ apiVersion, kind }: Manifest): ApiResource | undefined {
    return this.#known.find(
      (each) =>
        each.kind === kind && (each.group === '' ? each.version : `${each.group}/${each.version}`) === apiVersion,
    );
  }
}

function nameOf({ kind, metadata }: Manifest): string {
  return `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`;
}
