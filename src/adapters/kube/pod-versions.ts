import type { WatchedPod } from './watched-pod.ts';

/** A complete list of Pods. */
export interface PodList {
  readonly items: readonly WatchedPod[];
  /** The version of the cluster that the list shows. */
  readonly version: number;
  /** The newest version that had been seen when the list was asked for. */
  readonly newestWhenAsked: number;
}

/** What a list shows that was not known. */
export interface ListDifference {
  readonly present: readonly WatchedPod[];
  /** UIDs. */
  readonly gone: readonly string[];
  /** The list contradicts the versions seen before: another history has replaced them. */
  readonly replaced: boolean;
}

/**
 * Versions of Pods as last reported. It decides what an event or a list changes.
 *
 * Versions of one cluster are comparable: a list at version V shows everything that happened up to V and nothing that happened
 * later. So an event up to V is already in the list, and an event after V is newer than the list. A list that contradicts this
 * comes from another history: from an etcd that was restored, or from another API server behind the same address. Such a list
 * is reported as a whole, because versions of two histories are not comparable.
 */
export class PodVersions {
  /** Version of each Pod, by UID. */
  readonly #known = new Map<string, number>();
  /** Versions of the deletions after the last list, by UID. An older list still shows these Pods, and a replay changes them. */
  readonly #gone = new Map<string, number>();
  #listed = 0;
  #newest = 0;

  /** Number of Pods. */
  get count(): number {
    return this.#known.size;
  }

  /** The newest version seen. */
  get newest(): number {
    return this.#newest;
  }

  /** Takes the version of a bookmark. */
  bookmark(version: number): void {
    this.#newest = Math.max(this.#newest, version);
  }

  /** Takes the state of a Pod from an event. @returns whether it is news */
  changed(uid: string, version: number): boolean {
    this.bookmark(version);
    const known = this.#known.get(uid) ?? this.#gone.get(uid) ?? 0;
    if (version <= this.#listed || version <= known) return false;
    this.#known.set(uid, version);
    this.#gone.delete(uid);
    return true;
  }

  /** Takes a deletion from an event, whose version is that of the deletion. @returns whether it is news */
  deleted(uid: string, version: number): boolean {
    this.bookmark(version);
    if (version <= this.#listed || version < (this.#known.get(uid) ?? 0)) return false;
    this.#gone.set(uid, version);
    return this.#known.delete(uid);
  }

  /** Takes a list. */
  list(list: PodList): ListDifference {
    const replaced = this.#contradicts(list);
    const before = new Map(this.#known);
    if (replaced) {
      this.#known.clear();
      this.#gone.clear();
    }
    const present = list.items.filter(({ uid, version }) => {
      if ((this.#gone.get(uid) ?? 0) > list.version || (this.#known.get(uid) ?? 0) >= version) return false;
      this.#known.set(uid, version);
      return true;
    });
    const shown = new Set(list.items.map(({ uid }) => uid));
    // A Pod that is newer than the list is not missing from it.
    const gone = [...before.keys()].filter(
      (uid) => !shown.has(uid) && (replaced || (before.get(uid) ?? 0) <= list.version),
    );
    for (const uid of gone) this.#known.delete(uid);
    for (const [uid, version] of this.#gone) if (version <= list.version) this.#gone.delete(uid);
    this.#listed = list.version;
    this.#newest = replaced ? list.version : Math.max(this.#newest, list.version);
    return { present, gone, replaced };
  }

  #contradicts({ items, version: listed, newestWhenAsked }: PodList): boolean {
    if (listed < newestWhenAsked) return true;
    return items.some(({ uid, version }) => {
      const known = this.#known.get(uid) ?? 0;
      return version < known && known <= listed;
    });
  }
}
