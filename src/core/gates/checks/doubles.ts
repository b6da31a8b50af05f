import { all, instant, type Asking } from '../asking.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';

/** No target is scraped by two jobs, so that its series count twice. */
export function* doubles({ gate, selectors, atMs, fresh }: Subject): Asking<Refusal | undefined> {
  if (gate.source.kind !== 'query' && gate.source.kind !== 'ratio' && gate.source.kind !== 'delta') return undefined;
  // A selector without a name has several metrics, which differ in their names only.
  const named = selectors.filter(({ name, job }) => name !== undefined && job === undefined);
  const counts = yield* all(
    named.map(({ text }) => instant(`count((count without (job) (last_over_time(${text}[${fresh}]))) > 1)`, atMs)),
  );
  const index = counts.findIndex((count) => count.length > 0);
  if (index === -1) return undefined;
  return {
    reason: 'query-error',
    detail: `several jobs scrape the same target, so ${counts[index]?.[0]?.value} series of ${named[index]?.text} count more than once; add job="…"`,
  };
}
