import { all, instant, type Asking } from '../asking.ts';
import { isFree } from '../free-expression.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';
import { agesIn } from '../../promql/ages.ts';
import { tolerant } from '../../promql/tolerant.ts';

/** How far a moment may be ahead of Prometheus' clock, s: targets round moments to seconds. */
const AHEAD_S = 1;

/**
 * No age is below 0. A target whose clock is ahead says moments that are still to come, and what it did last seems to be recent for as long
 * as its clock is ahead.
 */
export function* clocks({ gate, expressions, atMs, fresh }: Subject): Asking<Refusal | undefined> {
  if (!isFree(gate) || gate.barKind === 'informational') return undefined;
  const ages = expressions.flatMap(({ promql }) => agesIn(promql));
  const ahead = yield* all(
    ages.map(({ series }) => instant(tolerant(`max(${AHEAD_S} - (${series}) > ${2 * AHEAD_S})`, fresh), atMs)),
  );
  const index = ahead.findIndex((series) => series.length > 0);
  if (index === -1) return undefined;
  const seconds = Math.round((ahead[index]?.[0]?.value ?? 0) - AHEAD_S);
  return {
    reason: 'query-error',
    detail: `${ages[index]?.text} is below 0: the clock of a target is ${seconds} s ahead of Prometheus', so its ages are not known`,
  };
}
