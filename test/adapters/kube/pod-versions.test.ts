import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PodVersions } from '../../../src/adapters/kube/pod-versions.ts';
import type { PodList } from '../../../src/adapters/kube/pod-versions.ts';
import { readPod } from '../../../src/adapters/kube/watched-pod.ts';
import type { WatchedPod } from '../../../src/adapters/kube/watched-pod.ts';

function pod(uid: string, version: number): WatchedPod {
  return readPod({ metadata: { name: uid, uid, resourceVersion: String(version) } });
}

/** Versions after a list of `a` at 5 and `b` at 6, shown at version 10. */
function known(): PodVersions {
  const versions = new PodVersions();
  versions.take({ items: [pod('a', 5), pod('b', 6)], version: 10, newestWhenAsked: 0 });
  versions.opened(10);
  return versions;
}

/** What a list shows that was not known, as text. */
function difference(
  versions: PodVersions,
  items: readonly WatchedPod[],
  version: number,
  newestWhenAsked: number,
): string {
  const { present, gone, replaced } = versions.take({ items, version, newestWhenAsked });
  const lines = [...present.map((found) => `${found.uid}@${found.version}`), ...gone.map((uid) => `-${uid}`)];
  return [...lines, ...(replaced ? ['replaced'] : [])].join(' ');
}

describe('a list after events', () => {
  test('shows what the events did not', () => {
    expect(difference(known(), [pod('a', 5), pod('b', 12), pod('c', 13)], 14, 10)).toBe('b@12 c@13');
    expect(difference(known(), [pod('b', 6)], 14, 10)).toBe('-a');
    expect(difference(known(), [pod('a', 5), pod('b', 6)], 14, 10)).toBe('');
  });

  test('does not undo events that are newer than it', () => {
    const versions = known();
    versions.changed('c', 21);
    versions.changed('a', 22);
    versions.deleted('b', 23);
    expect(difference(versions, [pod('a', 5), pod('b', 6)], 20, 10)).toBe('');
    expect(difference(versions, [pod('a', 22), pod('c', 21)], 23, 23)).toBe('');
  });

  test('corrects a deletion that did not happen', () => {
    const versions = known();
    expect(versions.deleted('b', 12)).toBe(true);
    expect(difference(versions, [pod('a', 5), pod('b', 6)], 20, 12)).toBe('b@6');
  });

  test('is reported as a whole when it is older than what had been seen: an etcd was restored', () => {
    expect(difference(known(), [pod('a', 5), pod('c', 7)], 9, 10)).toBe('a@5 c@7 -b replaced');
    const bookmarked = known();
    bookmarked.bookmark(900);
    expect(difference(bookmarked, [pod('a', 5), pod('b', 6)], 20, 900)).toBe('a@5 b@6 replaced');
    expect(bookmarked.newest).toBe(20);
  });

  test('is reported as a whole when a Pod in it is older than it should be: a restored etcd that has gone on', () => {
    const versions = known();
    versions.changed('a', 15);
    expect(difference(versions, [pod('a', 5), pod('b', 6)], 40, 15)).toBe('a@5 b@6 replaced');
    expect(versions.changed('a', 41)).toBe(true);
  });

  test('of another history leaves nothing behind that hides its events', () => {
    const versions = known();
    versions.changed('a', 1_000);
    versions.deleted('b', 1_001);
    expect(difference(versions, [], 3, 1_001)).toBe('-a replaced');
    expect(versions.changed('a', 4)).toBe(true);
    expect(versions.changed('b', 5)).toBe(true);
    expect(versions.count).toBe(2);
  });
});

describe('an event', () => {
  test('that the list already shows is no news', () => {
    const versions = known();
    expect(versions.changed('a', 5)).toBe(false);
    expect(versions.changed('b', 4)).toBe(false);
  });

  test('that is late does not bring a Pod back that a list had removed', () => {
    const versions = known();
    expect(difference(versions, [pod('b', 6)], 20, 10)).toBe('-a');
    expect(versions.changed('a', 15)).toBe(false);
    expect(versions.deleted('a', 16)).toBe(false);
    expect(difference(versions, [pod('b', 6)], 30, 20)).toBe('');
    expect(versions.changed('a', 17)).toBe(false);
  });

  test('that is late is news when the Pod came and went between two lists', () => {
    const versions = known();
    expect(difference(versions, [pod('a', 5), pod('b', 6)], 20, 10)).toBe('');
    expect(versions.changed('c', 15)).toBe(true);
    expect(versions.deleted('c', 16)).toBe(true);
  });

  test('that is replayed is no news, nor does it bring a deleted Pod back', () => {
    const versions = known();
    expect(versions.changed('c', 11)).toBe(true);
    expect(versions.changed('c', 11)).toBe(false);
    expect(versions.deleted('c', 12)).toBe(true);
    expect(versions.changed('c', 11)).toBe(false);
    expect(versions.deleted('c', 12)).toBe(false);
    expect(versions.changed('c', 13)).toBe(true);
  });
});

describe('for any history, any watch and any lists', () => {
  /** Steps of a run: the cluster changes, the watch delivers, skips or repeats, a list is asked for or taken over. */
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('change' as const), uid: fc.nat(2), delete: fc.boolean() }) },
    { weight: 4, arbitrary: fc.constant({ kind: 'deliver' as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'skip' as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'replay' as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'ask' as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'take' as const }) },
  );

  test('the state ends as the last list and the events after it; nothing is reported twice, or after it was gone', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 40, maxLength: 150 }), (steps) => {
        const run = new Run();
        for (const next of steps) run.step(next);
        run.finish();
        expect(run.reported).toEqual(run.cluster);
        expect(run.invented).toEqual([]);
      }),
      { numRuns: 3_000 },
    );
  });
});

/** One change of the cluster. */
interface Change {
  readonly uid: string;
  readonly version: number;
  readonly deleted: boolean;
}

/** A cluster, a watch of it and the state that comes of both. */
class Run {
  readonly cluster = new Map<string, number>();
  readonly reported = new Map<string, number>();
  readonly invented: string[] = [];
  readonly #versions = new PodVersions();
  readonly #log: Change[] = [];
  readonly #everGone = new Set<string>();
  /** Index of the change that the watch delivers next. */
  #next = 0;
  #lists = 0;
  /** Index of the first change that the open watch delivers, and whether it skipped one. */
  #first = 0;
  #skipped = false;
  /** The step before delivered an event. */
  #delivered = false;
  #asked: PodList | undefined;
  #version = 1;

  step(next: { kind: string; uid?: number; delete?: boolean }): void {
    if (next.kind === 'change') this.#change(next.uid ?? 0, next.delete === true);
    else if (next.kind === 'deliver') this.#deliver();
    else if (next.kind === 'skip') this.#skip();
    else if (next.kind === 'replay') this.#replay();
    else if (next.kind === 'ask') this.#asked ??= this.#list();
    else if (next.kind === 'take') this.#take();
  }

  finish(): void {
    this.#take();
    this.#asked = this.#list();
    this.#take();
    while (this.#next < this.#log.length) this.#deliver();
  }

  /** UIDs are never used again: the next Pod of a name has another one. */
  #change(index: number, remove: boolean): void {
    const uid = [...this.cluster.keys()].find((key) => key.startsWith(`${index}-`)) ?? `${index}-${this.#version}`;
    this.#version++;
    if (remove && !this.cluster.has(uid)) return;
    if (remove) this.cluster.delete(uid);
    else this.cluster.set(uid, this.#version);
    this.#log.push({ uid, version: this.#version, deleted: remove });
  }

  /** The watch goes back by one event. */
  #replay(): void {
    if (!this.#delivered || this.#next === this.#first) return;
    this.#next--;
    this.#delivered = false;
  }

  #skip(): void {
    if (this.#next === this.#log.length || this.#lists === 0) return;
    this.#next++;
    this.#skipped = true;
    this.#delivered = false;
  }

  #deliver(): void {
    const change = this.#log[this.#next];
    if (change === undefined || this.#lists === 0) return;
    this.#next++;
    this.#delivered = true;
    const { uid, version, deleted } = change;
    if (deleted) {
      if (this.#versions.deleted(uid, version)) this.#gone(uid);
    } else if (this.#versions.changed(uid, version)) this.#present(uid, version);
  }

  #list(): PodList {
    const items = [...this.cluster].map(([uid, version]) => pod(uid, version));
    return { items, version: this.#version, newestWhenAsked: this.#versions.newest };
  }

  #open(version: number): void {
    this.#first = this.#log.filter((change) => change.version <= version).length;
    this.#next = this.#first;
    this.#skipped = false;
    this.#versions.opened(version);
  }

  #take(): void {
    if (this.#asked === undefined) return;
    const list = this.#asked;
    this.#asked = undefined;
    const undelivered = this.#log.some(({ version }, index) => version <= list.version && index >= this.#next);
    const { present, gone, replaced } = this.#versions.take(list);
    for (const found of present) this.#present(found.uid, found.version);
    for (const uid of gone) this.#gone(uid);
    if (replaced) this.invented.push('replaced');
    if (this.#lists > 0 && !undelivered && !this.#skipped && present.length + gone.length > 0)
      this.invented.push('difference');
    // The watch is opened from the list at first, and whenever it had skipped something.
    if (this.#lists === 0 || present.length + gone.length > 0) this.#open(list.version);
    this.#lists++;
  }

  #present(uid: string, version: number): void {
    if ((this.reported.get(uid) ?? 0) >= version) this.invented.push(`${uid} again`);
    if (this.#everGone.has(uid)) this.invented.push(`${uid} after it was gone`);
    this.reported.set(uid, version);
  }

  #gone(uid: string): void {
    if (!this.reported.delete(uid)) this.invented.push(`${uid} gone again`);
    this.#everGone.add(uid);
  }
}
