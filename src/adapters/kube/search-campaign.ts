import { SWEEP_LIST_MS } from '../../core/plan/limits.ts';
import { LABELS } from '../../core/plan/labels.ts';
import { messageOf } from '../../core/text/message-of.ts';
import { collectionPath, discoverAll, type ApiResource } from './api-resources.ts';
import type { ClusterClient, ObjectMeta } from './client.ts';
import { KubeError } from './kube-error.ts';
import { isCrd, isNode, isOwnKind, kindText, leftoverOf, nameOf, removable } from './swept-kinds.ts';
import type { Leftover, OwnedMeta } from './swept-kinds.ts';
import type { Within } from './api-request.ts';

/** What is looked for in a cluster. */
export interface SearchRequest {
  readonly campaign: string;
  /** Kinds (`plural.group`) that the campaign's system has brought: not to see them is to leave something behind. */
  readonly brought?: readonly string[];
  /** Field selectors by kind of the core group (`secrets`): what of it a selector does not match is left alone. */
  readonly only?: Readonly<Record<string, string>>;
}

/**
 * Looks for what is a campaign's in a cluster: what carries its label, the objects of CRDs that carry it, and what belongs to such
 * objects or to labelled ones of a CRD that was there before: Nodes, and objects of the same API group. A kind that cannot be
 * listed does not keep the others.
 */
export class CampaignSearch {
  readonly #client: ClusterClient;
  readonly #request: SearchRequest;
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
  /** API groups of CRDs that are the campaign's, also of those that are gone by now. */
  readonly #ownGroups = new Set<string>();
  readonly #seen = new Set<string>();
  /** Kinds (`plural.group`) that had something to remove. */
  readonly #found = new Set<string>();
  /** Kinds that cannot be listed, by `plural.group`, with the reason. */
  readonly #unlisted = new Map<string, { readonly kind: ApiResource; readonly reason: string }>();
  #unknown: readonly string[] = [];

  constructor(client: ClusterClient, request: SearchRequest, within: Within) {
    this.#client = client;
    this.#request = request;
    this.#within = within;
  }

  /** How many objects were ever found. */
  get seen(): number {
    return this.#seen.size;
  }

  /** What could not be searched, and why, as far as the campaign has nothing there. */
  get unsearched(): readonly string[] {
    return [...this.#unknown, ...this.#unlistedAs((kind) => !this.#mayHaveOwn(kind))];
  }

  /** Kinds that could not be listed although the campaign may have objects of them, and why. */
  get unseen(): readonly string[] {
    return this.#unlistedAs((kind) => this.#mayHaveOwn(kind));
  }

  /** Whether a finalizer is one of the campaign's own system: of an API group whose CRD the campaign has brought. */
  isOfOwnSystem(finalizer: string): boolean {
    return this.#ownGroups.has(finalizer.split('/')[0] ?? '');
  }

  /** Whether a kind is defined by a CRD, the campaign's or not. */
  isOfCrd(kind: ApiResource): boolean {
    return this.#crds.has(nameOf(kind));
  }

  /** Whether a kind is defined by a CRD that was there before the campaign. */
  isOfOthersCrd(kind: ApiResource): boolean {
    return this.#crds.get(nameOf(kind)) === false;
  }

  /**
   * What is left: of the kinds that had something left before, then of all kinds to be sure.
   * @throws the signal's reason; KubeError when the API server does not answer
   */
  async find(): Promise<readonly Leftover[]> {
    const { resources, unknown } = await discoverAll(this.#client, this.#within);
    this.#unknown = unknown;
    const kinds = removable(resources);
    const known = kinds.filter((kind) => this.#found.has(nameOf(kind)));
    const left = known.length === 0 ? [] : await this.#findAmong(known);
    return left.length > 0 ? left : this.#findAmong(kinds);
  }

  async #findAmong(kinds: readonly ApiResource[]): Promise<readonly Leftover[]> {
    await this.#listCrds(kinds);
    const [own, others] = [kinds.filter((kind) => this.#isOwn(kind)), kinds.filter((kind) => !this.#isOwn(kind))];
    const instances = await this.#list(own, () => true);
    const labelled = await this.#list(others, undefined);
    for (const { resource, uid } of [...instances, ...labelled]) {
      if (!this.isOfCrd(resource)) continue;
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
    const kin = kinds.filter((kind) => isNode(kind) || (this.#groups.has(kind.group) && this.isOfCrd(kind)));
    const candidates = await this.#list(kin, ({ ownerReferences }) => (ownerReferences ?? []).length > 0);
    for (let before = -1; before !== this.#owners.size;) {
      before = this.#owners.size;
      for (const { uid, owners } of candidates)
        if (owners.some((owner) => this.#owners.has(owner))) this.#owners.add(uid);
    }
    return candidates.filter(({ uid }) => this.#owners.has(uid));
  }

  #isOwn(kind: ApiResource): boolean {
    return this.#crds.get(nameOf(kind)) === true;
  }

  #mayHaveOwn(kind: ApiResource): boolean {
    return isOwnKind(kind) || this.#isOwn(kind) || (this.#request.brought ?? []).includes(nameOf(kind));
  }

  #unlistedAs(wanted: (kind: ApiResource) => boolean): readonly string[] {
    return [...this.#unlisted.values()]
      .filter(({ kind }) => wanted(kind))
      .map(({ kind, reason }) => `${kindText(kind)} cannot be listed: ${reason}`);
  }

  async #listCrds(kinds: readonly ApiResource[]): Promise<void> {
    const kind = kinds.find(isCrd);
    const pick = ({ metadata: { name, labels } }: { metadata: ObjectMeta }): readonly [string, boolean] => [
      name,
      labels?.[LABELS.campaign] === this.#request.campaign,
    ];
    // Where they are not among the kinds that had something, they are listed all the same.
    const crds = await this.#listKind(kind ?? CRDS, { metadataOnly: true, pick });
    if (!this.#unlisted.has(nameOf(CRDS))) this.#crds = new Map(crds);
    for (const [name, isOwn] of this.#crds) if (isOwn) this.#ownGroups.add(name.slice(name.indexOf('.') + 1));
  }

  /** Objects of some kinds: those with the campaign's label, or, when `isOwn` is given, those it says yes to. */
  async #list(
    kinds: readonly ApiResource[],
    isOwn: ((metadata: OwnedMeta) => boolean) | undefined,
  ): Promise<readonly Leftover[]> {
    // The API server of others that serves a kind may know no selectors.
    const isLabelled = ({ labels }: OwnedMeta): boolean => labels?.[LABELS.campaign] === this.#request.campaign;
    const lists = await Promise.all(
      kinds.map(async (resource) => {
        const fieldSelector = resource.group === '' ? this.#request.only?.[resource.plural] : undefined;
        const found = await this.#listKind(resource, {
          ...(isOwn === undefined ? { labelSelector: `${LABELS.campaign}=${this.#request.campaign}` } : {}),
          ...(fieldSelector === undefined ? {} : { fieldSelector }),
          metadataOnly: true,
          pick: ({ metadata }: { metadata: OwnedMeta }) =>
            (isOwn ?? isLabelled)(metadata) ? leftoverOf(resource, metadata) : undefined,
        });
        return found.filter((item) => item !== undefined);
      }),
    );
    return lists.flat();
  }

  /** Lists a kind. One that cannot be listed is remembered with the reason; if the campaign can have nothing there, it is asked once. */
  async #listKind<Kept>(
    kind: ApiResource,
    options: Parameters<ClusterClient['list']>[1] & { readonly pick: (item: never) => Kept },
  ): Promise<readonly Kept[]> {
    const name = nameOf(kind);
    const mayHaveOwn = this.#mayHaveOwn(kind);
    if (!mayHaveOwn && this.#unlisted.has(name)) return [];
    const budgetMs = mayHaveOwn || isCrd(kind) ? this.#within.budgetMs : Math.min(this.#within.budgetMs, SWEEP_LIST_MS);
    try {
      const { items } = await this.#client.list(collectionPath(kind), options, { ...this.#within, budgetMs });
      this.#unlisted.delete(name);
      return items;
    } catch (cause) {
      this.#within.signal.throwIfAborted();
      if (!(cause instanceof KubeError)) throw cause;
      // Its CRD went between the discovery and the list.
      if (cause.status === 404) return [];
      // Nothing answers at all. What the CRDs are decides what else is looked for.
      if (cause.status === 0 && (mayHaveOwn || isCrd(kind))) throw cause;
      this.#unlisted.set(name, { kind, reason: messageOf(cause) });
      return [];
    }
  }
}

const CRDS: ApiResource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
  verbs: [],
};
