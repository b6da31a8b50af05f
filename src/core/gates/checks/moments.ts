import type { Asking } from '../asking.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';
import { isFree } from '../free-expression.ts';
import { reaches } from '../../promql/reach.ts';

/** Rounding of moments to the ms, in seconds. */
const ROUNDING_S = 0.001;

/**
 * The gate looks only at its window: no `offset`, `@` or range of its own reaches into settling, or beyond the window's end. In the
 * first checks of a soak the window may still be shorter than a fixed range.
 */
export function* moments({ atMs, window, expressions, gate }: Subject): Asking<Refusal | undefined> {
  yield* [];
  if (!isFree(gate) || gate.barKind === 'informational') return undefined;
  const windowS = (atMs - window.startMs) / 1_000;
  for (const { text, fromS, toS } of expressions.flatMap(({ promql }) => reaches(promql, atMs / 1_000))) {
    if (Number.isNaN(fromS) || Number.isNaN(toS)) {
      return { reason: 'query-error', detail: `which time ${text} looks at cannot be known, because it is calculated` };
    }
    if (toS < -ROUNDING_S) return { reason: 'query-error', detail: `${text} looks at a time after the window` };
    if (fromS > windowS + ROUNDING_S) {
      return {
        reason: 'too-few-samples',
        detail: `${text} looks ${inSeconds(fromS)} s back, and the window has ${inSeconds(windowS)} s; $window is as long as the window`,
      };
    }
  }
  return undefined;
}

function inSeconds(value: number): number {
  return Math.round(value * 10) / 10;
}
