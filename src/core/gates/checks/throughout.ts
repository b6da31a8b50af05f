import { all, instant, type Asking } from '../asking.ts';
import type { Refusal } from '../refusal.ts';
import { isFree } from '../free-expression.ts';
import type { Subject } from '../subject.ts';
import { heldRanges, subqueries, type HeldRange, type Subquery } from '../../promql/held.ts';
import { tolerant } from '../../promql/tolerant.ts';

/**
 * What the gate reads over a time was there for all of it. `last_over_time(x[5m])` counts a series that ended minutes ago, and
 * `min_over_time(sum(x)[5m:15s])` leaves out the steps at which there was nothing to add up, or no number.
 */
export function* throughout(subject: Subject): Asking<Refusal | undefined> {
  const { gate, expressions } = subject;
  if (!isFree(gate)) return undefined;
  const refusals = yield* all([
    ...expressions.flatMap(({ promql }) => heldRanges(promql)).map((range) => ended(subject, range)),
    ...expressions.flatMap(({ promql }) => subqueries(promql)).map((part) => withGaps(subject, part)),
  ]);
  return refusals.find((refusal) => refusal !== undefined);
}

function* ended({ atMs, fresh }: Subject, { range, selector }: HeldRange): Asking<Refusal | undefined> {
  const [count] = yield* instant(`count(last_over_time(${range}) unless last_over_time(${selector}[${fresh}]))`, atMs);
  if (count === undefined) return undefined;
  return { reason: 'no-series', detail: `${count.value} series of ${range} are no longer served, and would count` };
}

function* withGaps(
  { atMs, fresh, freshMs, gate }: Subject,
  { inner, range, step, rangeMs, stepMs, isTotal }: Subquery,
): Asking<Refusal | undefined> {
  const steps = `(${tolerant(inner, fresh)})[${range}:${step}]`;
  const sum = `sum_over_time(${steps})`;
  const [noNumbers = [], counts = []] = yield* all([
    instant(`count((${sum} != ${sum}) or (abs(${sum}) == Inf))`, atMs),
    instant(`max(count_over_time(${steps}))`, atMs),
  ]);
  if (noNumbers.length > 0) return { reason: 'nan', detail: `values of (${inner})[${range}:${step}] are no numbers` };
  if (!isTotal || gate.absentIs !== undefined) return undefined;
  const due = Math.floor(atMs / stepMs) - Math.floor((atMs - rangeMs) / stepMs);
  const missed = due - (counts[0]?.value ?? 0);
  if (missed * stepMs <= Math.max(freshMs, stepMs)) return undefined;
  return {
    reason: 'empty',
    detail: `${inner} had no value at ${missed} of ${due} steps of ${range}, which the value leaves out`,
  };
}
