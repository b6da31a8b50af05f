import { instant, type Asking } from '../asking.ts';
import { isFree } from '../free-expression.ts';
import type { Selector } from '../../promql/needs.ts';
import { gaugeRanges } from '../../promql/over-time.ts';
import { BELAY_JOB } from '../model.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';

/** Names of Belay's own counts of Pods. */
const OWN_PODS = 'belay_pod';

/** An age further below 0 than this is one of a clock that was set back, s: it says nothing. */
const CLOCK_STEP_S = 1;

/** Belay's own counts of Pods rest on a state of the cluster that was confirmed lately. */
export function* watch(subject: Subject, jobs: readonly string[]): Asking<Refusal | undefined> {
  const { selectors, campaign, atMs, fresh, range, watchLimitMs } = subject;
  // What Belay's worker serves under a name that is not given exactly may be its counts of Pods.
  const mayBeOwn = ({ name }: Selector): boolean => name?.startsWith(OWN_PODS) ?? jobs.includes(BELAY_JOB);
  if (!selectors.some(mayBeOwn)) return undefined;
  const age = `belay_watch_confirmed_age_seconds{campaign=${JSON.stringify(campaign)}}`;
  // A value over a time rests on all states in it.
  const isOverTime = isFree(subject.gate) && subject.expressions.some(({ promql }) => gaugeRanges(promql).length > 0);
  const ages = yield* instant(
    isOverTime
      ? `max by (cluster) (max_over_time(${age}[${range}]))`
      : `max by (cluster) (last_over_time(${age}[${fresh}]))`,
    atMs,
  );
  const known = new Set(ages.map(({ labels }) => labels['cluster']));
  const unwatched = clustersOf(subject).find((cluster) => !known.has(cluster));
  if (ages.length > 0 && unwatched !== undefined)
    return { reason: 'stale-watch', detail: `no list has confirmed the Pods of cluster ${unwatched}` };
  const oldest = ages.toSorted((a, b) => b.value - a.value)[0];
  if (oldest === undefined) {
    return { reason: 'stale-watch', detail: 'no list has confirmed the Pods that the watch shows' };
  }
  if (oldest.value * 1_000 <= watchLimitMs && ages.every(({ value }) => value > -CLOCK_STEP_S)) return undefined;
  return {
    reason: 'stale-watch',
    detail: `the Pods of cluster ${oldest.labels['cluster'] ?? '?'} were last confirmed ${Math.round(oldest.value)} s before, at most ${watchLimitMs / 1_000} s are trusted`,
  };
}

/** The clusters of the campaign, as far as a job has a target in each of them. */
function clustersOf({ expected }: Subject): readonly string[] {
  return Object.values(expected).find(({ clusters = [] }) => clusters.length > 0)?.clusters ?? [];
}
