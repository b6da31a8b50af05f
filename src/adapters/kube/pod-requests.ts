import type { PodMoments } from '../../core/plan/pod-shape.ts';
import { Lateness, type LatenessSummary } from './lateness.ts';
import type { CreatedPod } from './pod-recorder.ts';
import { podsPath, type LoadScope } from './slot-book.ts';
import type { Within } from './api-request.ts';
import { readPod, type PodObject, type WatchedPod } from './watched-pod.ts';

/** JSON of the Pod that fills a slot, and its name. */
export interface PodSource {
  readonly name: (slot: number, generation: number) => string;
  readonly body: (slot: number, generation: number, moments: PodMoments) => string;
}

/** What the requests need. */
export interface PodRequestsOptions {
  readonly scope: LoadScope;
  /** Limits of each call. */
  readonly within: Within;
  /** Called with how late each request was sent, ms. */
  readonly onLate: (lateMs: number) => void;
}

/**
 * The requests with which a load creates and deletes its Pods. A request is late by the time from its intended moment until it
 * is first sent, whatever made it wait and whichever worker sends it. What the server then takes, its retries included, is the
 * system's time.
 */
export class PodRequests {
  readonly #options: PodRequestsOptions;
  readonly #sentLate: Lateness;
  /** Attempts beyond the first of each request. */
  retries = 0;

  constructor(options: PodRequestsOptions) {
    this.#options = options;
    this.#sentLate = new Lateness(options.onLate);
  }

  /**
   * Creates the Pod of a slot.
   * @param pod its generation, and the moment at which it should exist, ms since 1970
   * @param waitedMs what the server took to make room for it: that is not the load's lateness
   * @throws the signal's reason; KubeError when the call does not succeed within its budget
   */
  async create(
    pods: PodSource,
    pod: Omit<CreatedPod, 'sentAtMs'>,
    waitedMs = 0,
  ): Promise<{ readonly outcome: 'created' | 'exists'; readonly sentAtMs: number; readonly lateMs: number }> {
    const { scope, within } = this.#options;
    const { slot, generation, intendedAtMs } = pod;
    const sentAtMs = Date.now();
    const lateMs = this.#sentLate.sent(intendedAtMs + waitedMs, sentAtMs);
    const body = pods.body(slot, generation, { intendedAtMs, sentAtMs });
    const { outcome, attempts } = await scope.client.create(podsPath(scope.namespace), body, within);
    this.retries += attempts - 1;
    // A name that is taken after a retry was taken by the attempt whose answer was lost.
    const isOurs = outcome === 'created' || attempts > 1;
    if (isOurs) scope.recorder?.created({ ...pod, sentAtMs });
    return { outcome: isOurs ? 'created' : 'exists', sentAtMs, lateMs };
  }

  /**
   * Deletes a Pod that should be gone at a moment, ms since 1970.
   * @returns how long the server took, ms
   * @throws the signal's reason; KubeError when the call does not succeed within its budget
   */
  async delete(name: string, intendedAtMs: number): Promise<number> {
    const { scope, within } = this.#options;
    const sentAtMs = Date.now();
    this.#sentLate.sent(intendedAtMs, sentAtMs);
    const options = { gracePeriodSeconds: 0, keepBody: true };
    const answer = await scope.client.delete(`${podsPath(scope.namespace)}/${name}`, options, within);
    this.retries += answer.attempts - 1;
    const last = podIn(answer.body);
    if (last !== undefined) scope.recorder?.deleted(last);
    return Date.now() - sentAtMs;
  }

  /** From the intended moment of each request until it was sent. */
  get sentLate(): LatenessSummary {
    return this.#sentLate.summary();
  }
}

/** The Pod of an answer; undefined where the server answers with something else. */
function podIn(body: string | undefined): WatchedPod | undefined {
  if (body === undefined || body === '') return undefined;
  try {
    const object = JSON.parse(body) as PodObject & { readonly kind?: string };
    return object.kind === 'Pod' ? readPod(object) : undefined;
  } catch {
    return undefined;
  }
}
