import { NAMESPACES_TRIED } from '../../core/plan/limits.ts';
import { messageOf } from '../../core/text/message-of.ts';
import type { Within } from './api-request.ts';
import type { ClusterClient, ObjectMeta } from './client.ts';
import { refusal, statusOf, TargetRefusal, type KubeError } from './kube-error.ts';
import { podsPath } from './slot-book.ts';

/** What came of a creation that changes nothing. */
export type DryRun =
  | { readonly outcome: 'taken' }
  | { readonly outcome: 'refused'; readonly error: KubeError }
  /** It says nothing about a real creation. */
  | { readonly outcome: 'untried'; readonly why: string };

/**
 * What API servers say of a webhook that has side effects (`admission webhook "x" does not support dry run`), and webhooks and policies of
 * requests that they only take for real.
 */
const NO_DRY_RUN = /\bdry[\s-]?run/i;

/** Tries to create an object; nothing is created. @throws KubeError when the server does not answer */
export async function dryRun(client: ClusterClient, path: string, body: string, within: Within): Promise<DryRun> {
  const tried = `${path}?dryRun=All`;
  const answer = await client.request({ method: 'POST', path: tried, body, ignoreBody: true }, within);
  if (answer.status < 300 || answer.status === 409) return { outcome: 'taken' };
  const error = refusal('POST', tried, answer.status, answer.body);
  const { message } = statusOf(answer.body);
  if (!NO_DRY_RUN.test(message)) return { outcome: 'refused', error };
  return { outcome: 'untried', why: `the cluster takes no trial: ${message}` };
}

/** A namespace that exists in every cluster, where Pods are tried before the campaign's own exists. */
export const TRIED_IN = 'default';

/** What `default` refuses for itself: its quotas and limits, and a namespace that its owner keeps free of Pods. */
const OF_ONE_NAMESPACE = /the cluster refuses it: (?:quota |LimitRange)/;

/**
 * Tries Pods in `default`, because the campaign's own namespace does not exist yet. Policies may hold there only: a Pod that `default`
 * refuses and all other namespaces take is left to the trial in the campaign's own. Quotas and limits are each namespace's own.
 */
export class PodTrials {
  readonly #client: ClusterClient;
  readonly #within: Within;
  #others: Promise<readonly string[]> | undefined;

  constructor(client: ClusterClient, within: Within) {
    this.#client = client;
    this.#within = within;
  }

  /** @throws KubeError when the server does not answer */
  async try(body: string, within: Within): Promise<DryRun> {
    const found = await dryRun(this.#client, podsPath(TRIED_IN), body, within);
    if (found.outcome !== 'refused' || !(found.error instanceof TargetRefusal)) return found;
    if (OF_ONE_NAMESPACE.test(found.error.message)) return { outcome: 'taken' };
    this.#others ??= this.#otherNamespaces();
    const others = await this.#others;
    const elsewhere = await Promise.all(others.map((each) => dryRun(this.#client, podsPath(each), body, within)));
    const holdsThere = elsewhere.some(
      (each) => each.outcome === 'refused' && !OF_ONE_NAMESPACE.test(each.error.message),
    );
    if (holdsThere || (others.length === 0 && !aboutDefault(found.error.message))) return found;
    return { outcome: 'untried', why: `only namespace ${TRIED_IN} refuses it: ${messageOf(found.error)}` };
  }

  /** Namespaces of users. Those of the system are often left out of policies. */
  async #otherNamespaces(): Promise<readonly string[]> {
    const { items } = await this.#client.list('/api/v1/namespaces', { pick: metadataOf }, this.#within);
    return items
      .filter(({ name, deletionTimestamp }) => deletionTimestamp === undefined && !/^(?:default$|kube-)/.test(name))
      .map(({ name }) => name)
      .slice(0, NAMESPACES_TRIED);
  }
}

function metadataOf({ metadata }: { readonly metadata: ObjectMeta }): ObjectMeta {
  return metadata;
}

/** Where there is no other namespace to try, a policy's own words have to do. */
function aboutDefault(message: string): boolean {
  return /\bnamespace\b.*\bdefault\b|\bdefault\b.*\bnamespaces?\b/is.test(
    message.replace(/^.*the cluster refuses it: /s, ''),
  );
}
