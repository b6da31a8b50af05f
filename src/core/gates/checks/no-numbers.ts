import { all, instant, type Asking } from '../asking.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';
import { tolerant } from '../../promql/tolerant.ts';

/**
 * Refuses a reading when a part of its expressions has a value that is NaN or infinite.
 * @param how what the expression does with the parts, for the message
 */
export function* noNumbers(
  { atMs, fresh }: Pick<Subject, 'atMs' | 'fresh'>,
  parts: readonly string[],
  how: 'aggregated' | 'compared' | 'divided by or limited',
): Asking<Refusal | undefined> {
  const counts = yield* all(
    parts.map((part) => {
      const value = `(${tolerant(part, fresh)})`;
      return instant(`count((${value} != ${value}) or (abs(${value}) == Inf))`, atMs);
    }),
  );
  const index = counts.findIndex((count) => count.length > 0);
  if (index === -1) return undefined;
  return {
    reason: 'nan',
    detail: `${counts[index]?.[0]?.value} of the values that are ${how} are no numbers: ${parts[index]}`,
  };
}
