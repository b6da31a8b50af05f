import { all, type Asking } from './asking.ts';
import { counterGrowth, type Growth } from './growth.ts';
import { bounded, type Measure } from './measure.ts';
import type { Refusal } from './refusal.ts';
import type { Subject } from './subject.ts';
import { selectorsOf } from '../promql/needs.ts';

/** How much a sum of counters (see `counterProblem`) grew, over all its series. No series is no growth: another check looks at names. */
export function* expressionGrowth(
  subject: Subject,
  jobs: readonly string[],
  counters: string,
): Asking<Measure | Refusal> {
  const parts = yield* all(selectorsOf(counters).map(({ text }) => counterGrowth(subject, jobs, text, [])));
  const refusal = parts.find((part): part is Refusal => 'reason' in part);
  if (refusal !== undefined) return refusal;
  const grown = parts.flatMap((part) => part as readonly Growth[]);
  const low = grown.reduce((sum, one) => sum + one.low, 0);
  const high = grown.reduce((sum, one) => sum + one.high, 0);
  const why = grown.find(({ because }) => because !== undefined)?.because;
  return bounded(low, low, high, why === undefined ? undefined : `${counters} grew at least by this: ${why}`);
}
