import type { CreatedPod } from '../kube/pod-recorder.ts';
import type { PodChange } from '../kube/pod-watch.ts';
import type { WatchedPod } from '../kube/watched-pod.ts';
import { API_LONGEST_ATTEMPT_MS } from '../../core/plan/limits.ts';
import type { LoadStage, PodFact, PodKey, WaitEnd } from './pod-facts.ts';
import { RecentKeys } from './recent-keys.ts';

/** Pods of one execution of a stage. */
export interface StageCount extends LoadStage {
  /** Pods that were created. */
  readonly created: number;
  /** Those of them that are gone, of which nothing shows whether they had been bound. */
  readonly vanished: number;
}

/** What happens to the accounts. */
export interface AccountsRequest {
  /** Called with each fact that is new, before it is counted. A journal keeps it. */
  readonly record: (fact: PodFact) => void;
  /** Called once for each Pod that no longer waits, also while facts are replayed. */
  readonly onEnd: (stage: LoadStage, waitedMs: number, end: WaitEnd) => void;
  /** How much the clock of the cluster is ahead of this host's, ms; `unknown` where it could not be read. Absent = not at all. */
  readonly clockAheadMs?: number | 'unknown';
}

/** An account is open while its Pod waits, and closed for good when the waiting ended. A vanished Pod may be seen again. */
type State = 'waiting' | 'vanished' | 'ended';

interface Account extends CreatedPod {
  state: State;
  /** UID of the Pod; empty until a watch has shown it. */
  uid: string;
  /** A watch showed that the Pod is gone. */
  gone: boolean;
  /** The server acknowledged its creation, to this worker or to an earlier one. */
  acknowledged: boolean;
  /** When it was known to exist, ms since 1970: a list that was asked for later shows it. */
  readonly knownAtMs: number;
  readonly count: { created: number; vanished: number } & LoadStage;
}

/**
 * One account for each Pod of a cluster's load, from its creation to the end of its waiting: it was bound, deleted before that, or
 * given up at the end of a soak. A Pod of which nothing shows whether it has been bound is counted as vanished. Every
 * Pod is counted once, whichever of the answers, events, lists and journals show it, and in whatever order. All moments are
 * ms since 1970.
 */
export class PodAccounts {
  readonly #request: AccountsRequest;
  readonly #accounts = new Map<string, Account>();
  readonly #byUid = new Map<string, Account>();
  /** Keys of accounts that were dropped lately. The answer to a deletion may come after the event that shows it. */
  readonly #dropped = new RecentKeys(API_LONGEST_ATTEMPT_MS);
  /** The last generation of each slot whose account was dropped: whatever has its annotations later is a copy of that Pod, or an older one. */
  readonly #lastDropped = new Map<number, PodKey>();
  /** Accounts whose Pod no watch has shown. */
  readonly #unseen = new Set<Account>();
  readonly #counts = new Map<string, Account['count']>();
  readonly #stages: (LoadStage & { readonly atMs: number })[] = [];
  /** The waiting of Pods was ended without knowing which of them still waited. */
  #hasLostSight = false;

  constructor(request: AccountsRequest) {
    this.#request = request;
  }

  /** Counts a fact that an earlier worker recorded. */
  replay(fact: PodFact): void {
    this.#count(fact, 0);
    if (fact.type === 'created') {
      const account = this.#accounts.get(keyOf(fact));
      if (account !== undefined) account.acknowledged = true;
    }
  }

  /** An execution of a stage begins: Pods that are intended from `atMs` on belong to it. */
  begin({ stage, execution }: LoadStage, atMs: number): void {
    if (this.#stages.some((known) => known.stage === stage && known.execution === execution)) return;
    this.#hasLostSight = false;
    this.#record({ type: 'stage', stage, execution, atMs }, atMs);
  }

  /** The server acknowledged the creation of a Pod. */
  created(pod: CreatedPod, nowMs: number): void {
    const account = this.#open(pod, nowMs);
    account.acknowledged = true;
    this.#forget(account, nowMs);
  }

  /** A watch or a list showed a change of a Pod. */
  take(change: PodChange, nowMs: number): void {
    if (change.type === 'gone') {
      this.#gone(change.uid, change.last, nowMs);
      return;
    }
    const { pod, from, seenSinceMs } = change;
    // A list of a server that is behind shows Pods that are gone, and one that was created again has the same annotations.
    const account = this.#byUid.get(pod.uid) ?? (this.#wasDropped(pod) ? undefined : this.#seen(pod, nowMs));
    if (account === undefined || account.state === 'ended') return;
    // After the end nothing would end its waiting.
    if (account.state === 'vanished' && !this.#hasLostSight) {
      account.state = 'waiting';
      account.count.vanished--;
    }
    if (pod.nodeName !== '') this.#bound(account, pod, nowMs, { from, seenSinceMs });
    else if (pod.deleting || pod.finished) this.#end(account, 'deleted', nowMs);
  }

  /** The server deleted a Pod at the load's request. Its answer has the Pod's last state. */
  deleted(last: WatchedPod, nowMs: number): void {
    const account = this.#byUid.get(last.uid) ?? (this.#wasDropped(last) ? undefined : this.#ofPod(last, nowMs));
    if (account === undefined) return;
    account.acknowledged = true;
    this.#endWith(account, last, nowMs);
    this.#forget(account, nowMs);
  }

  /** A list that was asked for at `askedAtMs` is complete: what it has not shown is gone. */
  confirmed(askedAtMs: number, nowMs: number): void {
    for (const account of this.#unseen) {
      if (account.knownAtMs >= askedAtMs) continue;
      this.#unseen.delete(account);
      account.gone = true;
      this.#vanish(account, nowMs);
      this.#forget(account, nowMs);
    }
  }

  /** Gives up all Pods that wait. */
  giveUp(nowMs: number): void {
    for (const account of this.#accounts.values()) {
      if (account.state === 'waiting') this.#end(account, 'unbound', nowMs);
    }
  }

  /** Ends the waiting of all Pods, though nothing shows which of them have been bound: they count as vanished until that is seen. */
  loseSight(nowMs: number): void {
    this.#hasLostSight = true;
    for (const account of this.#accounts.values()) this.#vanish(account, nowMs);
  }

  /** Pods by execution of a stage. */
  counts(): readonly StageCount[] {
    return [...this.#counts.values()];
  }

  /** Accounts in memory. */
  get size(): number {
    return this.#accounts.size;
  }

  #gone(uid: string, last: WatchedPod | undefined, nowMs: number): void {
    const account = this.#byUid.get(uid);
    if (account === undefined) return;
    this.#byUid.delete(uid);
    account.gone = true;
    if (last !== undefined) this.#endWith(account, last, nowMs);
    else this.#vanish(account, nowMs);
    this.#forget(account, nowMs);
  }

  /** Ends an account with the last state of its Pod. */
  #endWith(account: Account, last: WatchedPod, nowMs: number): void {
    if (account.state === 'ended') return;
    if (last.nodeName === '') this.#end(account, 'deleted', nowMs);
    else this.#bound(account, last, nowMs, { from: 'list', seenSinceMs: nowMs });
  }

  #bound(
    account: Account,
    pod: WatchedPod,
    nowMs: number,
    seen: { from: 'list' | 'watch'; seenSinceMs: number },
  ): void {
    // The scheduler's time has whole seconds: the binding was within the second after it.
    const { clockAheadMs = 0 } = this.#request;
    if (clockAheadMs === 'unknown') {
      // Only what was watched from the request on has a moment by the clock of this host.
      if (seen.from === 'list' || seen.seenSinceMs > account.sentAtMs) this.#vanish(account, nowMs);
      else this.#end(account, 'bound', nowMs);
      return;
    }
    const boundByMs = pod.scheduledAtMs === undefined ? undefined : pod.scheduledAtMs + 1_000 - clockAheadMs;
    const isCoarse = boundByMs !== undefined && (seen.from === 'list' || boundByMs < seen.seenSinceMs);
    // The clock of the cluster is behind: how long the Pod waited is not known.
    if (isCoarse && boundByMs < account.sentAtMs) this.#vanish(account, nowMs);
    else this.#end(account, 'bound', isCoarse ? Math.min(nowMs, boundByMs) : nowMs);
  }

  #vanish(account: Account, nowMs: number): void {
    if (account.state === 'waiting') this.#record({ type: 'vanished', ...idOf(account) }, nowMs);
  }

  #end(account: Account, end: WaitEnd, atMs: number): void {
    const waitedMs = atMs - account.sentAtMs;
    // A clock was set back in between: how long the Pod waited is not known.
    if (waitedMs < 0) {
      this.#vanish(account, atMs);
      return;
    }
    this.#record({ type: 'ended', ...idOf(account), end, waitedMs }, atMs);
  }

  /** The account of a Pod that a watch shows for the first time; undefined when it is no Pod of the load. */
  #seen(pod: WatchedPod, nowMs: number): Account | undefined {
    const account = this.#ofPod(pod, nowMs);
    if (account === undefined) return undefined;
    this.#unseen.delete(account);
    account.uid = pod.uid;
    account.gone = false;
    this.#byUid.set(pod.uid, account);
    return account;
  }

  #ofPod({ slot, generation, sentAtMs, intendedAtMs }: WatchedPod, nowMs: number): Account | undefined {
    if (sentAtMs === undefined || intendedAtMs === undefined || slot < 0) return undefined;
    return this.#open({ slot, generation, sentAtMs, intendedAtMs }, nowMs);
  }

  #open({ slot, generation, sentAtMs, intendedAtMs }: CreatedPod, nowMs: number): Account {
    const key = { slot, generation, sentAtMs };
    const known = this.#accounts.get(keyOf(key));
    if (known !== undefined) return known;
    this.#record({ type: 'created', ...key, intendedAtMs }, nowMs);
    return this.#accountOf(key, intendedAtMs, nowMs);
  }

  #record(fact: PodFact, nowMs: number): void {
    this.#request.record(fact);
    this.#count(fact, nowMs);
  }

  #count(fact: PodFact, nowMs: number): void {
    switch (fact.type) {
      case 'series':
        this.#countOf(fact);
        return;
      case 'stage':
        this.#stages.push(fact);
        this.#countOf(fact);
        return;
      case 'created':
        this.#accountOf(fact, fact.intendedAtMs, nowMs);
        return;
      case 'vanished': {
        const account = this.#accountOf(fact, fact.sentAtMs, nowMs);
        if (account.state !== 'waiting') return;
        account.state = 'vanished';
        account.count.vanished++;
        return;
      }
      case 'ended': {
        const account = this.#accountOf(fact, fact.sentAtMs, nowMs);
        if (account.state === 'ended') return;
        if (account.state === 'vanished') account.count.vanished--;
        account.state = 'ended';
        this.#request.onEnd(account.count, fact.waitedMs, fact.end);
        return;
      }
      case 'lateness':
      case 'late':
    }
  }

  /** The account of a Pod, opened when there is none. */
  #accountOf(key: PodKey, intendedAtMs: number, nowMs: number): Account {
    const { slot, generation, sentAtMs } = key;
    const known = this.#accounts.get(keyOf(key));
    if (known !== undefined) return known;
    const account: Account = {
      slot,
      generation,
      sentAtMs,
      intendedAtMs,
      state: 'waiting',
      uid: '',
      gone: false,
      acknowledged: false,
      knownAtMs: nowMs,
      count: this.#countOf(this.#stageAt(intendedAtMs)),
    };
    account.count.created++;
    this.#accounts.set(keyOf(key), account);
    this.#unseen.add(account);
    return account;
  }

  /** The execution of a stage in which a Pod was meant to exist. What was meant to exist before the first belongs to the ramp. */
  #stageAt(intendedAtMs: number): LoadStage {
    return this.#stages.findLast(({ atMs }) => atMs <= intendedAtMs) ?? { stage: 'ramp', execution: 1 };
  }

  #countOf({ stage, execution }: LoadStage): Account['count'] {
    const key = `${stage}/${execution}`;
    const known = this.#counts.get(key);
    if (known !== undefined) return known;
    const count = { stage, execution, created: 0, vanished: 0 };
    this.#counts.set(key, count);
    return count;
  }

  /** Drops an account of which nothing more will be heard than perhaps the answer to its deletion. */
  #forget(account: Account, nowMs: number): void {
    if (!account.gone || !account.acknowledged || account.state !== 'ended') return;
    this.#accounts.delete(keyOf(account));
    this.#dropped.add(keyOf(account), nowMs);
    const last = this.#lastDropped.get(account.slot);
    if (last === undefined || last.generation <= account.generation) this.#lastDropped.set(account.slot, idOf(account));
  }

  #wasDropped({ slot, generation, sentAtMs }: WatchedPod): boolean {
    if (sentAtMs === undefined) return false;
    const key = keyOf({ slot, generation, sentAtMs });
    if (this.#dropped.has(key)) return true;
    const last = this.#lastDropped.get(slot);
    // A slot may begin again with its first generation, and a clock may be set back.
    const isBehind = last !== undefined && generation <= last.generation && sentAtMs <= last.sentAtMs;
    return isBehind && !this.#accounts.has(key);
  }
}

function keyOf({ slot, generation, sentAtMs }: PodKey): string {
  return `${slot}/${generation}/${sentAtMs}`;
}

function idOf({ slot, generation, sentAtMs }: Account): PodKey {
  return { slot, generation, sentAtMs };
}
