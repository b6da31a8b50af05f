import { all, instant, type Asking } from '../asking.ts';
import { isFree } from '../free-expression.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';
import { divisorsOf, guardsOf } from '../../promql/divisors.ts';
import { filteredDivisions, type FilteredDivision } from '../../promql/operands.ts';
import { limitedParts } from '../../promql/limited.ts';
import { tolerant } from '../../promql/tolerant.ts';
import { noNumbers } from './no-numbers.ts';

/**
 * What the gate divides by is what was measured. `errors / clamp_min(requests, 1)` is 0 where nothing was asked, which is no share of
 * errors; and a division by +Inf is 0.
 */
export function* divisors(subject: Subject): Asking<Refusal | undefined> {
  const { gate, expressions, atMs, fresh } = subject;
  if (!isFree(gate)) return undefined;
  const promqls = expressions.map(({ promql }) => promql);
  const without = yield* eventsWithout(subject, promqls.flatMap(filteredDivisions));
  if (without !== undefined) return without;
  const denominator = gate.source.kind === 'ratio' ? promqls.slice(1) : [];
  const divisorsAll = [...new Set([...promqls.flatMap(divisorsOf), ...denominator])];
  const guards = divisorsAll.flatMap(guardsOf);
  const ask = (promql: string): Asking<readonly unknown[]> => instant(tolerant(promql, fresh), atMs);
  const [answers = [], infinite] = yield* all<readonly (readonly unknown[])[] | Refusal | undefined>([
    all(
      guards.flatMap(({ inner, least }) => [
        ask(`count(${inner})`),
        ask(least === undefined ? `count((${inner}) != 0)` : `count((${inner}) >= ${least})`),
      ]),
    ),
    noNumbers(subject, [...divisorsAll, ...promqls.flatMap(limitedParts)], 'divided by or limited'),
  ]);
  if (infinite !== undefined && 'reason' in infinite) return infinite;
  if ('reason' in answers) return answers;
  const guard = guards.find((_, index) => answers[2 * index]?.length === 1 && answers[2 * index + 1]?.length === 0);
  if (guard === undefined) return undefined;
  const { divisor, inner, least } = guard;
  return {
    reason: 'no-events',
    detail: `${inner} is ${least === undefined ? '0' : `below ${least}`}, which ${divisor} hides; divide by (… > 0), or use the kind ratio or share`,
  };
}

/** Events where the divisor counts none: a filter such as `errors / (requests > 0)` leaves out the shard that has nothing but errors. */
function* eventsWithout({ atMs, fresh }: Subject, divisions: readonly FilteredDivision[]): Asking<Refusal | undefined> {
  const counts = yield* all(
    divisions.map(({ left, right, matching }) =>
      instant(tolerant(`count(((${left}) != 0) and ${matching} ((${right}) <= 0))`, fresh), atMs),
    ),
  );
  const index = counts.findIndex((count) => count.length > 0);
  const division = divisions[index];
  if (division === undefined) return undefined;
  return {
    reason: 'no-events',
    detail: `${counts[index]?.[0]?.value} series of ${division.left} are above 0 where ${division.right} is 0, and the value leaves them out`,
  };
}
