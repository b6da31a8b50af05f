import { all, instant, type Asking } from '../asking.ts';
import { isFree } from '../free-expression.ts';
import { BELAY_JOB } from '../model.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';
import { labelsText } from '../labels-text.ts';
import { selectorsOf } from '../../promql/needs.ts';
import { alternatives } from '../../promql/operands.ts';
import { comparedWithBefore } from '../../promql/held.ts';
import { promDuration } from '../../promql/placeholders.ts';
import { tolerated } from '../../promql/tolerant.ts';

/**
 * Every target that served a gauge of the gate in its window, and still answers, still serves it. One that answers with an empty page
 * is in no maximum and in no count. A gate with `absentIs`, with `or`, or
 * that compares series with those before, says that they come and go. Belay's own series move to another
 * worker with the work.
 */
export function* served({
  gate,
  selectors,
  expressions,
  window,
  atMs,
  fresh,
  freshMs,
}: Subject): Asking<Refusal | undefined> {
  if (!isFree(gate) || gate.absentIs !== undefined) return undefined;
  const promqls = expressions.map(({ promql }) => promql);
  const mayEnd = new Set(promqls.flatMap((promql) => [...comparedWithBefore(promql), ...replaceable(promql)]));
  const read = new Set(promqls.flatMap(tolerated).filter((text) => !mayEnd.has(text)));
  const gauges = selectors.filter(({ name, job, text }) => name !== undefined && job !== BELAY_JOB && read.has(text));
  const earlier = promDuration(Math.max(1, atMs - window.startMs - freshMs));
  const TARGET = 'job, instance, cluster';
  const gone = yield* all(
    gauges.map(({ text, name }) => {
      const before = `group by (${TARGET}) (last_over_time(${text}[${earlier}] offset ${fresh}))`;
      const now = `last_over_time({__name__=${JSON.stringify(name)}}[${fresh}])`;
      const answers = `(min_over_time(up{job!="${BELAY_JOB}"}[${fresh}]) == 1)`;
      return instant(`(${before} unless on (${TARGET}) ${now}) and on (job, instance) ${answers}`, atMs);
    }),
  );
  const index = gone.findIndex((targets) => targets.length > 0);
  if (index === -1) return undefined;
  const { job = '', instance = '', cluster = '' } = gone[index]?.[0]?.labels ?? {};
  return {
    reason: 'no-series',
    detail: `target${labelsText({ job, instance, cluster })} answers, but no longer serves ${gauges[index]?.name}, as it did in the window`,
  };
}

/** The selectors for which the query has another series where they have none: `sum(x) or 0 * sum(y)`. */
function replaceable(promql: string): readonly string[] {
  return alternatives(promql)
    .filter(({ right }) => selectorsOf(right).length > 0)
    .flatMap(({ left }) => tolerated(left));
}
