import type { InfrastructureGap } from './answers.ts';
import type { TimeSpan } from './window.ts';

/** Control plane of a local cluster, by every name its parts go by. */
const ALIASES: Readonly<Record<string, string>> = {
  apiserver: 'apiserver',
  'kube-apiserver': 'apiserver',
  etcd: 'etcd',
  scheduler: 'scheduler',
  'kube-scheduler': 'scheduler',
  'controller-manager': 'controller-manager',
  'kube-controller-manager': 'controller-manager',
  kcm: 'controller-manager',
  kwok: 'kwok',
  'kwok-controller': 'kwok',
  prometheus: 'prometheus',
};

/** Without these nothing else can be read or can work: their death touches every job. */
const TOUCHES_ALL = new Set(['prometheus', 'etcd', 'apiserver']);
/** What these time is still timed rightly when something else in the cluster is dead. */
const STORE = new Set(['etcd', 'apiserver']);

/**
 * Whether the death of `component` makes readings of `job` doubtful. On purpose more rather than less:
 * - prometheus, etcd, the apiserver touch every job;
 * - scheduler, controller-manager, kwok touch every job but etcd and the apiserver: without them Pods stop being bound,
 *   made or run, so what the system and Belay's own watch measure stops or looks too good;
 * - anything else (a process of the system under test) touches every job that is not the control plane's.
 */
export function touches(component: string, job: string): boolean {
  const dead = ALIASES[component];
  const read = ALIASES[job];
  if (dead !== undefined && TOUCHES_ALL.has(dead)) return true;
  if (dead !== undefined) return read === undefined || !STORE.has(read);
  return read === undefined;
}

/** The first gap that overlaps the window and touches one of the jobs. No jobs known = touched by every gap. */
export function touchingGap(
  gaps: readonly InfrastructureGap[],
  window: TimeSpan,
  jobs: readonly string[],
): InfrastructureGap | undefined {
  return gaps.find(
    (gap) =>
      gap.startMs <= window.endMs &&
      (gap.endMs === null || gap.endMs >= window.startMs) &&
      (jobs.length === 0 || jobs.some((job) => touches(gap.component, job))),
  );
}
