import { all, instant, seen, type Asking } from '../asking.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';
import { needsOf, selectorsOf, unmetSelectors, type Selector } from '../../promql/needs.ts';

/**
 * Every selector of the gate has had a series in this campaign, with its labels, wherever it is in the query: behind `or`, in
 * `absent()`, in a ratio. A name that was never seen is misspelt, or its exporter is gone, and no default makes a value of it. A
 * gate with `absentIs` says that a series is born with its first event: then the metric's name must have been seen.
 */
export function* names(subject: Subject): Asking<Refusal | undefined> {
  const refusals = yield* all(
    subject.expressions.map(({ promql, mayBeAbsent }) =>
      mayBeAbsent && subject.gate.absentIs !== undefined ? namesSeen(subject, promql) : seriesSeen(subject, promql),
    ),
  );
  return refusals.find((refusal) => refusal !== undefined);
}

function* namesSeen(subject: Subject, promql: string): Asking<Refusal | undefined> {
  const selectors = selectorsOf(promql);
  const known = yield* all(
    selectors.map((selector) =>
      everSeen(
        subject,
        selector.name === undefined ? selector.text : ofJob(selector.name, selector.job ?? subject.gate.job),
      ),
    ),
  );
  const missing = selectors[known.indexOf(false)];
  if (missing === undefined) return undefined;
  const refusal = neverSeen(missing);
  return {
    ...refusal,
    detail: `${refusal.detail.split(';')[0]} by job "${missing.job ?? subject.gate.job}", with whatever labels`,
  };
}

function* seriesSeen(subject: Subject, promql: string): Asking<Refusal | undefined> {
  const { atMs, fresh } = subject;
  const selectors = selectorsOf(promql);
  const known = yield* all(selectors.map(({ text }) => everSeen(subject, text)));
  const missing = selectors[known.indexOf(false)];
  if (missing !== undefined) return neverSeen(missing);
  const need = needsOf(promql);
  if (need === undefined) return undefined;
  const present = yield* all(
    selectors.map(({ text, name }) =>
      instant(
        name === undefined
          ? `group(count_over_time(${text}[${fresh}]))`
          : `group(count_over_time(${byName(name)}[${fresh}]))`,
        atMs,
      ),
    ),
  );
  const isPresent = (selector: Selector): boolean =>
    (present[selectors.findIndex(({ text }) => text === selector.text)] ?? []).length > 0;
  const vanished = unmetSelectors(need, isPresent)[0];
  if (vanished === undefined) return undefined;
  return { reason: 'no-series', detail: `${vanished.text} was served before, but no longer at the window's end` };
}

function everSeen({ campaignStartMs, atMs }: Subject, selector: string): Asking<boolean> {
  return seen(selector, { startMs: campaignStartMs, endMs: atMs });
}

function neverSeen({ text, name }: Selector): Refusal {
  const hint = name === undefined ? '' : `; a series that is born with its first event needs absentIs: 0`;
  return { reason: 'no-series', detail: `no series ${text} was seen in this campaign${hint}`, unborn: true };
}

/** All series of a metric that a job serves. A target of another job says nothing about them. */
function ofJob(name: string, job: string | undefined): string {
  return job === undefined ? byName(name) : `{__name__=${JSON.stringify(name)},job=${JSON.stringify(job)}}`;
}

function byName(name: string): string {
  return `{__name__=${JSON.stringify(name)}}`;
}
