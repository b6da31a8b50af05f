import type { Sample } from '../answers.ts';
import { all, instant, type Asking } from '../asking.ts';
import { countersSeen } from '../counters-seen.ts';
import { EARLIER_MS } from '../earlier.ts';
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

/** Labels of a target. */
const TARGET = 'job, instance, cluster';

/**
 * Every target that served a metric of the gate, in its window or shortly before, and still answers, still serves it. One that answers
 * with an empty page is in no maximum and in no count, and the errors of one that no longer counts are not 0. Gauges of a gate with
 * `absentIs`, with `or`, or that compares series with those before, come and go. Counters do not, as long as their process lives.
 * Belay's own series move to another worker with the work.
 */
export function* served(subject: Subject): Asking<Refusal | undefined> {
  const names = [...new Set([...gaugesOf(subject), ...(yield* countersOf(subject))])];
  const gone = yield* all(names.map((name) => targetsWithout(subject, name)));
  const index = gone.findIndex((targets) => targets.length > 0);
  if (index === -1) return undefined;
  const { job = '', instance = '', cluster = '' } = gone[index]?.[0]?.labels ?? {};
  return {
    reason: 'no-series',
    detail: `target${labelsText({ job, instance, cluster })} answers, but no longer serves ${names[index]?.metric}, as it did before`,
  };
}

interface Served {
  readonly metric: string;
  /** The series that the target served. */
  readonly text: string;
}

/** Targets that served a metric and answer without it. Before the window only those whose process is the same since. */
function* targetsWithout(
  { window, atMs, fresh, freshMs }: Subject,
  { metric, text }: Served,
): Asking<readonly Sample[]> {
  const within = promDuration(Math.max(1, atMs - window.startMs - freshMs));
  const longer = promDuration(atMs - window.startMs + EARLIER_MS);
  const now = `last_over_time({__name__=${JSON.stringify(metric)}}[${fresh}])`;
  const answers = `(min_over_time(up{job!="${BELAY_JOB}"}[${fresh}]) == 1)`;
  const starts = `process_start_time_seconds{job!="${BELAY_JOB}"}[${longer}]`;
  const same = `(max_over_time(${starts}) == min_over_time(${starts}))`;
  const before = (range: string): string => `group by (${TARGET}) (last_over_time(${text}[${range}] offset ${fresh}))`;
  const earlier = `(${before(longer)} and on (job, instance) ${same})`;
  return yield* instant(
    `((${before(within)} or ${earlier}) unless on (${TARGET}) ${now}) and on (job, instance) ${answers}`,
    atMs,
  );
}

function gaugesOf({ gate, selectors, expressions }: Subject): readonly Served[] {
  if (!isFree(gate) || gate.absentIs !== undefined) return [];
  const promqls = expressions.map(({ promql }) => promql);
  const mayEnd = new Set(promqls.flatMap((promql) => [...comparedWithBefore(promql), ...replaceable(promql)]));
  const read = new Set(promqls.flatMap(tolerated).filter((text) => !mayEnd.has(text)));
  return selectors.flatMap(({ name, job, text }) =>
    name !== undefined && job !== BELAY_JOB && read.has(text) ? [{ metric: name, text }] : [],
  );
}

/** Counters that are born with their first event: their siblings show whether the target still counts. */
function* countersOf(subject: Subject): Asking<readonly Served[]> {
  const { gate, selectors } = subject;
  if (gate.absentIs === undefined) return [];
  const others = selectors.filter(
    ({ name, job }) => name !== undefined && job !== BELAY_JOB && !name.startsWith('belay_'),
  );
  const isCounted = gate.source.kind === 'delta' || gate.source.kind === 'share';
  const counters = isCounted ? others : yield* countersSeen(others, subject);
  return counters.map(({ name = '', job }) => {
    const of = job === undefined ? '' : `,job=${JSON.stringify(job)}`;
    return { metric: name, text: `{__name__=${JSON.stringify(name)}${of}}` };
  });
}

/** The selectors for which the query has another series where they have none: `sum(x) or 0 * sum(y)`. */
function replaceable(promql: string): readonly string[] {
  return alternatives(promql)
    .filter(({ right }) => selectorsOf(right).length > 0)
    .flatMap(({ left }) => tolerated(left));
}
