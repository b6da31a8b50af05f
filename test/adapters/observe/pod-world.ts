import { PodAccounts, type StageCount } from '../../../src/adapters/observe/pod-accounts.ts';
import type { PodFact } from '../../../src/adapters/observe/pod-facts.ts';
import { factOf, lineOf } from '../../../src/adapters/observe/pod-facts.ts';
import type { PodChange } from '../../../src/adapters/kube/pod-watch.ts';
import type { WatchedPod } from '../../../src/adapters/kube/watched-pod.ts';
import { aWatchedPod } from '../kube/watched-pods.ts';

/** A Pod of the world, and the truth about it. Moments are ms. */
export interface TruePod {
  pod: WatchedPod;
  readonly sentAtMs: number;
  boundAtMs: number | undefined;
  exists: boolean;
}

/** What happens next. `pick` chooses a Pod or how many lines a kill leaves; `ms` passes before it. */
export interface Step {
  readonly what:
    | 'create'
    | 'createUnanswered'
    | 'bind'
    | 'delete'
    | 'deleteUnanswered'
    | 'deleteAnsweredLate'
    | 'answer'
    | 'terminate'
    | 'deliver'
    | 'deliverAll'
    | 'loseWatch'
    | 'list'
    | 'scrape'
    | 'kill';
  readonly pick: number;
  readonly ms: number;
}

/** What a scrape shows. */
export interface Scrape {
  /** How many Pods waited at most as long as each bound, by bound in ms. */
  readonly atMost: readonly number[];
  readonly counts: readonly StageCount[];
}

const BOUNDS_MS = [100, 500, 1_000, 2_000, 5_000, Number.POSITIVE_INFINITY];
const SLOTS = 4;

/**
 * A cluster, its load, a watch of its Pods, and a worker that keeps accounts and a journal. The worker may be killed at any time: the
 * next one has the lines that were flushed, and any number of those after them.
 */
export class PodWorld {
  readonly pods: TruePod[] = [];
  readonly scrapes: Scrape[] = [];
  nowMs = 1_000_000;
  kills = 0;
  /** Lines of the journal, and how many of them are certainly on the disk. */
  #lines: string[] = [];
  #flushed = 0;
  #accounts: PodAccounts;
  #waits: number[] = [];
  /** Answers to deletions that are under way. */
  #answers: WatchedPod[] = [];
  #events: { readonly version: number; readonly change: PodChange }[] = [];
  #known = new Map<string, number>();
  #version = 0;
  #openedAtMs = 0;
  #isWatching = false;

  constructor() {
    this.#accounts = this.#worker();
    this.#accounts.begin({ stage: 'ramp', execution: 1 }, this.nowMs);
    this.#list();
  }

  /** Facts as the journal has them now. */
  get facts(): readonly PodFact[] {
    return this.#lines.map((line) => factOf(line)).filter((fact) => fact !== undefined);
  }

  get accounts(): PodAccounts {
    return this.#accounts;
  }

  run(steps: readonly Step[]): void {
    for (const step of steps) this.step(step);
  }

  step({ what, pick, ms }: Step): void {
    this.nowMs += ms;
    const existing = this.pods.filter(({ exists }) => exists);
    const pod = existing[pick % Math.max(1, existing.length)];
    switch (what) {
      case 'create':
      case 'createUnanswered':
        this.#create(pick, what === 'create');
        break;
      case 'bind':
        if (pod !== undefined && pod.boundAtMs === undefined && !pod.pod.deleting) this.#bind(pod);
        break;
      case 'terminate':
        if (pod !== undefined) this.#change(pod, { deleting: true });
        break;
      case 'delete':
      case 'deleteUnanswered':
        if (pod !== undefined) this.#delete(pod, what === 'delete');
        break;
      case 'deleteAnsweredLate':
        if (pod !== undefined) this.#answers.push(this.#delete(pod, false));
        break;
      case 'answer': {
        const last = this.#answers.shift();
        if (last !== undefined) this.#accounts.deleted(last, this.nowMs);
        break;
      }
      case 'deliver':
        this.#deliver(1);
        break;
      case 'deliverAll':
        this.#deliver(Number.POSITIVE_INFINITY);
        break;
      case 'loseWatch':
        this.#isWatching = false;
        this.#events = [];
        break;
      case 'list':
        this.#list();
        break;
      case 'scrape':
        this.scrape();
        break;
      case 'kill':
        this.#kill(pick);
    }
  }

  /** The end of a soak: a list, and what waits is given up. Or no list is answered. */
  end(isConfirmed = true): void {
    this.nowMs += 1;
    if (isConfirmed) {
      this.#list();
      this.#accounts.giveUp(this.nowMs);
    } else this.#accounts.loseSight(this.nowMs);
    this.scrape();
  }

  scrape(): void {
    this.#flushed = this.#lines.length;
    const atMost = BOUNDS_MS.map((bound) => this.#waits.filter((ms) => ms <= bound).length);
    this.scrapes.push({ atMost, counts: this.#accounts.counts().map((count) => ({ ...count })) });
  }

  #create(pick: number, answered: boolean): void {
    const slot = pick % SLOTS;
    // Sometimes a lost Pod is created again under the same name.
    const generation = this.pods.filter((each) => each.pod.slot === slot && pick % 3 !== 0).length;
    const isTaken = this.pods.some(
      (each) => each.exists && each.pod.slot === slot && each.pod.generation === generation,
    );
    if (isTaken || this.pods.some(({ sentAtMs }) => sentAtMs === this.nowMs)) return;
    const sentAtMs = this.nowMs;
    const uid = `u${this.pods.length}`;
    const pod = aWatchedPod({ uid, slot, generation, sentAtMs, intendedAtMs: sentAtMs - (pick % 7), version: 0 });
    const created: TruePod = { pod, sentAtMs, boundAtMs: undefined, exists: true };
    this.pods.push(created);
    this.#change(created, {});
    if (answered)
      this.#accounts.created({ slot, generation, sentAtMs, intendedAtMs: sentAtMs - (pick % 7) }, this.nowMs);
  }

  #bind(pod: TruePod): void {
    pod.boundAtMs = this.nowMs;
    this.#change(pod, { nodeName: 'n', scheduledAtMs: Math.floor(this.nowMs / 1_000) * 1_000 });
  }

  #delete(pod: TruePod, answered: boolean): WatchedPod {
    pod.exists = false;
    this.#version++;
    if (this.#isWatching)
      this.#events.push({ version: this.#version, change: { type: 'gone', uid: pod.pod.uid, last: pod.pod } });
    if (answered) this.#accounts.deleted(pod.pod, this.nowMs);
    return pod.pod;
  }

  #change(pod: TruePod, change: Partial<WatchedPod>): void {
    pod.pod = { ...pod.pod, ...change, version: ++this.#version };
    if (!this.#isWatching) return;
    const present: PodChange = { type: 'present', pod: pod.pod, from: 'watch', seenSinceMs: this.#openedAtMs };
    this.#events.push({ version: this.#version, change: present });
  }

  #deliver(count: number): void {
    for (const { change } of this.#events.splice(0, count)) {
      if (change.type === 'gone') {
        if (!this.#known.delete(change.uid)) continue;
      } else this.#known.set(change.pod.uid, change.pod.version);
      this.#accounts.take(change, this.nowMs);
    }
  }

  /** A list, after what the watch had still to deliver. */
  #list(): void {
    const askedAtMs = this.nowMs;
    this.#deliver(Number.POSITIVE_INFINITY);
    const present = this.pods.filter(({ exists }) => exists).map(({ pod }) => pod);
    for (const pod of present) {
      if (this.#known.get(pod.uid) === pod.version) continue;
      this.#known.set(pod.uid, pod.version);
      this.#accounts.take({ type: 'present', pod, from: 'list', seenSinceMs: this.nowMs }, this.nowMs);
    }
    const uids = new Set(present.map(({ uid }) => uid));
    for (const uid of this.#known.keys()) {
      if (uids.has(uid)) continue;
      this.#known.delete(uid);
      this.#accounts.take({ type: 'gone', uid, last: undefined }, this.nowMs);
    }
    this.#accounts.confirmed(askedAtMs, this.nowMs);
    this.#isWatching = true;
    this.#openedAtMs = this.nowMs;
  }

  #kill(pick: number): void {
    this.kills++;
    const kept = this.#flushed + (pick % (this.#lines.length - this.#flushed + 1));
    // The last line may be cut off anywhere.
    const torn = this.#lines.slice(kept, kept + 1).map((line) => line.slice(0, pick % line.length));
    const left = [...this.#lines.slice(0, kept), ...torn];
    this.#lines = left.filter((line) => factOf(line) !== undefined);
    this.#flushed = this.#lines.length;
    this.#events = [];
    this.#answers = [];
    this.#known = new Map();
    this.#waits = [];
    this.#accounts = this.#worker();
    for (const fact of this.facts) this.#accounts.replay(fact);
    this.nowMs += 1;
    this.#accounts.begin({ stage: 'ramp', execution: 1 }, this.nowMs);
    this.#list();
  }

  #worker(): PodAccounts {
    return new PodAccounts({
      record: (fact) => this.#lines.push(lineOf(fact)),
      onEnd: (_, waitedMs) => this.#waits.push(waitedMs),
    });
  }
}
