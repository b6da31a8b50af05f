import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PodAccounts } from '../../../src/adapters/observe/pod-accounts.ts';
import type { PodFact } from '../../../src/adapters/observe/pod-facts.ts';
import type { PodChange } from '../../../src/adapters/kube/pod-watch.ts';
import type { WatchedPod } from '../../../src/adapters/kube/watched-pod.ts';
import { aWatchedPod } from '../kube/watched-pods.ts';
import { PodWorld, type Step } from './pod-world.ts';

const START_MS = 1_000_000;
const SOAK = { stage: 'soak', execution: 1 };

interface Watched {
  readonly accounts: PodAccounts;
  readonly facts: PodFact[];
  readonly ends: string[];
}

function accountsInSoak(clockAheadMs?: number | 'unknown'): Watched {
  const facts: PodFact[] = [];
  const ends: string[] = [];
  const accounts = new PodAccounts({
    ...(clockAheadMs === undefined ? {} : { clockAheadMs }),
    record: (fact) => facts.push(fact),
    onEnd: ({ stage, execution }, waitedMs, end) => ends.push(`${end} ${waitedMs} ${stage}/${execution}`),
  });
  accounts.begin(SOAK, START_MS);
  return { accounts, facts, ends };
}

const SENT_MS = START_MS + 5_000;
const CREATED = { slot: 3, generation: 1, sentAtMs: SENT_MS, intendedAtMs: SENT_MS - 400 };
const POD = { ...CREATED, uid: 'a' };

function present(change: Partial<WatchedPod> = {}, from: 'list' | 'watch' = 'watch', seenSinceMs = 0): PodChange {
  return { type: 'present', pod: aWatchedPod({ ...POD, ...change }), from, seenSinceMs };
}

function gone(last?: Partial<WatchedPod>): PodChange {
  return { type: 'gone', uid: 'a', last: last === undefined ? undefined : aWatchedPod({ ...POD, ...last }) };
}

type Act = (accounts: PodAccounts) => void;
const created: Act = (accounts) => accounts.created(CREATED, SENT_MS + 20);
const taken =
  (change: PodChange, afterMs: number): Act =>
  (accounts) =>
    accounts.take(change, SENT_MS + afterMs);
const answered =
  (last: Partial<WatchedPod>, afterMs: number): Act =>
  (accounts) =>
    accounts.deleted(aWatchedPod({ ...POD, ...last }), SENT_MS + afterMs);
const confirmed =
  (askedAfterMs: number): Act =>
  (accounts) =>
    accounts.confirmed(SENT_MS + askedAfterMs, SENT_MS + askedAfterMs + 50);
const NODE = { nodeName: 'n1' };
/** Bound in the second that begins 7 s after the soak. */
const SCHEDULED = { nodeName: 'n1', scheduledAtMs: START_MS + 7_000 };

describe('a Pod that was created', () => {
  test.for<[string, readonly Act[], { ends: readonly string[]; vanished?: number }]>([
    [
      'and bound waited from the moment its request was sent',
      [created, taken(present(), 30), taken(present(NODE), 700)],
      { ends: ['bound 700 soak/1'] },
    ],
    [
      'is bound once, however often it is seen',
      [
        created,
        taken(present(NODE), 700),
        taken(present({ ...NODE, ready: true }), 900),
        taken(present(NODE, 'list'), 950),
      ],
      { ends: ['bound 700 soak/1'] },
    ],
    [
      'may be seen before its creation is acknowledged',
      [taken(present(NODE), 10), created],
      { ends: ['bound 10 soak/1'] },
    ],
    [
      'and is found bound by a list, waited until the end of the second in which the scheduler bound it',
      [created, taken(present(SCHEDULED, 'list', SENT_MS + 60_000), 60_000)],
      { ends: ['bound 3000 soak/1'] },
    ],
    [
      'and was bound before the watch was opened',
      [created, taken(present(SCHEDULED, 'watch', SENT_MS + 10_000), 60_000)],
      { ends: ['bound 3000 soak/1'] },
    ],
    [
      'and was bound without a time of the scheduler, waited until it was found',
      [created, taken(present(NODE, 'list', SENT_MS + 900), 900)],
      { ends: ['bound 900 soak/1'] },
    ],
    [
      'and was bound before its request was sent, by the clock of the cluster: that clock says nothing',
      [created, taken(present({ nodeName: 'n1', scheduledAtMs: SENT_MS - 30_000 }, 'list', SENT_MS + 900), 900)],
      { ends: [], vanished: 1 },
    ],
    [
      'and is shown again, not bound yet, by a list of a server that is behind, is counted once',
      [
        created,
        taken(present(NODE), 700),
        taken(gone(NODE), 900),
        taken(present({}, 'list'), 950),
        taken(gone({}), 60_000),
      ],
      { ends: ['bound 700 soak/1'] },
    ],
    [
      'and bound, and is created again by something else, is counted once',
      [
        created,
        taken(present(NODE), 700),
        taken(gone(NODE), 900),
        taken(present({ uid: 'b' }), 1_000),
        taken(present({ uid: 'b', nodeName: 'n2' }), 50_000),
      ],
      { ends: ['bound 700 soak/1'] },
    ],
    [
      'and is created again by something else before it was bound, waited until one of them was',
      [created, taken(present(), 30), taken(present({ uid: 'b', nodeName: 'n2' }), 9_000), taken(gone({}), 9_100)],
      { ends: ['bound 9000 soak/1'] },
    ],
    [
      'and deleted before it was bound counts with the time it waited',
      [created, taken(present(), 30), taken(gone({}), 450)],
      { ends: ['deleted 450 soak/1'] },
    ],
    [
      'no longer waits when its deletion begins',
      [created, taken(present({ deleting: true }), 450), taken(gone({}), 900)],
      { ends: ['deleted 450 soak/1'] },
    ],
    [
      'and Failed before it was bound',
      [created, taken(present({ finished: true }), 450)],
      { ends: ['deleted 450 soak/1'] },
    ],
    [
      'was bound, as only the event of its deletion shows',
      [created, taken(present(), 30), taken(gone(SCHEDULED), 60_000)],
      { ends: ['bound 3000 soak/1'] },
    ],
    [
      'was bound, as only the answer to its deletion shows',
      [created, taken(present(), 30), answered(SCHEDULED, 60_000), taken(gone(), 61_000)],
      { ends: ['bound 3000 soak/1'] },
    ],
    [
      'was not bound, as the answer to its deletion shows, though no watch has seen it',
      [created, answered({}, 800), confirmed(2_000)],
      { ends: ['deleted 800 soak/1'] },
    ],
    [
      'is gone, as a list shows: whether it was bound is unknown',
      [created, taken(present(), 30), taken(gone(), 9_000)],
      { ends: [], vanished: 1 },
    ],
    [
      'is gone, and a late answer shows how',
      [created, taken(present(), 30), taken(gone(), 9_000), answered({}, 9_100)],
      { ends: ['deleted 9100 soak/1'] },
    ],
    [
      'is not in a list that was asked for after the acknowledgement',
      [created, confirmed(21)],
      { ends: [], vanished: 1 },
    ],
    ['need not be in a list that was asked for before', [created, confirmed(20)], { ends: [] }],
    [
      'was not in a list, and is seen later',
      [created, confirmed(21), taken(present(), 90), taken(present(NODE), 95)],
      { ends: ['bound 95 soak/1'] },
    ],
    [
      'and waits to the end of the soak is given up once',
      [
        created,
        taken(present(), 30),
        (accounts) => accounts.giveUp(SENT_MS + 8_000),
        (accounts) => accounts.giveUp(SENT_MS + 9_000),
        taken(present(NODE), 9_500),
      ],
      { ends: ['unbound 8000 soak/1'] },
    ],
    [
      'and seems to wait at the end of a soak that no list confirms is not observed, also when it is seen waiting later',
      [
        created,
        taken(present(), 30),
        (accounts) => accounts.loseSight(SENT_MS + 8_000),
        taken(present({}, 'list'), 9_000),
        (accounts) => accounts.giveUp(SENT_MS + 9_500),
      ],
      { ends: [], vanished: 1 },
    ],
    [
      'and was bound before such an end, as a later list shows',
      [
        created,
        taken(present(), 30),
        (accounts) => accounts.loseSight(SENT_MS + 8_000),
        taken(present(SCHEDULED, 'list', SENT_MS + 60_000), 60_000),
      ],
      { ends: ['bound 3000 soak/1'] },
    ],
  ])('%s', ([, acts, expected]) => {
    const { accounts, facts, ends } = accountsInSoak();
    for (const act of acts) act(accounts);
    expect(ends).toEqual(expected.ends);
    expect(accounts.counts()).toEqual([{ ...SOAK, created: 1, vanished: expected.vanished ?? 0 }]);
    // The next worker comes to the same result.
    const next = accountsInSoak();
    for (const fact of facts) next.accounts.replay(fact);
    expect(next.ends).toEqual(expected.ends);
    expect(next.accounts.counts()).toEqual(accounts.counts());
  });

  test.for([-40_000, 0, 40_000])('waited as long by a clock of the cluster that is %d ms ahead', (aheadMs) => {
    const { accounts, ends } = accountsInSoak(aheadMs);
    created(accounts);
    taken(
      present({ ...SCHEDULED, scheduledAtMs: SCHEDULED.scheduledAtMs + aheadMs }, 'list', SENT_MS + 60_000),
      60_000,
    )(accounts);
    // The request was sent 5 s after the soak began, 400 ms late; the Pod was bound by the end of the second 7 s after it.
    expect(ends).toEqual(['bound 3000 soak/1']);
  });

  test.each<[what: string, change: PodChange, ends: readonly string[], vanished: number]>([
    ['in a list', present(SCHEDULED, 'list', SENT_MS + 60_000), [], 1],
    ['by a watch that was opened after its request', present(SCHEDULED, 'watch', SENT_MS + 500), [], 1],
    ['by a watch that was there all the time', present(SCHEDULED, 'watch', 0), ['bound 3000 soak/1'], 0],
  ])('is measured by the clock of this host alone where the cluster has none that is known: seen %s', (...one) => {
    const [, change, expected, vanished] = one;
    const { accounts, ends } = accountsInSoak('unknown');
    for (const act of [created, taken(change, 3_000)]) act(accounts);
    expect(ends).toEqual(expected);
    expect(accounts.counts()).toEqual([{ ...SOAK, created: 1, vanished }]);
  });

  test('counts once, though the answer to its deletion comes after the event that shows it', () => {
    const { accounts, ends } = accountsInSoak();
    for (const act of [created, taken(present(), 30), taken(present(NODE), 700), taken(gone(NODE), 2_000)])
      act(accounts);
    expect(accounts.size).toBe(0);
    answered(NODE, 2_050)(accounts);
    expect(ends).toEqual(['bound 700 soak/1']);
    expect(accounts.counts()).toEqual([{ ...SOAK, created: 1, vanished: 0 }]);
    expect(accounts.size).toBe(0);
  });

  test('belongs to the execution of the stage in which it was meant to exist, not to that in which it was sent', () => {
    const { accounts, ends } = accountsInSoak();
    accounts.begin({ stage: 'steady', execution: 2 }, START_MS + 20_000);
    accounts.begin({ stage: 'soak', execution: 2 }, START_MS + 30_000);
    const pods = [-1, 19_999, 20_000, 29_999, 30_000].map((ms, slot) => ({
      slot,
      generation: 0,
      intendedAtMs: START_MS + ms,
      sentAtMs: START_MS + 40_000,
    }));
    for (const pod of pods) {
      const uid = `u${pod.slot}`;
      accounts.take(
        { type: 'present', pod: aWatchedPod({ ...pod, uid, nodeName: 'n' }), from: 'watch', seenSinceMs: 0 },
        START_MS + 41_000,
      );
    }
    expect(ends.map((end) => end.split(' ')[2])).toEqual(['ramp/1', 'soak/1', 'steady/2', 'steady/2', 'soak/2']);
    expect(accounts.counts().map(({ created: count }) => count)).toEqual([1, 2, 1, 1]);
  });

  test('under the name of a lost one is another Pod', () => {
    const { accounts, ends } = accountsInSoak();
    for (const [uid, sentAtMs] of [
      ['a', SENT_MS],
      ['b', SENT_MS + 3_000],
    ] as const) {
      accounts.created({ ...CREATED, sentAtMs }, sentAtMs + 5);
      accounts.take(
        { type: 'present', pod: aWatchedPod({ ...POD, uid, sentAtMs, nodeName: 'n' }), from: 'watch', seenSinceMs: 0 },
        sentAtMs + 100,
      );
      accounts.take({ type: 'gone', uid, last: aWatchedPod({ ...POD, uid, sentAtMs, nodeName: 'n' }) }, sentAtMs + 900);
    }
    expect(ends).toEqual(['bound 100 soak/1', 'bound 100 soak/1']);
    expect(accounts.counts()).toEqual([{ ...SOAK, created: 2, vanished: 0 }]);
    expect(accounts.size).toBe(0);
  });

  describe('counts once, however long it is gone and whatever was dropped since,', () => {
    /** Other Pods of the load come and go, after 200, 400 and 600 s. */
    const others: Act = (accounts) => {
      for (const afterMs of [200_000, 400_000, 600_000]) {
        const key = { slot: 9, generation: afterMs, sentAtMs: SENT_MS + afterMs, intendedAtMs: SENT_MS + afterMs };
        accounts.created(key, SENT_MS + afterMs);
        accounts.take(present({ ...key, ...NODE, uid: `other-${afterMs}` }), SENT_MS + afterMs + 5);
        accounts.take({ type: 'gone', uid: `other-${afterMs}`, last: undefined }, SENT_MS + afterMs + 9);
      }
    };
    const OTHERS = Array<string>(3).fill('bound 5 soak/1');

    test.for<[string, readonly Act[], readonly string[]]>([
      [
        'when something else creates it again',
        [others, taken(present({ uid: 'b' }), 900_000), taken(present({ ...NODE, uid: 'b' }), 950_000)],
        [],
      ],
      ['when a list of a server that is far behind shows it', [others, taken(present({}, 'list'), 900_000)], []],
      ['when the answer to its deletion is that late', [others, answered(NODE, 900_000)], []],
      [
        'when its next generation is gone too',
        [
          (accounts) => accounts.created({ ...CREATED, generation: 2, sentAtMs: SENT_MS + 1_000 }, SENT_MS + 1_020),
          taken(present({ uid: 'b', generation: 2, sentAtMs: SENT_MS + 1_000, ...NODE }), 1_500),
          (accounts) => accounts.take({ type: 'gone', uid: 'b', last: undefined }, SENT_MS + 1_900),
          others,
          taken(present({}, 'list'), 900_000),
        ],
        ['bound 500 soak/1'],
      ],
    ])('%s', ([, acts, more]) => {
      const { accounts, ends } = accountsInSoak();
      for (const act of [created, taken(present(NODE), 700), taken(gone(NODE), 900), ...acts]) act(accounts);
      expect(ends).toEqual(['bound 700 soak/1', ...more, ...OTHERS]);
      expect(accounts.counts()).toEqual([{ ...SOAK, created: ends.length, vanished: 0 }]);
      expect(accounts.size).toBe(0);
    });
  });

  test('that is no Pod of the load has no account', () => {
    const { accounts } = accountsInSoak();
    accounts.take(present({ sentAtMs: undefined, intendedAtMs: undefined }), 0);
    accounts.take(present({ slot: -1 }), 0);
    expect(accounts.size).toBe(0);
  });
});

const what = fc.constantFrom<Step['what']>(
  'create',
  'create',
  'create',
  'createUnanswered',
  'bind',
  'bind',
  'bind',
  'delete',
  'deleteUnanswered',
  'deleteAnsweredLate',
  'answer',
  'terminate',
  'deliver',
  'deliver',
  'deliverAll',
  'loseWatch',
  'list',
  'scrape',
  'kill',
);
const step = fc.record({ what, pick: fc.nat(1_000), ms: fc.nat(1_500) });

describe('whatever happens, and whenever the worker is killed,', () => {
  test('every Pod is counted once, and nobody waited shorter than the truth', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.boolean(), (steps, isConfirmed) => {
        const world = new PodWorld();
        world.run(steps);
        world.end(isConfirmed);
        const counts = world.accounts.counts();
        const total = (of: 'created' | 'vanished'): number => counts.reduce((sum, count) => sum + count[of], 0);
        const ended = world.facts.filter((fact) => fact.type === 'ended');
        const truth = new Map(world.pods.map((pod) => [`${pod.pod.slot}/${pod.pod.generation}/${pod.sentAtMs}`, pod]));
        expect(ended.length + total('vanished')).toBe(total('created'));
        expect(total('created')).toBeLessThanOrEqual(world.pods.length);
        // Only a killed worker, or an answer that was lost together with the watch, can have missed a Pod.
        const isCertain = world.kills === 0 && !steps.some(({ what: each }) => each === 'createUnanswered');
        if (isCertain && isConfirmed) expect(total('created')).toBe(world.pods.length);
        expect(new Set(ended.map((fact) => `${fact.slot}/${fact.generation}/${fact.sentAtMs}`)).size).toBe(
          ended.length,
        );
        for (const fact of ended) {
          const pod = truth.get(`${fact.slot}/${fact.generation}/${fact.sentAtMs}`);
          if (fact.end === 'bound')
            expect(fact.waitedMs).toBeGreaterThanOrEqual((pod?.boundAtMs ?? Infinity) - fact.sentAtMs);
          else expect(pod?.boundAtMs).toBeUndefined();
        }
        for (const { pod, sentAtMs, exists } of world.pods) {
          const key = `${pod.slot}/${pod.generation}/${sentAtMs}`;
          if (exists && isConfirmed)
            expect(ended.map((fact) => `${fact.slot}/${fact.generation}/${fact.sentAtMs}`)).toContain(key);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('no counter that was scraped ever falls', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const world = new PodWorld();
        for (const each of steps) {
          world.step(each);
          if (each.what === 'kill') world.scrape();
        }
        world.end();
        for (const [index, { atMost, counts }] of world.scrapes.entries()) {
          const before = world.scrapes[index - 1];
          if (before === undefined) continue;
          for (const [bucket, count] of atMost.entries())
            expect(count).toBeGreaterThanOrEqual(before.atMost[bucket] ?? 0);
          for (const [stage, count] of counts.entries())
            expect(count.created).toBeGreaterThanOrEqual(before.counts[stage]?.created ?? 0);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
