import { all, instant, type Asking } from '../asking.ts';
import { isFree } from '../free-expression.ts';
import { BELAY_JOB } from '../model.ts';
import type { Refusal } from '../refusal.ts';
import { andTarget } from '../same-target.ts';
import type { Subject } from '../subject.ts';
import { endOf } from '../../promql/ranged.ts';
import { resetRanges } from '../../promql/rates.ts';

/** No restart is hidden from `resets()`: a counter that outgrew its old value between two scrapes shows none. */
export function* resets({ gate, expressions, atMs }: Subject): Asking<Refusal | undefined> {
  if (!isFree(gate)) return undefined;
  const ranges = expressions.flatMap(({ promql }) => resetRanges(promql));
  const hidden = yield* all(
    ranges.map((one) => {
      const { range, duration } = one;
      const restarted = (matchers: string): string => {
        const starts = `process_start_time_seconds{${[`job!="${BELAY_JOB}"`, matchers].filter((one) => one !== '').join(',')}}[${duration}]`;
        return `(max_over_time(${starts}) != min_over_time(${starts}))`;
      };
      return instant(`count(${andTarget(`(resets(${range}) == 0)`, restarted)})`, endOf(one, atMs) ?? atMs);
    }),
  );
  const index = hidden.findIndex((count) => count.length > 0);
  if (index === -1) return undefined;
  return {
    reason: 'counter-reset',
    detail: `a process restarted, and ${hidden[index]?.[0]?.value} series of ${ranges[index]?.range} do not show it; use changes(process_start_time_seconds[…])`,
  };
}
