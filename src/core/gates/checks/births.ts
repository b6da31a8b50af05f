import { all, instant, type Asking } from '../asking.ts';
import type { Refusal } from '../refusal.ts';
import { andTarget } from '../same-target.ts';
import type { Subject } from '../subject.ts';
import { BELAY_JOB } from '../model.ts';
import { ratesOf, type RateUse } from '../../promql/rates.ts';

/** Process start times are given in whole jiffies at best. Half a second covers their rounding, seconds. */
const START_ROUNDING_S = 0.5;

/**
 * No `rate()` of the gate leaves something out. It takes the first value of a series in its range as where counting began, so it
 * does not see what a series is born with; and what a process counted after its last scrape is lost when it restarts. The kinds
 * `delta`, `share` and `quantile` count births, and give a bound for restarts.
 */
export function* births(subject: Subject): Asking<Refusal | undefined> {
  const uses = subject.expressions.flatMap(({ promql }) => ratesOf(promql));
  const refusals = yield* all(uses.map((use) => leftOut(subject, use)));
  return refusals.find((refusal) => refusal !== undefined);
}

function* leftOut({ atMs, fresh, gate }: Subject, use: RateUse): Asking<Refusal | undefined> {
  const { call, selector, range, moved } = use;
  if (moved) {
    if (gate.barKind === 'informational') return undefined;
    return {
      reason: 'query-error',
      detail: `what ${call} leaves out cannot be known, because its range is moved or calculated; use delta, share or quantile`,
    };
  }
  const begun = `last_over_time(${selector}[${fresh}] offset ${range})`;
  const watched = (matchers: string): string => `(max_over_time(up{${matchers}}[${fresh}] offset ${range}) == 1)`;
  const restarted = (matchers: string): string => {
    const started = `process_start_time_seconds{${[`job!="${BELAY_JOB}"`, ...(matchers === '' ? [] : [matchers])].join(',')}}`;
    return `(((last_over_time(${started}[${range}]) - ${START_ROUNDING_S}) > time() - ${range}) and on (job, instance, cluster) ${watched(matchers)})`;
  };
  const [born, reset] = yield* all([
    instant(`count((min_over_time(${selector}[${range}]) > 0) unless ${begun})`, atMs),
    instant(
      `count((resets(${selector}[${range}]) > 0) or ${andTarget(`last_over_time(${selector}[${range}])`, restarted)})`,
      atMs,
    ),
  ]);
  if (reset?.[0] !== undefined) {
    return {
      reason: 'counter-reset',
      detail: `${reset[0].value} series of ${selector} were reset or belong to a process that restarted; ${call} does not see what was lost`,
    };
  }
  if (born?.[0] === undefined) return undefined;
  return {
    reason: 'born-in-window',
    detail: `${born[0].value} series of ${selector} were born in the window with a value that ${call} leaves out; use delta, share or quantile`,
  };
}
