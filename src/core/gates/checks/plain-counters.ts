import { all, instant, type Asking } from '../asking.ts';
import type { Refusal } from '../refusal.ts';
import { BELAY_JOB } from '../model.ts';
import { andTarget } from '../same-target.ts';
import { countersSeen } from '../counters-seen.ts';
import { isFree } from '../free-expression.ts';
import type { Subject } from '../subject.ts';
import { isCounter, plainSelectors } from '../../promql/counter-names.ts';
import { promDuration } from '../../promql/placeholders.ts';
import { quantilesOf } from '../../promql/quantiles.ts';

/**
 * A counter that is read as it is counts from the start of its process. A restart in the window makes it small again, and a quantile
 * of plain buckets is one of the whole life of the process, in which a bad soak does not show.
 */
export function* plainCounters(subject: Subject): Asking<Refusal | undefined> {
  const { atMs, window, freshMs, gate, expressions } = subject;
  if (!isFree(gate)) return undefined;
  const buckets = expressions.flatMap(({ promql }) => quantilesOf(promql)).map((use) => use.buckets);
  const lifelong =
    gate.barKind === 'informational' ? undefined : buckets.find((text) => plainSelectors(text).some(isCounter));
  if (lifelong !== undefined) {
    return {
      reason: 'query-error',
      detail: `${lifelong} counts since its process started, not in the window; use rate(…[$window]) or the kind quantile`,
    };
  }
  const longer = promDuration(atMs - window.startMs + freshMs);
  const selectors = expressions.flatMap(({ promql }) => plainSelectors(promql));
  const restarted = (matchers: string): string => {
    const starts = `process_start_time_seconds{${[`job!="${BELAY_JOB}"`, matchers].filter((one) => one !== '').join(',')}}[${longer}]`;
    return `(max_over_time(${starts}) != min_over_time(${starts}))`;
  };
  const counts = yield* all(
    selectors.map(({ text }) => {
      const values = `last_over_time(${text}[${longer}])`;
      return instant(`count((resets(${text}[${longer}]) > 0) or ${andTarget(values, restarted)})`, atMs);
    }),
  );
  const [counter] = yield* countersSeen(
    selectors.filter((_, index) => (counts[index] ?? []).length > 0),
    subject,
  );
  if (counter === undefined) return undefined;
  return {
    reason: 'counter-reset',
    detail: `${counts[selectors.indexOf(counter)]?.[0]?.value} series of ${counter.text} began again in the window; use delta, which counts over a restart`,
  };
}
