import type { SoakLateness } from '../plan/checkpoints/soak.ts';
import { latenessQuantile } from '../plan/lateness-histogram.ts';
import type { LatenessRecord } from './summary-model.ts';

/** What a summary records of the lateness of a soak. The p99 is left out where it is not known of every operation. */
export function latenessRecord({ operations, late, worstMs, sent, neverSent = 0 }: SoakLateness): LatenessRecord {
  const p99 = sent === undefined ? undefined : latenessQuantile(sent, 0.99, neverSent);
  return { operations, late, worstMs, ...(p99 === undefined ? {} : { p99 }) };
}
