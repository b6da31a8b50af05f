import { REMOVALS_AT_ONCE, SWEEP_POLL_MS } from '../../core/plan/limits.ts';
import { messageOf } from '../../core/text/message-of.ts';
import { pause } from '../host/poll-until.ts';
import type { ClusterClient } from './client.ts';
import { KubeError } from './kube-error.ts';
import { namespaceHolds, releaseNamespace } from './namespace-end.ts';
import { openLoop } from './open-loop.ts';
import { CampaignSearch, type SearchRequest } from './search-campaign.ts';
import { isCrd, isNode, removalRank, type Leftover } from './swept-kinds.ts';
import type { Within } from './api-request.ts';

/** The result of a removal. Objects that are left are a result and not an error: the caller reports them and continues. */
export interface Removal {
  readonly removed: number;
  /** What is still there, e.g. `nodeclaims.karpenter.sh default-x7k (finalizer karpenter.sh/termination)`. */
  readonly left: readonly string[];
  /** What could not be searched although nothing of the campaign should be there, with the reason. */
  readonly unsearched: readonly string[];
}

/** What is removed, and which finalizers may be taken off. */
export interface RemovalRequest extends SearchRequest {
  /** Finalizers, by name, that may be taken off when their controllers are gone. Those of the campaign's own CRDs may always. */
  readonly finalizers?: readonly string[];
  /** Nothing honours these finalizers any more. Absent = their controllers may still run, and have most of the budget. */
  readonly controllersGone?: boolean;
  readonly onProgress: (left: number) => void;
}

/** Share of the budget in which what must go first keeps the rest. After that only CRDs wait for their objects. */
const ORDERLY = 0.5;

/** The finalizer of an object that is deleted after what it owns. The garbage collector takes it off. */
const OWNED_FIRST = 'foregroundDeletion';

/** Share of the budget that controllers have at least to take their finalizers off. */
const PATIENCE = 0.7;

/**
 * Removes what is a campaign's in a cluster, as `CampaignSearch` finds it, and waits until all is gone. Nothing else is touched, so it
 * is safe in a cluster that others use. A finalizer is respected: its controller may have to end something real. Only those of the
 * campaign's own system are taken off, when their controllers are gone. It can be called again after an interruption.
 * @throws the signal's reason; KubeError when the API server does not answer
 */
export async function removeCampaign(client: ClusterClient, request: RemovalRequest, within: Within): Promise<Removal> {
  const { signal, budgetMs } = within;
  const beganAtMs = Date.now();
  const search = new CampaignSearch(client, request, within);
  const removal = new RemovalRound(client, search, request, within);
  for (;;) {
    const left = await search.find();
    const { unsearched, unseen } = search;
    request.onProgress(left.length + unseen.length);
    const removed = search.seen - left.length;
    if (left.length === 0 && unseen.length === 0) return { removed, left: [], unsearched };
    const elapsedMs = Date.now() - beganAtMs;
    if (elapsedMs > budgetMs) return { removed, left: [...(await removal.describe(left)), ...unseen], unsearched };
    await removal.delete(left, elapsedMs > budgetMs * ORDERLY);
    const isLast = elapsedMs > budgetMs * PATIENCE;
    if (request.controllersGone === true || isLast) await removal.release(left, isLast);
    await removal.releaseNamespaces(left);
    await pause(SWEEP_POLL_MS, signal);
  }
}

/** What is done with the leftovers of one search. */
class RemovalRound {
  readonly #client: ClusterClient;
  readonly #search: CampaignSearch;
  readonly #request: RemovalRequest;
  readonly #within: Within;
  /** Why an object could not be deleted or released, by UID. */
  readonly #problems = new Map<string, string>();

  constructor(client: ClusterClient, search: CampaignSearch, request: RemovalRequest, within: Within) {
    this.#client = client;
    this.#search = search;
    this.#request = request;
    this.#within = within;
  }

  /** Asks for the deletion of what goes first, or, when it is late, of everything. A CRD waits for its objects in any case. */
  async delete(left: readonly Leftover[], isLate: boolean): Promise<void> {
    const rankOf = ({ resource }: Leftover): number => removalRank(resource, this.#search.isOfCrd(resource));
    const first = Math.min(...left.map(rankOf));
    const hasObjectsOfCrds = left.some(({ resource }) => this.#search.isOfCrd(resource));
    const due = left.filter((one) => {
      if (isCrd(one.resource) && hasObjectsOfCrds) return false;
      return !one.deleting && (isLate || rankOf(one) === first);
    });
    await this.#each(due, async ({ path, resource, uid }) => {
      const pod = resource.group === '' && resource.plural === 'pods';
      // Of a CRD that stays: while it is there, a sweep after one that was cut off finds what it owns.
      const foreground = this.#search.isOfOthersCrd(resource);
      await this.#client.delete(path, pod ? { gracePeriodSeconds: 0, uid } : { uid, foreground }, this.#within);
      if (!isNode(resource)) return;
      // A Node's heartbeat outlives it where no controller removes it.
      const lease = `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${path.split('/').at(-1)}`;
      await this.#client.delete(lease, {}, this.#within);
    });
  }

  /**
   * Takes those finalizers off that are of the campaign's own system, and those that the system's file names; in the end also the
   * one with which this removal has asked that what an object owns goes first.
   */
  async release(left: readonly Leftover[], isLast: boolean): Promise<void> {
    const mine = (finalizer: string): boolean =>
      this.#search.isOfOwnSystem(finalizer) ||
      (this.#request.finalizers ?? []).includes(finalizer) ||
      (isLast && finalizer === OWNED_FIRST);
    const due = left.filter(({ deleting, finalizers }) => deleting && finalizers.some(mine));
    await this.#each(due, async ({ path, uid, resourceVersion, finalizers }) => {
      const others = finalizers.filter((finalizer) => !mine(finalizer));
      const metadata = { uid, resourceVersion, finalizers: others.length === 0 ? null : others };
      await this.#client.patch(path, 'merge', { metadata }, this.#within);
    });
  }

  /** Ends namespaces that are empty and do not end by themselves, once nothing else is left. */
  async releaseNamespaces(left: readonly Leftover[]): Promise<void> {
    if (left.some(({ resource }) => resource.plural !== 'namespaces')) return;
    const due = left.filter(({ deleting }) => deleting);
    await this.#each(due, ({ path }) => releaseNamespace(this.#client, path, this.#within));
  }

  /** What is left, in words, with what keeps it. */
  async describe(left: readonly Leftover[]): Promise<readonly string[]> {
    const texts = new Map<string, string>();
    await this.#each(left, async ({ uid, what, path, finalizers, deleting, resource }) => {
      const holds = [
        ...(finalizers.length === 0 ? [] : [`finalizer ${finalizers.join(', ')}`]),
        ...(deleting && resource.plural === 'namespaces' ? await namespaceHolds(this.#client, path, this.#within) : []),
        ...(this.#problems.has(uid) ? [this.#problems.get(uid)] : []),
      ];
      texts.set(uid, holds.length === 0 ? what : `${what} (${holds.join('; ')})`);
    });
    return left.map(({ uid, what }) => texts.get(uid) ?? what);
  }

  /** One that is refused does not keep the others. @throws KubeError when nothing answers */
  async #each(leftovers: readonly Leftover[], act: (leftover: Leftover) => Promise<void>): Promise<void> {
    await openLoop({
      count: leftovers.length,
      fromIndex: 0,
      dueAtMs: () => 0,
      parallel: REMOVALS_AT_ONCE,
      signal: this.#within.signal,
      run: async (index) => {
        const leftover = leftovers[index];
        if (leftover === undefined) return;
        try {
          await act(leftover);
          this.#problems.delete(leftover.uid);
        } catch (cause) {
          this.#within.signal.throwIfAborted();
          if (!(cause instanceof KubeError) || cause.status === 0) throw cause;
          this.#problems.set(leftover.uid, messageOf(cause));
        }
      },
    });
  }
}
