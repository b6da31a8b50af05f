import { all, type Asking } from './asking.ts';
import { counterGrowth } from './growth.ts';
import { bounded, type Measure } from './measure.ts';
import type { Refusal } from './refusal.ts';
import type { Subject } from './subject.ts';
import { selectorsOf } from '../promql/needs.ts';

/** How much a sum of counters (see `counterProblem`) grew, over all its series. No series is no growth: another check looks at names. */
export function* expressionGrowth(subject: Subject, counters: string): Asking<Measure | Refusal> {
  const parts = yield* all(selectorsOf(counters).map(({ text }) => counterGrowth(subject, text, [])));
  let low = 0;
  let high = 0;
  for (const part of parts) {
    if (!Array.isArray(part)) return part as Refusal;
    for (const grown of part) {
      low += grown.low;
      high += grown.high;
    }
  }
  return bounded(
    low,
    low,
    high,
    high === low ? undefined : `a process restarted in the window: ${counters} grew at least by this`,
  );
}
