import { all, instant, type Asking } from '../asking.ts';
import { countersSeen } from '../counters-seen.ts';
import type { Refusal } from '../refusal.ts';
import { steadiness } from '../steady-targets.ts';
import type { Subject } from '../subject.ts';
import { promDuration } from '../../promql/placeholders.ts';
import { literalSeconds } from '../../promql/range.ts';
import { ratesOf, type RateUse } from '../../promql/rates.ts';

/**
 * No `rate()` of the gate leaves something out. It takes the first value of a series in its range as where counting began, so it
 * does not see what a series is born with; and what a process counted after its last scrape is lost when it ends. The kinds
 * `delta`, `share` and `quantile` count births, and give a bound for restarts.
 */
export function* births(subject: Subject, jobs: readonly string[]): Asking<Refusal | undefined> {
  const uses = subject.expressions.flatMap(({ promql }) => ratesOf(promql));
  const counters = new Set(
    yield* countersSeen(
      uses.flatMap(({ ofGauges }) => ofGauges ?? []),
      subject,
    ),
  );
  const overCounters = uses.filter(({ ofGauges }) => ofGauges?.some((one) => counters.has(one)) ?? true);
  const refusals = yield* all(overCounters.map((use) => leftOut(subject, jobs, use)));
  return refusals.find((refusal) => refusal !== undefined);
}

function* leftOut(subject: Subject, jobs: readonly string[], use: RateUse): Asking<Refusal | undefined> {
  const { atMs, fresh, freshMs, gate } = subject;
  const { call, selector, moved, withinMs } = use;
  const rangeMs = Math.round(literalSeconds(use.range) * 1_000 + withinMs);
  if (moved || !(rangeMs > 0)) {
    if (gate.barKind === 'informational') return undefined;
    return {
      reason: 'query-error',
      detail: `what ${call} leaves out cannot be known, because its range is moved or calculated; use delta, share or quantile`,
    };
  }
  const range = promDuration(rangeMs);
  const span = { startMs: atMs - rangeMs, endMs: atMs };
  const longer = promDuration(rangeMs + freshMs);
  const begun = `last_over_time(${selector}[${fresh}] offset ${range})`;
  // From the first sample on it counts: that must not be long after the range's start.
  const first = rangeMs > freshMs ? ` offset ${promDuration(rangeMs - freshMs)}` : '';
  const targets = yield* steadiness(subject, jobs, span);
  const values = `min_over_time(${selector}[${range}])`;
  const [born = 0, ended = 0, reset = 0, late = 0] = yield* all([
    // A native histogram has no least value, and no number to be born with.
    count(`((${values} > 0) or (last_over_time(${selector}[${range}]) unless ${values})) unless ${begun}`, atMs),
    count(`last_over_time(${selector}[${longer}]) unless last_over_time(${selector}[${fresh}])`, atMs),
    count(`resets(${selector}[${longer}]) > 0`, atMs),
    count(`${begun} unless last_over_time(${selector}[${fresh}]${first})`, atMs),
  ]);
  if (reset > 0) return lost(`${reset} series of ${selector} were reset; ${call} does not see what was lost`);
  if (born > 0) {
    return {
      reason: 'born-in-window',
      detail: `${born} series of ${selector} were born in the window with a value that ${call} leaves out; use delta, share or quantile`,
    };
  }
  if (targets.why !== undefined) return lost(`${call} may leave something out: ${targets.why}`);
  if (ended > 0) return lost(`${ended} series of ${selector} ended; ${call} does not see what was lost`);
  if (late > 0) {
    return lost(`${late} series of ${selector} have no sample near the start of ${range}; ${call} begins later`);
  }
  return undefined;
}

function lost(detail: string): Refusal {
  return { reason: 'counter-reset', detail };
}

/** How many series an expression has. */
function* count(promql: string, atMs: number): Asking<number> {
  return (yield* instant(`count(${promql})`, atMs))[0]?.value ?? 0;
}
