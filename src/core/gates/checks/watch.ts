import { instant, type Asking } from '../asking.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';

/** Names of Belay's own counts of Pods. */
const OWN_PODS = 'belay_pod';

/** Belay's own counts of Pods rest on a state of the cluster that was confirmed lately. */
export function* watch(subject: Subject): Asking<Refusal | undefined> {
  const { selectors, campaign, atMs, fresh, watchLimitMs } = subject;
  if (!selectors.some(({ name }) => name?.startsWith(OWN_PODS) === true)) return undefined;
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
