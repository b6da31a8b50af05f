import { REFUSED_LIMIT_MS, UNANSWERED_LIMIT_MS } from '../../core/plan/limits.ts';
import type { RequestWaits } from '../../core/plan/observation.ts';
import { KubeError, LastingRefusal, TargetRefusal } from './kube-error.ts';
import type { RefusalCause } from './refusal-cause.ts';

/** Why an attempt of a request got no answer that counts. */
type WaitCause = 'refused' | 'throttled' | 'failed' | 'unanswered';

/** Why an answer with this status is none that counts; undefined for one that counts. 0: nothing answered. */
export function waitCause(status: number): WaitCause | undefined {
  if (status === 0) return 'unanswered';
  if (status === 401 || status === 403) return 'refused';
  if (status === 429) return 'throttled';
  return status >= 500 ? 'failed' : undefined;
}

/** The limits of a patience, ms. */
export interface PatienceLimits {
  /** How long a request may be refused (401, 403). */
  readonly refusedMs: number;
  /** How long no request of a method may be answered. */
  readonly unansweredMs: number;
}

const USUAL: PatienceLimits = { refusedMs: REFUSED_LIMIT_MS, unansweredMs: UNANSWERED_LIMIT_MS };

/** One request, until it is answered. */
export interface PatientRequest {
  /**
   * An attempt got no answer that counts.
   * @param status of what came instead; 0: nothing came
   * @param last the same in words
   * @param refusedBy who in the cluster refused it, if somebody did
   * @returns how much longer the request may wait, ms
   * @throws KubeError when that is over; LastingRefusal when the server has refused it
   */
  missed(status: number, last: string, refusedBy?: RefusalCause): number;
  /** An attempt got an answer. */
  answered(): void;
  /** Nothing is under way any more. */
  end(): void;
}

/**
 * How long the load of one cluster waits for its server. An overloaded server makes a load late and does not end it: a request is
 * tried again for as long as the server answers any request of its method. A server that refuses is asked again for a while,
 * because permissions may be missing for a moment. All of it is counted.
 */
export class Patience {
  readonly #limits: PatienceLimits;
  /** When the server last answered a request of a method, on the clock of `performance`. */
  readonly #answeredAtMs = new Map<string, number>();
  readonly #waiting = new Set<Waiting>();
  #counts = noCounts();
  #longestMs = 0;

  constructor(limits: PatienceLimits = USUAL) {
    this.#limits = limits;
  }

  /** Begins a request. @param what it is, e.g. `GET /api/v1/nodes` */
  begin(method: string, what: string): PatientRequest {
    return new Waiting(what, {
      limits: this.#limits,
      answeredAtMs: () => this.#answeredAtMs.get(method) ?? 0,
      onMissed: (waiting, cause) => {
        this.#counts[cause]++;
        if (!this.#waiting.has(waiting)) this.#counts.waited++;
        this.#waiting.add(waiting);
      },
      onAnswered: () => this.#answeredAtMs.set(method, performance.now()),
      onEnd: (waiting) => {
        if (this.#waiting.delete(waiting)) this.#longestMs = Math.max(this.#longestMs, waiting.waitedMs());
      },
    });
  }

  /** What the requests have waited so far, those under way included. */
  waits(): RequestWaits {
    const underWayMs = [...this.#waiting].map((waiting) => waiting.waitedMs());
    return { ...this.#counts, longestMs: Math.round(Math.max(this.#longestMs, ...underWayMs)) };
  }

  /** Counts from now on. */
  restartCounts(): void {
    this.#counts = noCounts();
    this.#longestMs = 0;
  }

  /** The request that has waited longest and still waits, in words; undefined while none waits. */
  waitingFor(): string | undefined {
    // They are in the order in which they began to wait.
    const [longest] = this.#waiting;
    return longest?.text();
  }
}

function noCounts(): Record<'waited' | WaitCause, number> {
  return { waited: 0, refused: 0, throttled: 0, failed: 0, unanswered: 0 };
}

interface WaitingRules {
  readonly limits: PatienceLimits;
  readonly answeredAtMs: () => number;
  readonly onMissed: (waiting: Waiting, cause: WaitCause) => void;
  readonly onAnswered: () => void;
  readonly onEnd: (waiting: Waiting) => void;
}

class Waiting implements PatientRequest {
  readonly #what: string;
  readonly #rules: WaitingRules;
  readonly #beganMs = performance.now();
  #refusedSinceMs: number | undefined;
  #attempts = 0;
  #last = '';

  constructor(what: string, rules: WaitingRules) {
    this.#what = what;
    this.#rules = rules;
  }

  missed(status: number, last: string, refusedBy?: RefusalCause): number {
    const nowMs = performance.now();
    const cause = waitCause(status) ?? 'unanswered';
    const { limits, answeredAtMs } = this.#rules;
    this.#attempts++;
    this.#last = last;
    this.#rules.onMissed(this, cause);
    if (cause === 'refused') {
      this.#refusedSinceMs ??= nowMs;
      const leftMs = this.#refusedSinceMs + limits.refusedMs - nowMs;
      if (leftMs <= 0) throw new LastingRefusal(this.text(), status);
      return leftMs;
    }
    this.#refusedSinceMs = undefined;
    const leftMs = Math.max(this.#beganMs, answeredAtMs()) + limits.unansweredMs - nowMs;
    if (leftMs > 0) return leftMs;
    throw refusedBy === undefined ? new KubeError(this.text(), status) : new TargetRefusal(this.text(), status);
  }

  answered(): void {
    this.#rules.onAnswered();
  }

  end(): void {
    this.#rules.onEnd(this);
  }

  waitedMs(): number {
    return performance.now() - this.#beganMs;
  }

  text(): string {
    const times = this.#attempts === 1 ? 'one attempt' : `${this.#attempts} attempts`;
    return `${this.#what}: no success for ${Math.round(this.waitedMs() / 1_000)} s, ${times}; last: ${this.#last}`;
  }
}
