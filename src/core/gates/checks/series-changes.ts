import { all, instant, type Asking } from '../asking.ts';
import { isFree } from '../free-expression.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';
import { changeRanges } from '../../promql/changes.ts';
import { endOf } from '../../promql/ranged.ts';

/**
 * A change over a time leaves nothing out. What a gauge was before its first sample, and after its last, is in no `changes()`, `delta()`
 * or `deriv()`: a process that came back on another port has not changed its start, and a gauge that appears at 900 has not grown.
 */
export function* seriesChanges({ gate, expressions, atMs, fresh }: Subject): Asking<Refusal | undefined> {
  if (!isFree(gate) || gate.barKind === 'informational') return undefined;
  const isLimited = gate.bar.max !== undefined;
  // What is left out of changes and resets can only make them too few.
  const ranges = expressions.flatMap(({ promql }) => changeRanges(promql)).filter(({ grows }) => !grows || isLimited);
  const counts = yield* all(
    ranges.flatMap((one) => {
      const { range, selector, duration } = one;
      // Another check refuses a moment that cannot be known.
      const endMs = endOf(one, atMs) ?? atMs;
      const values = `((min_over_time(${range}) != 0) or (max_over_time(${range}) != 0))`;
      return [
        instant(`count(last_over_time(${range}) unless last_over_time(${selector}[${fresh}]))`, endMs),
        instant(`count(${values} unless last_over_time(${selector}[${fresh}] offset ${duration}))`, endMs),
      ];
    }),
  );
  for (const [index, { call, range }] of ranges.entries()) {
    const [ended, born] = counts.slice(2 * index, 2 * index + 2).map((count) => count[0]?.value);
    if (ended !== undefined)
      return {
        reason: 'no-series',
        detail: `${ended} series of ${range} ended; ${call} shows nothing of what came after`,
      };
    if (born !== undefined)
      return {
        reason: 'born-in-window',
        detail: `${born} series of ${range} appeared in it; ${call} shows nothing of what was before`,
      };
  }
  return undefined;
}
