import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PodCounter } from '../../../src/adapters/kube/pod-counter.ts';
import type { PodChange } from '../../../src/adapters/kube/pod-watch.ts';
import { aWatchedPod } from './watched-pods.ts';

type State = 'pending' | 'bound' | 'ready' | 'failed' | 'deleting' | 'gone';

function changeOf(uid: string, slot: number, state: State): PodChange {
  if (state === 'gone') return { type: 'gone', uid, last: undefined };
  const pod = aWatchedPod({
    uid,
    slot,
    nodeName: state === 'pending' ? '' : 'n1',
    ready: state === 'ready' || state === 'deleting',
    finished: state === 'failed',
    deleting: state === 'deleting',
  });
  return { type: 'present', pod, from: 'watch', seenSinceMs: 0 };
}

describe('counts by wanted slot', () => {
  test.for<[string, readonly [string, number, State][], { bound: number; ready: number; present: number }]>([
    [
      'Pods of their slots',
      [
        ['a', 0, 'ready'],
        ['b', 1, 'bound'],
        ['c', 2, 'pending'],
      ],
      { bound: 2, ready: 1, present: 3 },
    ],
    [
      'a Pod that has Failed',
      [
        ['a', 0, 'ready'],
        ['a', 0, 'failed'],
      ],
      { bound: 0, ready: 0, present: 0 },
    ],
    [
      'a Pod that is being deleted',
      [
        ['a', 0, 'ready'],
        ['a', 0, 'deleting'],
      ],
      { bound: 0, ready: 0, present: 1 },
    ],
    [
      'two Pods of one slot',
      [
        ['a', 0, 'ready'],
        ['b', 0, 'ready'],
      ],
      { bound: 1, ready: 1, present: 2 },
    ],
    [
      'one of two Pods of a slot, gone',
      [
        ['a', 0, 'ready'],
        ['b', 0, 'bound'],
        ['a', 0, 'gone'],
      ],
      { bound: 1, ready: 0, present: 1 },
    ],
    ['a Pod in a slot that is not wanted', [['a', 7, 'ready']], { bound: 0, ready: 0, present: 1 }],
    [
      'a Pod that is no longer Ready',
      [
        ['a', 0, 'ready'],
        ['a', 0, 'bound'],
      ],
      { bound: 1, ready: 0, present: 1 },
    ],
  ])('%s', ([, steps, expected]) => {
    const counter = new PodCounter([0, 1, 2]);
    for (const [uid, slot, state] of steps) counter.take(changeOf(uid, slot, state));
    expect(counter.counts()).toMatchObject(expected);
  });

  test('a Pod that is reported gone twice is gone once', () => {
    const counter = new PodCounter([0]);
    counter.take(changeOf('a', 0, 'ready'));
    counter.take(changeOf('a', 0, 'gone'));
    counter.take(changeOf('a', 0, 'gone'));
    expect(counter.counts()).toEqual({ present: 0, bound: 0, ready: 0, pending: 0, deleted: 1 });
  });

  test('a Pod that has Failed and is then removed is deleted once', () => {
    const counter = new PodCounter([0]);
    for (const state of ['bound', 'failed', 'failed', 'gone'] as const) counter.take(changeOf('a', 0, state));
    expect(counter.counts()).toEqual({ present: 0, bound: 0, ready: 0, pending: 0, deleted: 1 });
  });
});

const SLOTS = 5;
const step = fc.oneof(
  fc.record({
    uid: fc.integer({ min: 0, max: 9 }),
    state: fc.constantFrom<State>('pending', 'bound', 'ready', 'failed', 'deleting', 'gone'),
  }),
  fc.record({ slot: fc.nat(SLOTS - 1), wanted: fc.boolean() }),
  fc.record({ all: fc.uniqueArray(fc.nat(SLOTS - 1)) }),
);

test('after any changes of Pods and of the slots that are wanted, the counts are those of a count from scratch', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const counter = new PodCounter([0, 1]);
      let wanted = counter.want([0, 1, 2]);
      const pods = new Map<string, { slot: number; state: State }>();
      for (const each of steps) {
        if ('all' in each) wanted = counter.want(each.all);
        else if ('slot' in each) wanted[each.wanted ? 'add' : 'delete'](each.slot);
        else {
          const uid = `u${each.uid}`;
          const slot = each.uid % SLOTS;
          counter.take(changeOf(uid, slot, each.state));
          if (each.state === 'gone') pods.delete(uid);
          else pods.set(uid, { slot, state: each.state });
        }
      }
      const slotsWith = (...states: readonly State[]): number =>
        [...wanted].filter((slot) => [...pods.values()].some((pod) => pod.slot === slot && states.includes(pod.state)))
          .length;
      expect(counter.counts()).toMatchObject({
        present: [...pods.values()].filter(({ state }) => state !== 'failed').length,
        bound: slotsWith('bound', 'ready'),
        ready: slotsWith('ready'),
        pending: [...pods.values()].filter(({ state }) => state === 'pending').length,
      });
    }),
  );
});
