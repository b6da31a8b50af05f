import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { SoakLoad, type LoadedCluster } from '../../../src/activities/soak-load.ts';
import { removeSurplus, replaceMissing } from '../../../src/adapters/kube/mend.ts';
import { runArrivals } from '../../../src/adapters/kube/run-arrivals.ts';
import { runDemand } from '../../../src/adapters/kube/run-demand.ts';
import type { DemandReport } from '../../../src/adapters/kube/run-demand.ts';
import { SlotBook, listSlotPods, podsPath } from '../../../src/adapters/kube/slot-book.ts';
import { demandSchedule, wantedSlots, type DemandOperation } from '../../../src/core/plan/demand.ts';
import { clusterOfFile } from '../../cluster-of-file.ts';
import { mixedCatalogue, mixedRows } from '../../core/plan/catalogue-samples.ts';
import { aPlan, aProfile } from '../../core/plan/make.ts';
import { makeLoad, observe, podsOf, within } from './test-load.ts';
import type { TestLoad } from './test-load.ts';

const PODS = 30;
const { loadProfile, ...profile } = aProfile();

/** Thirty Pods, of which a fifth is replaced; six more for 4 s; in the meantime half of the thirty, and all of them again. */
const demand = demandSchedule(
  {
    profile: {
      ...profile,
      loadProfile: {
        ...loadProfile,
        soakSeconds: 10,
        churnPerMinute: 1.2,
        bursts: [{ atSeconds: 2, archetype: 'spike', extraTarget: 6, durationSeconds: 4, selectivity: 1 }],
        scaleDowns: [{ atSeconds: 4, targetMultiplier: 0.5 }],
        demandSteps: [{ atSeconds: 8, targetMultiplier: 1 }],
      },
    },
    plan: aPlan({ totalPods: PODS, clusterCount: 1 }),
    catalogue: mixedCatalogue,
    randomSeed: 3,
  },
  0,
);
const { operations } = demand;
const ofKind = (kind: string): number => operations.filter((operation) => operation.kind === kind).length;
/** Operations up to a moment, ms after the start of the soak. */
const upTo = (atMs: number): number => operations.filter((operation) => operation.atMs <= atMs).length;
const LONG_AGO_MS = 60_000;

const own = clusterOfFile();

/** A load whose ramp is over. */
async function ramped(slug: string): Promise<TestLoad> {
  const load = await makeLoad(own.client, { slug, catalogue: mixedCatalogue, rows: mixedRows, count: PODS, demand });
  await runArrivals({
    scope: load.scope,
    pods: load.pods,
    offsetsMs: Array.from({ length: PODS }, () => 0),
    startAtMs: Date.now(),
    fromIndex: 0,
    parallel: 16,
    callBudgetMs: 60_000,
    signal: within().signal,
    onLate: () => undefined,
    onProgress: () => {},
  });
  return load;
}

interface Soak {
  readonly book: SlotBook;
  readonly wanted: Set<number>;
  readonly lowWater: number;
}

/** What a worker knows that begins, or takes over with this many operations behind it. */
async function takenUp(load: TestLoad, lowWater: number): Promise<Soak> {
  const book = await SlotBook.read(load.scope, within());
  return { book, wanted: wantedSlots(demand, lowWater), lowWater };
}

function drive(
  load: TestLoad,
  soak: Soak,
  given: {
    startAtMs: number;
    until?: number;
    signal?: AbortSignal;
    onLowWater?: (lowWater: number) => void;
    operations?: readonly DemandOperation[];
  },
): Promise<DemandReport> {
  return runDemand({
    scope: load.scope,
    pods: load.pods,
    operations: (given.operations ?? operations).slice(0, given.until),
    startAtMs: given.startAtMs,
    fromOperation: soak.lowWater,
    parallel: 4,
    callBudgetMs: 60_000,
    signal: given.signal ?? within().signal,
    book: soak.book,
    wanted: soak.wanted,
    onLate: () => undefined,
    onProgress: ({ lowWater }) => given.onLowWater?.(lowWater),
  });
}

function mending(load: TestLoad, { book, wanted }: Soak): Parameters<typeof replaceMissing>[0] {
  return { ...load, book, wanted, parallel: 4, callBudgetMs: 60_000, signal: within().signal, onLate: () => undefined };
}

const slotsOf = async (load: TestLoad): Promise<readonly number[]> =>
  (await listSlotPods(load.scope, within())).map(({ slot }) => slot).toSorted((a, b) => a - b);
const sorted = (slots: Iterable<number>): readonly number[] => [...slots].toSorted((a, b) => a - b);
const all = Array.from({ length: PODS }, (_, slot) => slot);

/** What a soak needs of a load that is observed. */
function loadedCluster(load: TestLoad, { counter }: Awaited<ReturnType<typeof observe>>): LoadedCluster {
  return {
    record: { name: 'c0' },
    load: { ...load.pods, ...load.scope },
    client: own.client,
    counts: () => counter.counts(),
    want: (slots) => counter.want(slots),
    onLate: () => undefined,
    target: 0,
  };
}

async function allBound(load: TestLoad, count: number): Promise<void> {
  await vi.waitFor(
    async () => {
      const pods = [...(await podsOf(load)).values()];
      expect(pods).toHaveLength(count);
      expect(pods.filter(({ node }) => node === '')).toEqual([]);
    },
    { timeout: 60_000, interval: 100 },
  );
}

test('a burst, a scale-down and a step back happen in time, every Pod is bound, and no Pod is taken for lost', async () => {
  const load = await ramped('in-time');
  const observed = await observe(load);
  const soak = await takenUp(load, 0);
  const over = new AbortController();
  let lost = 0;
  const looking = (async (): Promise<void> => {
    while (!over.signal.aborted) {
      lost += await replaceMissing(mending(load, soak));
      await sleep(50);
    }
  })();
  const report = await drive(load, soak, { startAtMs: Date.now() });
  over.abort();
  await looking;

  expect(report).toMatchObject({ replaced: ofKind('replace'), created: 21, deleted: 21, skipped: 0, filled: 0 });
  expect(lost).toBe(0);
  const last = new Map(operations.map(({ slot, generation }) => [slot, generation]));
  expect([...(await podsOf(load)).keys()].toSorted()).toEqual(
    all.map((slot) => load.pods.name(slot, last.get(slot) ?? 0)).toSorted(),
  );
  await allBound(load, PODS);
  await vi.waitFor(() => expect(observed.counter.counts()).toMatchObject({ present: PODS, bound: PODS }));
  const burst = new Set(observed.bound.map(({ slot }) => slot).filter((slot) => slot >= PODS));
  expect(sorted(burst)).toEqual([30, 31, 32, 33, 34, 35]);
  await observed.end();
});

test('at each moment there is what is wanted then', async () => {
  const load = await ramped('moments');
  const soak = await takenUp(load, 0);
  let lowWater = 0;
  for (const atMs of [1_999, 2_000, 3_999, 4_000, 6_000, 7_999, 8_000, 10_000]) {
    const until = upTo(atMs);
    await drive(load, { ...soak, lowWater }, { startAtMs: Date.now() - atMs, until });
    lowWater = until;
    expect(await slotsOf(load), `at ${atMs} ms`).toEqual(sorted(wantedSlots(demand, until)));
    expect(sorted(soak.wanted)).toEqual(sorted(wantedSlots(demand, until)));
    expect(demand.wanted(atMs).pods).toBe(soak.wanted.size);
  }
  await allBound(load, PODS);
});

test('cut off again and again, with Pods lost in between, and resumed, it ends with exactly what is wanted', async () => {
  const load = await ramped('cut-off');
  const startAtMs = Date.now() - LONG_AGO_MS;
  let saved = 0;
  let cuts = 0;
  for (let cutAt = 5; cutAt < operations.length; cutAt += 7) {
    const stop = new AbortController();
    let done = 0;
    const soak = await takenUp(load, saved);
    const cut = drive(load, soak, {
      startAtMs,
      signal: stop.signal,
      until: cutAt,
      onLowWater: (lowWater) => {
        done = lowWater;
        stop.abort(new Error('killed'));
      },
    });
    await cut.catch((cause: unknown) => expect(cause).toMatchObject({ message: 'killed' }));
    // The checkpoint lags behind: half of what was done since is asked for a second time.
    saved = Math.floor((saved + done) / 2);
    cuts++;
    const victim = (await listSlotPods(load.scope, within()))[cuts];
    await own.client.delete(`${podsPath(load.slug)}/${victim?.name}`, { gracePeriodSeconds: 0 }, within());
  }
  expect(cuts).toBeGreaterThan(3);
  const soak = await takenUp(load, saved);
  await drive(load, soak, { startAtMs });
  await replaceMissing(mending(load, soak));
  expect(await removeSurplus(mending(load, soak))).toBe(0);
  expect(await slotsOf(load)).toEqual(all);
  await allBound(load, PODS);

  const again = await takenUp(load, 0);
  const report = await drive(load, again, { startAtMs });
  expect(await slotsOf(load)).toEqual(all);
  expect(report.replaced + report.created + report.deleted + report.skipped).toBe(operations.length);
});

test('what a broken soak had on top goes, and what it left empty comes back, before it is tried again', async () => {
  const load = await ramped('broken');
  const broken = await takenUp(load, 0);
  await drive(load, broken, { startAtMs: Date.now() - LONG_AGO_MS, until: upTo(4_000) });
  expect((await slotsOf(load)).length).toBe(21);
  const soak = await takenUp(load, 0);
  expect(await replaceMissing(mending(load, soak))).toBe(15);
  expect(await removeSurplus(mending(load, soak))).toBe(6);
  expect(await slotsOf(load)).toEqual(all);
  await allBound(load, PODS);
});

test('a slot that is emptied and filled again: what an earlier run did stays, a replacement of a lost Pod is deleted', async () => {
  const load = await ramped('again');
  const emptied = { atMs: 0, slot: 5, kind: 'delete', generation: 0 } as const;
  const both = [emptied, { atMs: 1, slot: 5, kind: 'create', generation: 1 } as const];
  const startAtMs = Date.now() - LONG_AGO_MS;
  expect(await drive(load, await takenUp(load, 0), { startAtMs, operations: both })).toMatchObject({ skipped: 0 });
  const before = await podsOf(load);
  expect([...before.keys()]).toContain(load.pods.name(5, 1));
  expect(await drive(load, await takenUp(load, 0), { startAtMs, operations: both })).toMatchObject({ skipped: 2 });
  expect([...(await podsOf(load))].map(([name, { uid }]) => [name, uid])).toEqual(
    [...before].map(([name, { uid }]) => [name, uid]),
  );

  // The same generation exists, but its operation is not due yet: it replaced a Pod that was lost.
  const stop = new AbortController();
  const later = [emptied, { atMs: 3_600_000, slot: 5, kind: 'create', generation: 1 } as const];
  const driving = drive(load, await takenUp(load, 0), {
    startAtMs: Date.now(),
    operations: later,
    signal: stop.signal,
  });
  const ended = expect(driving).rejects.toThrow('enough');
  await vi.waitFor(async () => expect(await slotsOf(load)).not.toContain(5));
  stop.abort(new Error('enough'));
  await ended;
});

test('a soak that is tried again has generations of its own, mends what is lost, and says what is wanted', async () => {
  const load = await ramped('retried');
  const observed = await observe(load);
  const observedCluster = loadedCluster(load, observed);
  const soak = await SoakLoad.begin(
    {
      cluster: observedCluster,
      demand,
      startAtMs: Date.now() - LONG_AGO_MS,
      execution: 2,
      lowWater: 0,
      callBudgetMs: 60_000,
      onLate: () => undefined,
    },
    within().signal,
  );
  // In a slot that is not wanted: an earlier run left it.
  await own.client.create(
    podsPath(load.slug),
    load.pods.body(PODS, 1_007, { intendedAtMs: Date.now(), sentAtMs: Date.now() }),
    within(),
  );
  let lowWater = 0;
  await soak.run(within().signal, (reached) => (lowWater = reached));
  await soak.complete(within().signal);
  expect(lowWater).toBe(operations.length);
  expect(soak.aim()).toMatchObject({ pods: PODS, bindable: PODS });
  expect(observedCluster.target).toBe(PODS);
  const last = new Map(operations.map(({ slot, generation }) => [slot, 1_000 + generation]));
  expect([...(await podsOf(load)).keys()].toSorted()).toEqual(
    all.map((slot) => load.pods.name(slot, last.get(slot) ?? 0)).toSorted(),
  );

  const [name] = (await podsOf(load)).keys();
  await own.client.delete(`${podsPath(load.slug)}/${name}`, { gracePeriodSeconds: 0 }, within());
  await vi.waitFor(
    async () => {
      await soak.mend(within().signal);
      expect(await slotsOf(load)).toEqual(all);
    },
    { timeout: 30_000, interval: 100 },
  );
  expect(soak.lost).toBe(1);
  await observed.end();
});

test('a retried soak does not replace at once what has just taken the place of a lost Pod', async () => {
  const load = await ramped('lost-in-retry');
  const observed = await observe(load);
  const next = operations.find(({ kind }) => kind === 'replace');
  const victim = load.pods.name(next?.slot ?? -1, 0);
  const soak = await SoakLoad.begin(
    {
      cluster: loadedCluster(load, observed),
      demand: { ...demand, operations: next === undefined ? [] : [next] },
      startAtMs: Date.now(),
      execution: 2,
      lowWater: 0,
      callBudgetMs: 60_000,
      onLate: () => undefined,
    },
    within().signal,
  );
  await own.client.delete(`${podsPath(load.slug)}/${victim}`, { gracePeriodSeconds: 0 }, within());
  await vi.waitFor(
    async () => {
      await soak.mend(within().signal);
      expect(soak.lost).toBe(1);
    },
    { timeout: 30_000, interval: 100 },
  );
  const mended = await podsOf(load);
  expect(await soak.run(within().signal, () => undefined)).toMatchObject({ replaced: 0, skipped: 1 });
  expect([...(await podsOf(load)).keys()].toSorted()).toEqual([...mended.keys()].toSorted());
  await observed.end();
});
