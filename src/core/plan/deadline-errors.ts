import type { DerivationStep } from './deadline-model.ts';
import { formatDuration } from '../text/duration.ts';

/** An inequality that does not hold: both sides with their names in the profile, in ms. */
export interface DeadlineError {
  readonly outer: string;
  readonly outerMs: number;
  readonly inner: string;
  readonly innerMs: number;
  /** One sentence: both names, both values, what would be allowed. */
  readonly message: string;
}

/**
 * The refusal of an outer limit that is too short for its inner waits, or undefined. The limit must be `marginMs` above their sum,
 * and at least `leastMs`. The refusal names the longest wait that a field sets.
 */
export function refuseOuter(
  outer: string,
  outerMs: number,
  waits: readonly DerivationStep[],
  marginMs: number,
  leastMs: number,
): DeadlineError | undefined {
  const sumMs = sumOf(waits);
  const neededMs = Math.max(sumMs + marginMs, leastMs);
  if (Number.isSafeInteger(outerMs) && outerMs >= neededMs) return undefined;
  if (outerMs >= sumMs + marginMs) {
    const message =
      `${outer} ${formatDuration(outerMs)} is shorter than three heartbeats, after which a worker counts as dead, ` +
      `${formatDuration(leastMs)}; allowed: at least ${formatDuration(leastMs)}`;
    return { outer, outerMs, inner: 'three heartbeats', innerMs: leastMs, message };
  }
  const longest = longestSettable(waits);
  const inner = longest?.field ?? longest?.what ?? 'its inner waits';
  const eachMs = longest?.eachMs ?? sumMs;
  const count = longest?.count ?? 1;
  const spareMs = Math.floor((outerMs - marginMs - (sumMs - count * eachMs)) / count);
  const short = inner.replace(/^deadlines\./, '');
  const instead = spareMs >= 1_000 ? `, or ${short} at most ${formatDuration(spareMs)}` : '';
  const times = count > 1 ? ` (${count} times)` : '';
  const fits =
    outerMs <= eachMs
      ? `is shorter than its inner wait ${inner} ${formatDuration(eachMs)}${times}`
      : `is shorter than the sum of its inner waits ${formatDuration(sumMs)} with a margin of ${formatDuration(marginMs)}, ` +
        `of which ${inner} ${formatDuration(eachMs)}${times}`;
  return {
    outer,
    outerMs,
    inner,
    innerMs: eachMs,
    message: `${outer} ${formatDuration(outerMs)} ${fits}; allowed: at least ${formatDuration(neededMs)}${instead}`,
  };
}

/** The refusal of a stage whose waits sum to more than `mostMs`, or undefined. */
export function refuseEndless(
  stage: string,
  waits: readonly DerivationStep[],
  mostMs: number,
): DeadlineError | undefined {
  const sumMs = sumOf(waits);
  if (sumMs <= mostMs) return undefined;
  const longest = [...waits].sort((a, b) => b.eachMs * b.count - a.eachMs * a.count)[0];
  const inner = longest?.field ?? longest?.what ?? 'its inner waits';
  const innerMs = longest?.eachMs ?? sumMs;
  const times = (longest?.count ?? 1) > 1 ? ` (${longest?.count} times)` : '';
  const message =
    `one attempt of ${stage} would take ${formatDuration(sumMs)}, most of it ${inner} ${formatDuration(innerMs)}${times}; ` +
    `allowed: at most ${formatDuration(mostMs)} in all`;
  return { outer: stage, outerMs: mostMs, inner, innerMs, message };
}

/** Sum of the terms of a derivation, ms. */
export function sumOf(steps: readonly DerivationStep[]): number {
  return steps.reduce((sum, step) => sum + step.count * step.eachMs, 0);
}

function longestSettable(waits: readonly DerivationStep[]): DerivationStep | undefined {
  const settable = waits.filter((step) => step.field !== undefined && step.count > 0);
  const from = settable.length > 0 ? settable : waits.filter((step) => step.count > 0);
  return [...from].sort((a, b) => b.eachMs * b.count - a.eachMs * a.count)[0];
}
