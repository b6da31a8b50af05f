import { REMOVALS_AT_ONCE, SWEEP_POLL_MS } from '../../core/plan/limits.ts';
import { pause } from '../host/poll-until.ts';
import { LABELS } from '../../core/plan/labels.ts';
import { collectionPath, discover } from './api-resources.ts';
import type { ApiResource } from './api-resources.ts';
import type { ClusterClient, ObjectMeta } from './client.ts';
import { KubeError } from './kube-error.ts';
import { openLoop } from './open-loop.ts';
import type { Within } from './transport.ts';

/** The result of a removal. Objects that are left are a result and not an error: the caller reports them and continues. */
export interface Removal {
  readonly removed: number;
  /** What is still there, e.g. `nodeclaims.karpenter.sh default-x7k (finalizer karpenter.sh/termination)`. */
  readonly left: readonly string[];
}

interface Leftover {
  readonly what: string;
  readonly path: string;
  readonly resource: ApiResource;
  readonly uid: string;
  /** UIDs of its owners. */
  readonly owners: readonly string[];
  readonly finalizers: readonly string[];
  readonly deleting: boolean;
}

/** Share of the budget after which finalizers are removed: their controller is gone. */
const PATIENCE = 0.5;

/** Made and removed by others, in numbers: they go with what they belong to. */
const FOLLOWERS = new Set(['events', 'endpointslices', 'endpoints', 'leases', 'controllerrevisions']);

/** Removed only when nothing else is left: what is in or of them must go first. */
const LAST = new Set(['nodes', 'customresourcedefinitions', 'namespaces']);

/**
 * Removes everything that carries a campaign's label, the objects of CRDs that carry it, and what belongs to such objects
 * or to labelled ones of a CRD that was there before: Nodes, and objects of the same API group. It waits until all is gone.
 * Nothing else is touched, so it is safe in a cluster that others use. Finalizers that no controller removes in half of
 * the budget are removed. It can be called again after an interruption.
 * @throws the signal's reason; KubeError when the API server does not answer
 */
export async function removeCampaign(
  client: ClusterClient,
  request: {
    readonly campaign: string;
    /** Field selectors by kind of the core group (`secrets`): what of it a selector does not match is left alone. */
    readonly only?: Readonly<Record<string, string>>;
    readonly onProgress: (left: number) => void;
  },
  within: Within,
): Promise<Removal> {
  const { signal, budgetMs } = within;
  const beganAtMs = Date.now();
  const sweep = new Sweep(client, request.campaign, request.only ?? {}, within);
  for (;;) {
    const left = await sweep.find();
    request.onProgress(left.length);
    const removed = sweep.seen - left.length;
    if (left.length === 0) return { removed, left: [] };
    const elapsedMs = Date.now() - beganAtMs;
    if (elapsedMs > budgetMs) return { removed, left: left.map(describe) };
    const first = left.filter(({ resource }) => !LAST.has(resource.plural));
    await sweep.delete((first.length > 0 ? first : left).filter(({ deleting }) => !deleting));
    if (elapsedMs > budgetMs * PATIENCE) await sweep.release(left.filter(({ deleting }) => deleting));
    await pause(SWEEP_POLL_MS, signal);
  }
}

class Sweep {
  readonly #client: ClusterClient;
  readonly #campaign: string;
  readonly #only: Readonly<Record<string, string>>;
  readonly #within: Within;
  /**
   * Objects of CRDs that are the campaign's: what names one as its owner is the campaign's too. They are remembered, since
   * what they own may outlive them.
   */
  readonly #owners = new Set<string>();
  /** API groups of the owners. */
  readonly #groups = new Set<string>();
  /** Kinds that CRDs define, and whether the CRD is the campaign's. */
  #crds: ReadonlyMap<string, boolean> = new Map();
  readonly #seen = new Set<string>();
  /** Kinds (`plural.group`) that had something to remove. */
  readonly #found = new Set<string>();

  constructor(client: ClusterClient, campaign: string, only: Readonly<Record<string, string>>, within: Within) {
    this.#client = client;
    this.#campaign = campaign;
    this.#only = only;
    this.#within = within;
  }

  /** How many objects were ever found. */
  get seen(): number {
    return this.#seen.size;
  }

  /** What is left: of the kinds that had something left before, then of all kinds to be sure. */
  async find(): Promise<readonly Leftover[]> {
    const kinds = removable(await discover(this.#client, this.#within));
    const known = kinds.filter((kind) => this.#found.has(nameOf(kind)));
    const left = known.length === 0 ? [] : await this.#findAmong(known);
    return left.length > 0 ? left : this.#findAmong(kinds);
  }

  async #findAmong(kinds: readonly ApiResource[]): Promise<readonly Leftover[]> {
    this.#crds = await this.#listCrds();
    const [own, others] = [kinds.filter((kind) => this.#isOwn(kind)), kinds.filter((kind) => !this.#isOwn(kind))];
    const instances = await this.#list(own, () => true);
    const labelled = await this.#list(others, undefined);
    for (const { resource, uid } of [...instances, ...labelled]) {
      if (!this.#crds.has(nameOf(resource))) continue;
      this.#owners.add(uid);
      this.#groups.add(resource.group);
    }
    const found = new Map(
      [...instances, ...labelled, ...(await this.#owned(others))].map((leftover) => [leftover.uid, leftover]),
    );
    for (const { resource, uid } of found.values()) {
      this.#found.add(nameOf(resource));
      this.#seen.add(uid);
    }
    return [...found.values()];
  }

  /** What belongs to the owners, to what belongs to them, and so on: objects of their API groups, and Nodes. */
  async #owned(kinds: readonly ApiResource[]): Promise<readonly Leftover[]> {
    if (this.#owners.size === 0) return [];
    const kin = kinds.filter((kind) => isNode(kind) || (this.#groups.has(kind.group) && this.#crds.has(nameOf(kind))));
    const candidates = await this.#list(kin, ({ ownerReferences }) => (ownerReferences ?? []).length > 0);
    for (let before = -1; before !== this.#owners.size;) {
      before = this.#owners.size;
      for (const { uid, owners } of candidates)
        if (owners.some((owner) => this.#owners.has(owner))) this.#owners.add(uid);
    }
    return candidates.filter(({ uid }) => this.#owners.has(uid));
  }

  async delete(leftovers: readonly Leftover[]): Promise<void> {
    await this.#each(leftovers, async ({ path, resource, uid }) => {
      const pod = resource.group === '' && resource.plural === 'pods';
      // Of a CRD that stays: while it is there, a sweep after one that was cut off finds what it owns.
      const foreground = this.#crds.get(nameOf(resource)) === false;
      await this.#client.delete(path, pod ? { gracePeriodSeconds: 0, uid } : { uid, foreground }, this.#within);
      if (!isNode(resource)) return;
      // A Node's heartbeat outlives it where no controller removes it.
      const lease = `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${path.split('/').at(-1)}`;
      await this.#client.delete(lease, {}, this.#within);
    });
  }

  async release(leftovers: readonly Leftover[]): Promise<void> {
    await this.#each(
      leftovers.filter(({ finalizers }) => finalizers.length > 0),
      async ({ path }) => {
        await this.#client.patch(path, 'merge', { metadata: { finalizers: null } }, this.#within);
      },
    );
  }

  #isOwn(kind: ApiResource): boolean {
    return this.#crds.get(nameOf(kind)) === true;
  }

  async #listCrds(): Promise<ReadonlyMap<string, boolean>> {
    const crds = await this.#client.list(
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
      {
        metadataOnly: true,
        pick: ({ metadata: { name, labels } }: { metadata: ObjectMeta }) =>
          [name, labels?.[LABELS.campaign] === this.#campaign] as const,
      },
      this.#within,
    );
    return new Map(crds.items);
  }

  /** Objects of some kinds: those with the campaign's label, or, when `isOwn` is given, those it says yes to. */
  async #list(
    kinds: readonly ApiResource[],
    isOwn: ((metadata: ObjectMeta & OwnerReferences) => boolean) | undefined,
  ): Promise<readonly Leftover[]> {
    const lists = await Promise.all(
      kinds.map(async (resource) => {
        const fieldSelector = resource.group === '' ? this.#only[resource.plural] : undefined;
        const listing = this.#client.list(
          collectionPath(resource),
          {
            ...(isOwn === undefined ? { labelSelector: `${LABELS.campaign}=${this.#campaign}` } : {}),
            ...(fieldSelector === undefined ? {} : { fieldSelector }),
            metadataOnly: true,
            pick: ({ metadata }: { metadata: ObjectMeta & OwnerReferences }) =>
              isOwn === undefined || isOwn(metadata) ? leftoverOf(resource, metadata) : undefined,
          },
          this.#within,
        );
        try {
          return (await listing).items.filter((item) => item !== undefined);
        } catch (cause) {
          // Its CRD went between the discovery and the list.
          if (cause instanceof KubeError && cause.status === 404) return [];
          throw cause;
        }
      }),
    );
    return lists.flat();
  }

  async #each(leftovers: readonly Leftover[], act: (leftover: Leftover) => Promise<void>): Promise<void> {
    await openLoop({
      count: leftovers.length,
      fromIndex: 0,
      dueAtMs: () => 0,
      parallel: REMOVALS_AT_ONCE,
      signal: this.#within.signal,
      run: async (index) => {
        const leftover = leftovers[index];
        if (leftover !== undefined) await act(leftover);
      },
    });
  }
}

interface OwnerReferences {
  readonly ownerReferences?: readonly { readonly uid: string }[];
}

/** A kind's name as a CRD has it. */
function nameOf({ plural, group }: ApiResource): string {
  return `${plural}.${group}`;
}

function isNode({ plural, group }: ApiResource): boolean {
  return plural === 'nodes' && group === '';
}

/** Kinds that can be listed and deleted, each once. */
function removable(resources: readonly ApiResource[]): readonly ApiResource[] {
  const kinds = new Map<string, ApiResource>();
  for (const resource of resources) {
    const key = nameOf(resource);
    if (!resource.verbs.includes('list') || !resource.verbs.includes('delete')) continue;
    if (!kinds.has(key) && !FOLLOWERS.has(resource.plural)) kinds.set(key, resource);
  }
  return [...kinds.values()];
}

function leftoverOf(resource: ApiResource, metadata: ObjectMeta & OwnerReferences): Leftover {
  const { name, namespace, uid, ownerReferences, finalizers, deletionTimestamp } = metadata;
  const kind = resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
  return {
    what: `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`,
    path: `${collectionPath(resource, namespace)}/${name}`,
    resource,
    uid,
    owners: (ownerReferences ?? []).map((owner) => owner.uid),
    finalizers: finalizers ?? [],
    deleting: deletionTimestamp !== undefined,
  };
}

function describe({ what, finalizers }: Leftover): string {
  return finalizers.length === 0 ? what : `${what} (finalizer ${finalizers.join(', ')})`;
}
