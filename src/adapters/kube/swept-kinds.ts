import { quoted } from '../../core/text/quoted.ts';
import { collectionPath, type ApiResource } from './api-resources.ts';
import type { ObjectMeta } from './client.ts';
import { inPath, isObjectName } from './path-part.ts';

/** An object of a campaign that is to be removed. */
export interface Leftover {
  /** E.g. `configmaps default/settings`. */
  readonly what: string;
  readonly path: string;
  readonly resource: ApiResource;
  readonly uid: string;
  readonly resourceVersion: string;
  /** UIDs of its owners. */
  readonly owners: readonly string[];
  readonly finalizers: readonly string[];
  readonly deleting: boolean;
}

/** Metadata of a listed object, with its owners. */
export interface OwnedMeta extends ObjectMeta {
  readonly ownerReferences?: readonly { readonly uid: string }[];
}

/** Made and removed by others, in numbers: they go with what they belong to. */
const FOLLOWERS = new Set(['events', 'endpointslices', 'endpoints', 'leases', 'controllerrevisions']);

/** Removed only when nothing else is left: what is in or of them must go first. */
const LAST = new Set(['nodes', 'customresourcedefinitions', 'namespaces']);

/** Kinds of which Belay itself makes objects. */
const OWN_KINDS = new Set(['nodes.', 'namespaces.', 'pods.']);

/** A kind's name as a CRD has it. */
export function nameOf({ plural, group }: Pick<ApiResource, 'plural' | 'group'>): string {
  return `${plural}.${group}`;
}

/** A kind's name for people: `pods`, `widgets.example.com`. */
export function kindText({ plural, group }: Pick<ApiResource, 'plural' | 'group'>): string {
  return group === '' ? plural : `${plural}.${group}`;
}

/** Whether a sweep that cannot list a kind has left something behind, for all that is known. */
export function isOwnKind(kind: Pick<ApiResource, 'plural' | 'group'>): boolean {
  return OWN_KINDS.has(nameOf(kind));
}

export function isNode({ plural, group }: Pick<ApiResource, 'plural' | 'group'>): boolean {
  return plural === 'nodes' && group === '';
}

export function isCrd({ plural, group }: Pick<ApiResource, 'plural' | 'group'>): boolean {
  return plural === 'customresourcedefinitions' && group === 'apiextensions.k8s.io';
}

/** Kinds that can be listed and deleted, each once. */
export function removable(resources: readonly ApiResource[]): readonly ApiResource[] {
  const kinds = new Map<string, ApiResource>();
  for (const resource of resources) {
    const key = nameOf(resource);
    if (!resource.verbs.includes('list') || !resource.verbs.includes('delete')) continue;
    if (!kinds.has(key) && !FOLLOWERS.has(resource.plural)) kinds.set(key, resource);
  }
  return [...kinds.values()];
}

/**
 * The order in which kinds are removed: Pods and objects of CRDs first, while the controllers that hold them still run; then the
 * controllers; then what has contained them all.
 */
export function removalRank(kind: ApiResource, isOfCrd: boolean): number {
  if (LAST.has(kind.plural)) return 2;
  return isOfCrd || (kind.plural === 'pods' && kind.group === '') ? 0 : 1;
}

/**
 * A listed object as a leftover.
 * @throws Error for one that could not be deleted as itself: the API server of others that lists it may say anything
 */
export function leftoverOf(resource: ApiResource, metadata: OwnedMeta): Leftover {
  const { name, uid, resourceVersion, ownerReferences, finalizers, deletionTimestamp } = metadata;
  // Others may write an absent field as null or as an empty text.
  const namespace = metadata.namespace || undefined;
  if (!isObjectName(name) || (namespace !== undefined && !isObjectName(namespace)))
    throw new Error(`name: found ${quoted([namespace, name])}; allowed: one part of a path`);
  if (typeof uid !== 'string' || uid === '') throw new Error(`uid: found ${quoted(uid)}; allowed: a text`);
  return {
    what: `${kindText(resource)} ${namespace === undefined ? '' : `${namespace}/`}${name}`,
    path: `${collectionPath(resource, namespace === undefined ? undefined : inPath(namespace))}/${inPath(name)}`,
    resource,
    uid,
    resourceVersion,
    owners: (ownerReferences ?? []).map((owner) => owner.uid),
    finalizers: finalizers ?? [],
    deleting: (deletionTimestamp ?? undefined) !== undefined,
  };
}
