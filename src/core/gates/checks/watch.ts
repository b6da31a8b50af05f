import { instant, type Asking } from '../asking.ts';
import type { Selector } from '../../promql/needs.ts';
import { BELAY_JOB } from '../model.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';

/** Names of Belay's own counts of Pods. */
const OWN_PODS = 'belay_pod';

/** Belay's own counts of Pods rest on a state of the cluster that was confirmed lately. */
export function* watch(subject: Subject, jobs: readonly string[]): Asking<Refusal | undefined> {
  const { selectors, campaign, atMs, fresh, watchLimitMs } = subject;
  // What Belay's worker serves under a name that is not given exactly may be its counts of Pods.
  const mayBeOwn = ({ name }: Selector): boolean => name?.startsWith(OWN_PODS) ?? jobs.includes(BELAY_JOB);
  if (!selectors.some(mayBeOwn)) return undefined;
  const age = `belay_watch_confirmed_age_seconds{campaign=${JSON.stringify(campaign)}}`;
  const ages = yield* instant(`max by (cluster) (last_over_time(${age}[${fresh}]))`, atMs);
  const oldest = ages.toSorted((a, b) => b.value - a.value)[0];
  if (oldest === undefined) {
    return { reason: 'stale-watch', detail: 'no list has confirmed the Pods that the watch shows' };
  }
  if (oldest.value * 1_000 <= watchLimitMs) return undefined;
  return {
    reason: 'stale-watch',
    detail: `the Pods of cluster ${oldest.labels['cluster'] ?? '?'} were last confirmed ${Math.round(oldest.value)} s before, at most ${watchLimitMs / 1_000} s are trusted`,
  };
}
