import type { UnmeasuredReason } from './model.ts';

/** Why a gate has no value that can be believed. */
export interface Refusal {
  readonly reason: UnmeasuredReason;
  /** One sentence with the query, target or bucket. */
  readonly detail: string;
  /** The value that is not believed, though it is known: there was something to measure. */
  readonly estimate?: number;
  /** No series has been served yet. */
  readonly unborn?: true;
}
