import type { SoakLateness } from '../core/plan/checkpoints/soak.ts';
import { LatenessHistogram } from '../core/plan/lateness-histogram.ts';
import { LATE_OPERATION_MS } from '../core/plan/limits.ts';

/** Counts how late the planned operations of a soak are sent, across its attempts. */
export class LatenessCount {
  #operations: number;
  #late: number;
  #worstMs: number;
  /** Undefined where an earlier attempt did not record how late each request was. */
  readonly #sent: LatenessHistogram | undefined;
  #neverSent: number;

  /** @param earlier what earlier attempts counted */
  constructor(earlier: SoakLateness | undefined) {
    this.#operations = earlier?.operations ?? 0;
    this.#late = earlier?.late ?? 0;
    this.#worstMs = earlier?.worstMs ?? 0;
    this.#sent = earlier === undefined || earlier.sent !== undefined ? new LatenessHistogram(earlier?.sent) : undefined;
    this.#neverSent = earlier?.neverSent ?? 0;
  }

  /** A request was sent. @param lateMs how long after its moment */
  readonly sent = (lateMs: number): void => {
    this.#operations++;
    this.#sent?.add(lateMs);
    if (lateMs > LATE_OPERATION_MS) this.#late++;
    this.#worstMs = Math.max(this.#worstMs, Math.round(lateMs));
  };

  /** An operation was due and will never be sent, because the soak is over. @param lateMs how long after its moment that was */
  neverSent(lateMs: number): void {
    this.#operations++;
    this.#neverSent++;
    this.#late++;
    this.#worstMs = Math.max(this.#worstMs, Math.round(lateMs));
  }

  get soFar(): SoakLateness {
    const counts = { operations: this.#operations, late: this.#late, worstMs: this.#worstMs };
    return this.#sent === undefined ? counts : { ...counts, sent: this.#sent.counts, neverSent: this.#neverSent };
  }
}
