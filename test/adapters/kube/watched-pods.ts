import type { WatchedPod } from '../../../src/adapters/kube/watched-pod.ts';

/** A Pod as a watch reports it: pending in slot 0, unless `change` says something else. */
export function aWatchedPod(change: Partial<WatchedPod> = {}): WatchedPod {
  return {
    uid: 'a',
    name: change.uid ?? 'a',
    version: 1,
    archetype: 'web',
    slot: 0,
    generation: 0,
    nodeName: '',
    ready: false,
    deleting: false,
    finished: false,
    intendedAtMs: 0,
    sentAtMs: 0,
    scheduledAtMs: undefined,
    ...change,
  };
}
