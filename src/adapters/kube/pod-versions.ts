import type { WatchedPod } from './watched-pod.ts';

/** What tells two states of a Pod apart. */
export type PodVersion = Pick<WatchedPod, 'uid' | 'name' | 'version'>;

/** A complete list of Pods, or of their versions. */
export interface PodList<Pod extends PodVersion = WatchedPod> {
  readonly items: readonly Pod[];
  /** The version of the cluster that the list shows. */
  readonly version: number;
  /** The newest version that had been seen when the list was asked for. */
  readonly newestWhenAsked: number;
}

/** What a list shows that was not known. */
export interface ListDifference<Pod extends PodVersion = WatchedPod> {
  readonly present: readonly Pod[];
  /** UIDs. */
  readonly gone: readonly string[];
  /** The list contradicts the versions seen before: another history has replaced them. */
  readonly replaced: boolean;
}

/**
 * Versions of Pods as last reported. It decides what an event or a list changes.
 *
 * Versions of one cluster are comparable: a list at version V shows the state that everything up to V has led to, and nothing
 * later. A list that contradicts the versions seen before comes from another history: from an etcd that was restored, or from
 * another API server behind the same address. Such a list is reported as a whole, because versions of two histories are not
 * comparable.
 */
export class PodVersions {
  /** Version of each Pod, by UID. */
  readonly #known = new Map<string, number>();
  /** Versions of deletions, by UID, of which an older list or an event that is still under way can show the Pod. */
  readonly #gone = new Map<string, number>();
  #delivered = 0;
  #newest = 0;
  /** The Pods of the list that was compared last, by UID: it is compared again and again while a watch delivers. */
  #shown: { readonly list: PodList<PodVersion>; readonly byUid: ReadonlyMap<string, PodVersion> } | undefined;

  /** Number of Pods. */
  get count(): number {
    return this.#known.size;
  }

  /** Number of Pods of which a version is kept, deleted ones included. */
  get kept(): number {
    return this.#known.size + this.#gone.size;
  }

  /** The newest version seen. */
  get newest(): number {
    return this.#newest;
  }

  /** The version up to which the watch has delivered. */
  get delivered(): number {
    return this.#delivered;
  }

  /** Takes the version from which the watch was opened: it sends what is newer. */
  opened(version: number): void {
    this.#delivered = version;
  }

  /** Takes the version of a bookmark. */
  bookmark(version: number): void {
    this.#delivered = Math.max(this.#delivered, version);
    this.#newest = Math.max(this.#newest, version);
  }

  /** Takes the state of a Pod from an event. @returns whether it is news */
  changed(uid: string, version: number): boolean {
    this.bookmark(version);
    const known = this.#known.get(uid) ?? this.#gone.get(uid) ?? 0;
    if (version <= known) return false;
    this.#known.set(uid, version);
    this.#gone.delete(uid);
    return true;
  }

  /** Takes a deletion from an event, whose version is that of the deletion. @returns whether it is news */
  deleted(uid: string, version: number): boolean {
    this.bookmark(version);
    if (version < (this.#known.get(uid) ?? this.#gone.get(uid) ?? 0)) return false;
    this.#gone.set(uid, version);
    return this.#known.delete(uid);
  }

  /** Whether a list shows something that is not known. */
  differs(list: PodList<PodVersion>): boolean {
    if (this.#contradicts(list)) return true;
    const shown = this.#shownBy(list);
    for (const pod of shown.values()) if (this.#isNews(pod, list)) return true;
    for (const [uid, version] of this.#known) if (version <= list.version && !shown.has(uid)) return true;
    return false;
  }

  /** Takes a list. @returns what it shows that was not known */
  take<Pod extends PodVersion>(list: PodList<Pod>): ListDifference<Pod> {
    const difference = this.#compare(list);
    this.#shown = undefined;
    if (difference.replaced) {
      this.#known.clear();
      this.#gone.clear();
      this.#delivered = 0;
    }
    for (const { uid, version } of difference.present) this.#known.set(uid, version);
    for (const uid of difference.gone) {
      this.#known.delete(uid);
      this.#gone.set(uid, list.version);
    }
    const settled = Math.min(list.version, this.#delivered);
    for (const [uid, version] of this.#gone) if (version <= settled) this.#gone.delete(uid);
    this.#newest = difference.replaced ? list.version : Math.max(this.#newest, list.version);
    return difference;
  }

  #compare<Pod extends PodVersion>(list: PodList<Pod>): ListDifference<Pod> {
    const replaced = this.#contradicts(list);
    const shown = this.#shownBy(list);
    const each = new Map(list.items.map((pod) => [pod.uid, pod]));
    const present = [...each.values()].filter((pod) => replaced || this.#isNews(pod, list));
    // A Pod that is newer than the list is not missing from it.
    const missing = [...this.#known].filter(
      ([uid, version]) => !shown.has(uid) && (replaced || version <= list.version),
    );
    return { present, gone: missing.map(([uid]) => uid), replaced };
  }

  #shownBy(list: PodList<PodVersion>): ReadonlyMap<string, PodVersion> {
    if (this.#shown?.list !== list) {
      this.#shown = { list, byUid: new Map(list.items.map((pod) => [pod.uid, pod])) };
    }
    return this.#shown.byUid;
  }

  #isNews({ uid, version }: PodVersion, list: PodList<PodVersion>): boolean {
    return (this.#gone.get(uid) ?? 0) <= list.version && (this.#known.get(uid) ?? 0) < version;
  }

  #contradicts({ items, version: listed, newestWhenAsked }: PodList<PodVersion>): boolean {
    if (listed < newestWhenAsked) return true;
    return items.some(({ uid, version }) => {
      const known = this.#known.get(uid) ?? 0;
      return version < known && known <= listed;
    });
  }
}
