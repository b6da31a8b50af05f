import { beforeEach, describe, expect, test } from 'vitest';
import { BindObserver } from '../../../src/adapters/kube/bind-observer.ts';
import type { PodChange } from '../../../src/adapters/kube/watch-pods.ts';
import type { WatchedPod } from '../../../src/adapters/kube/watched-pod.ts';

const NOW = Date.now();
let reported: { readonly uid: string; readonly latencyMs: number; readonly coarse: boolean }[] = [];

beforeEach(() => {
  reported = [];
});

function observer(sinceMs = 0): BindObserver {
  return new BindObserver({
    sinceMs,
    onBind: (latencyMs, { uid }, coarse) => reported.push({ uid, latencyMs, coarse }),
  });
}

function seen(
  uid: string,
  change: Partial<WatchedPod> = {},
  from: 'list' | 'watch' = 'watch',
  seenSinceMs = 0,
): PodChange {
  const pod: WatchedPod = {
    uid,
    name: uid,
    version: 1,
    archetype: 'web',
    slot: 0,
    generation: 0,
    nodeName: '',
    ready: false,
    deleting: false,
    finished: false,
    intendedAtMs: NOW - 9_000,
    sentAtMs: NOW - 5_000,
    scheduledAtMs: undefined,
    ...change,
  };
  return { type: 'present', pod, from, seenSinceMs };
}

describe('latency', () => {
  test('is reported once per Pod, from the moment its request was sent, however often the Pod is seen again', () => {
    const observed = observer();
    observed.take(seen('a'));
    observed.take(seen('a', { nodeName: 'n1' }));
    observed.take(seen('a', { nodeName: 'n1', ready: true }));
    observed.take(seen('a', { nodeName: 'n1', ready: true }, 'list', Date.now()));
    expect(reported).toHaveLength(1);
    expect(reported[0]).toMatchObject({ uid: 'a', coarse: false });
    expect(reported[0]?.latencyMs).toBeGreaterThanOrEqual(5_000);
  });

  test('of a binding that was not watched is the scheduler’s own time, rounded up, and says so', () => {
    const observed = observer();
    const bound = { nodeName: 'n1', sentAtMs: NOW - 60_000, scheduledAtMs: NOW - 59_000 };
    observed.take(seen('listed', bound, 'list', NOW));
    observed.take(seen('before-the-watch-opened', bound, 'watch', NOW - 10_000));
    expect(reported).toEqual([
      { uid: 'listed', latencyMs: 2_000, coarse: true },
      { uid: 'before-the-watch-opened', latencyMs: 2_000, coarse: true },
    ]);
  });

  test('of Pods bound before the observer began is not reported', () => {
    const observed = observer(NOW - 10_000);
    observed.take(seen('old', { nodeName: 'n1', scheduledAtMs: NOW - 30_000 }, 'list', NOW));
    observed.take(seen('in-the-gap', { nodeName: 'n1', scheduledAtMs: NOW - 9_000 }, 'list', NOW));
    expect(reported.map(({ uid }) => uid)).toEqual(['in-the-gap']);
  });

  test('of Pods that do not say when they were sent is not reported', () => {
    const observed = observer();
    observed.take(seen('a', { nodeName: 'n1', sentAtMs: undefined }));
    expect(reported).toEqual([]);
  });
});
