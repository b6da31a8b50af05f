import { setTimeout as sleep } from 'node:timers/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { repositoryFolder } from '../../../src/adapters/host/folders.ts';
import { failNode } from '../../../src/adapters/faults/fail-node.ts';
import { runArrivals } from '../../../src/adapters/kube/run-arrivals.ts';
import type { ArrivalsReport } from '../../../src/adapters/kube/run-arrivals.ts';
import { ensureNamespace } from '../../../src/adapters/kube/namespace.ts';
import { createPriorities } from '../../../src/adapters/kube/priority-classes.ts';
import { removeCampaign } from '../../../src/adapters/kube/remove-campaign.ts';
import { replaceMissing } from '../../../src/adapters/kube/mend.ts';
import { runDemand } from '../../../src/adapters/kube/run-demand.ts';
import { SlotBook, podsPath } from '../../../src/adapters/kube/slot-book.ts';
import { readUids } from '../../../src/adapters/kube/uids.ts';
import { arrivalTimes } from '../../../src/core/plan/arrivals.ts';
import { clusterLoad } from '../../../src/core/plan/cluster-load.ts';
import { campaignTaint, ownershipLabels } from '../../../src/core/plan/labels.ts';
import { priorityBody } from '../../../src/core/plan/priorities.ts';
import { churnTimes } from '../../../src/core/plan/churn.ts';
import { parseCatalogue } from '../../../src/core/profile/parse.ts';
import type { Catalogue } from '../../../src/core/model/catalogue.ts';
import { clusterOfFile } from '../../cluster-of-file.ts';
import { mixedCatalogue, mixedRows, seedRow } from '../../core/plan/catalogue-samples.ts';
import { aCatalogue, anArchetype, aPlan, aProfile } from '../../core/plan/make.ts';
import { POD_SHAPES } from '../../core/plan/pod-shapes.ts';
import { aSpec } from '../../workflows/make-spec.ts';
import { makeLoad, observe, podsOf, within } from './test-load.ts';
import type { TestLoad } from './test-load.ts';

const PODS = 400;
const CALL_BUDGET_MS = 60_000;

const own = clusterOfFile({ configuredBy: 'belay' });

/** Fills a load's slots within `rampMs`. */
function fill(
  load: TestLoad,
  options: {
    rampMs?: number;
    startAtMs?: number;
    fromIndex?: number;
    signal?: AbortSignal;
    onLowWater?: (n: number) => void;
  } = {},
): Promise<ArrivalsReport> {
  return runArrivals({
    scope: load.scope,
    pods: load.pods,
    offsetsMs: arrivalTimes({ shape: 'poisson', count: load.count, rampMs: options.rampMs ?? 0, seed: 5 }),
    startAtMs: options.startAtMs ?? Date.now(),
    fromIndex: options.fromIndex ?? 0,
    parallel: 32,
    callBudgetMs: CALL_BUDGET_MS,
    signal: options.signal ?? within().signal,
    onLate: () => undefined,
    onProgress: ({ lowWater }) => options.onLowWater?.(lowWater),
  });
}

function quickstart(): Catalogue {
  const parsed = parseCatalogue(readFileSync(join(repositoryFolder, 'profiles/archetypes/quickstart.yaml'), 'utf8'));
  if (!parsed.ok) throw new Error(`quickstart.yaml: ${JSON.stringify(parsed.errors)}`);
  return parsed.value;
}

const allBound = async (load: TestLoad): Promise<void> => {
  await vi.waitFor(
    async () => {
      const pods = [...(await podsOf(load))];
      // The scheduler's own reason, should one be left.
      expect(pods.flatMap(([name, { node, waits }]) => (node === '' ? [`${name}: ${waits}`] : []))).toEqual([]);
      expect(pods).toHaveLength(load.count);
    },
    { timeout: 90_000, interval: 500 },
  );
};

test.each([
  ['every kind of constraint', 'mixed', mixedCatalogue, 25],
  ['the quickstart’s catalogue', 'quick', quickstart(), 42],
])('%s: every Pod is bound by a real scheduler, gangs in one rack or zone', async (_, slug, catalogue, seed) => {
  const rows =
    catalogue === mixedCatalogue
      ? mixedRows
      : catalogue.archetypes.map(({ name }) => seedRow({ archetype: name, podsPerMachine: 20 }));
  const load = await makeLoad(own.client, { slug, catalogue, rows, count: PODS, seed });
  expect(load.ground.nodes.length).toBeGreaterThanOrEqual(20);
  const observed = await observe(load);
  const report = await fill(load);
  expect(report).toMatchObject({ wanted: PODS, created: PODS, existing: 0, refilled: 0, conflicts: 0 });
  await vi.waitFor(
    () =>
      expect(observed.counter.counts()).toEqual({ present: PODS, bound: PODS, ready: PODS, pending: 0, deleted: 0 }),
    { timeout: 90_000, interval: 200 },
  );
  await observed.end();
  expect(new Set(observed.bound.map(({ slot, generation }) => `${slot}/${generation}`)).size).toBe(PODS);
  expect(observed.bound).toHaveLength(PODS);

  const nodes = new Map(load.ground.nodes.map((node) => [node.name, node]));
  const pods = await podsOf(load);
  const gangs = load.workloads.filter(({ together }) => together !== undefined);
  expect(gangs.length).toBeGreaterThan(1);
  for (const gang of gangs) {
    const slots = Array.from({ length: gang.replicas }, (__, replica) => gang.firstSlot + replica);
    const places = slots.map(
      (slot) => nodes.get(pods.get(load.pods.name(slot, 0))?.node ?? '')?.[gang.together ?? 'zone'],
    );
    expect(new Set(places).size).toBe(1);
  }
});

/** The UIDs once two reads agree: a server under load may still carry out requests whose client has gone. */
async function settledUids(slug: string): ReturnType<typeof readUids> {
  for (let previous = ''; ;) {
    const uids = await readUids(own.client, { campaign: slug, namespace: slug }, within());
    const text = JSON.stringify(uids);
    if (text === previous) return uids;
    previous = text;
    await sleep(1_000);
  }
}

test('arrivals that were cut off and resumed end with exactly the Pods that are wanted; existing Pods stay untouched', async () => {
  const load = await makeLoad(own.client, { slug: 'resumed', catalogue: mixedCatalogue, rows: mixedRows, count: PODS });
  const startAtMs = Date.now();
  const stop = new AbortController();
  let lowWater = 0;
  const cut = fill(load, {
    rampMs: 3_000,
    startAtMs,
    signal: stop.signal,
    onLowWater: (reached) => {
      lowWater = reached;
      if (reached >= 100) stop.abort(new Error('killed'));
    },
  });
  await expect(cut).rejects.toThrow('killed');
  const before = await settledUids(load.slug);
  const existed = Object.keys(before.pods).length;
  expect(existed).toBeGreaterThanOrEqual(100);
  expect(existed).toBeLessThan(PODS);
  // One of the existing Pods is lost before the ramp is resumed.
  const lost = load.pods.name(3, 0);
  await own.client.delete(`${podsPath(load.slug)}/${lost}`, { gracePeriodSeconds: 0 }, within());

  const report = await fill(load, { rampMs: 3_000, startAtMs, fromIndex: lowWater });
  expect(report).toMatchObject({
    wanted: PODS,
    existing: existed - 1,
    created: PODS - existed + 1,
    refilled: 1,
    conflicts: 0,
  });
  const after = await readUids(own.client, { campaign: load.slug, namespace: load.slug }, within());
  expect(Object.keys(after.pods).toSorted()).toEqual(
    Array.from({ length: PODS }, (_, slot) => load.pods.name(slot, 0)).toSorted(),
  );
  expect(after.pods).toMatchObject(Object.fromEntries(Object.entries(before.pods).filter(([name]) => name !== lost)));
  expect(after.nodes).toEqual(before.nodes);
  expect(after.cluster).toBe(before.cluster);

  const again = await fill(load, { rampMs: 3_000, startAtMs });
  expect(again).toMatchObject({ created: 0, existing: PODS, refilled: 0 });
});

test('churn that was cut off between a delete and its create, and resumed, leaves one Pod per slot, at its last generation', async () => {
  const load = await makeLoad(own.client, { slug: 'churned', catalogue: mixedCatalogue, rows: mixedRows, count: 60 });
  await fill(load);
  const operations = churnTimes({ pods: 60, churnPerMinute: 60, durationMs: 2_000, seed: 3 }).map((operation) => ({
    ...operation,
    kind: 'replace' as const,
  }));
  expect(operations).toHaveLength(120);
  const startAtMs = Date.now();
  const churn = async (fromOperation: number, signal: AbortSignal, onLowWater: (n: number) => void): Promise<unknown> =>
    runDemand({
      scope: load.scope,
      pods: load.pods,
      operations,
      startAtMs,
      fromOperation,
      parallel: 16,
      callBudgetMs: CALL_BUDGET_MS,
      signal,
      book: await SlotBook.read(load.scope, within()),
      wanted: new Set(Array(60).keys()),
      onLate: () => undefined,
      onProgress: ({ lowWater }) => onLowWater(lowWater),
    });
  const stop = new AbortController();
  let lowWater = 0;
  const cut = churn(0, stop.signal, (reached) => {
    lowWater = reached;
    if (reached >= 20) stop.abort(new Error('killed'));
  });
  await expect(cut).rejects.toThrow('killed');
  // The slot of the next operation is left empty, as by a kill between its two calls.
  const next = operations[lowWater];
  const victim = (await SlotBook.read(load.scope, within())).live(next?.slot ?? -1);
  await own.client.delete(`${podsPath(load.slug)}/${victim?.name}`, { gracePeriodSeconds: 0 }, within());

  const report = await churn(lowWater, within().signal, () => {});
  expect(report).toMatchObject({ operations: 120 });
  const wanted = Array.from({ length: 60 }, (_, slot) => load.pods.name(slot, 2)).toSorted();
  // A deleted Pod that kwok was about to start stays until kwok has let it go.
  await vi.waitFor(async () => expect([...(await podsOf(load)).keys()].toSorted()).toEqual(wanted), {
    timeout: 60_000,
    interval: 100,
  });
  await allBound(load);
  const again = await churn(0, within().signal, () => {});
  expect(again).toMatchObject({ replaced: 0, skipped: 120, filled: 0 });
});

test('a failed Node loses its Pods, which come back elsewhere as the next generation; recovered, it takes Pods again', async () => {
  const load = await makeLoad(own.client, {
    slug: 'failed',
    catalogue: mixedCatalogue,
    rows: mixedRows,
    count: 100,
    seed: 4,
  });
  await fill(load);
  await allBound(load);
  const nodeOf = new Map([...(await podsOf(load))].map(([name, { node }]) => [name, node]));
  const node = nodeOf.get(load.pods.name(0, 0)) ?? '';
  const evicted = [...nodeOf].filter(([, at]) => at === node).map(([name]) => name);
  expect(evicted).not.toHaveLength(0);
  // A book that knows the lost Pods gives the new ones other names. The controller-manager evicts by name, and some Pods twice: a
  // new Pod of the same name would be deleted a moment later.
  const book = await SlotBook.read(load.scope, within());

  const site = { ...load.scope, nodes: {}, nodesOfSystem: false, failedNodesTurnNotReady: true };
  await failNode.fire(node, site, within());
  await failNode.fire(node, site, within());
  await vi.waitFor(async () => expect(await failNode.assert(node, site, within())).toMatchObject({ seen: true }), {
    timeout: 60_000,
    interval: 100,
  });
  expect((await podsOf(load)).size).toBe(100 - evicted.length);
  const wanted = new Set(Array(100).keys());
  const limits = { parallel: 16, callBudgetMs: CALL_BUDGET_MS, signal: within().signal };
  const request = { ...load, wanted, book, ...limits, onLate: () => undefined };
  expect(await replaceMissing(request)).toBe(evicted.length);
  expect(await replaceMissing(request)).toBe(0);
  await allBound(load);
  const replaced = evicted.map((name) => name.replace(/-g0$/, '-g1'));
  expect([...(await podsOf(load)).keys()].filter((name) => !nodeOf.has(name)).toSorted()).toEqual(replaced.toSorted());
  expect([...(await podsOf(load)).values()].filter((pod) => pod.node === node)).toEqual([]);

  await failNode.undo(node, site, within());
  await vi.waitFor(
    async () => expect(await failNode.assertUndone(node, site, within())).toMatchObject({ seen: true }),
    { timeout: 60_000, interval: 100 },
  );
  await vi.waitFor(async () => {
    const { spec } =
      (await own.client.get<{ spec: { taints?: unknown; unschedulable?: boolean } }>(
        `/api/v1/nodes/${node}`,
        within(),
      )) ?? {};
    expect(spec?.unschedulable ?? false).toBe(false);
    // The campaign's own taint keeps Pods of others off, and nothing else keeps Pods off.
    expect(spec?.taints ?? []).toEqual([campaignTaint({ campaign: 'failed' })]);
  });
  await expect(failNode.fire('no-such-node', site, within())).rejects.toThrow('node no-such-node does not exist');
});

test('a Pod that has Failed counts neither as present nor as bound, and is replaced by the next generation', async () => {
  const load = await makeLoad(own.client, { slug: 'phase', catalogue: mixedCatalogue, rows: mixedRows, count: 12 });
  const observed = await observe(load);
  await fill(load);
  await vi.waitFor(() => expect(observed.counter.counts()).toMatchObject({ bound: 12, ready: 12 }), {
    timeout: 60_000,
  });
  const victim = load.pods.name(4, 0);
  const failed = { status: { phase: 'Failed' } };
  await own.client.patch(`${podsPath(load.slug)}/${victim}/status`, 'merge', failed, within());
  await vi.waitFor(() => expect(observed.counter.counts()).toMatchObject({ present: 11, bound: 11, ready: 11 }), {
    timeout: 60_000,
  });

  // A book that is begun now knows the name of the Failed Pod: its generation is not used again.
  const book = await SlotBook.read(load.scope, within());
  expect([book.size, book.live(4), book.nextGeneration(4)]).toEqual([11, undefined, 1]);
  const limits = { parallel: 4, callBudgetMs: CALL_BUDGET_MS, signal: within().signal };
  const request = { ...load, wanted: new Set(Array(12).keys()), book, ...limits, onLate: () => undefined };
  expect(await replaceMissing(request)).toBe(1);
  expect([...(await podsOf(load)).keys()].filter((name) => name.startsWith('phase-p4-'))).toEqual([
    load.pods.name(4, 1),
  ]);
  await vi.waitFor(() => expect(observed.counter.counts()).toMatchObject({ present: 12, bound: 12, ready: 12 }), {
    timeout: 60_000,
  });
  await observed.end();
});

test('a watch outlives its API server: nothing is missed, no binding is reported twice', async () => {
  const load = await makeLoad(own.client, { slug: 'watched', catalogue: mixedCatalogue, rows: mixedRows, count: 80 });
  const observed = await observe(load);
  const half = { ...load, count: 40 };
  await fill(half);
  await vi.waitFor(() => expect(observed.counter.counts().bound).toBe(40), { timeout: 60_000 });

  await own.cluster.kill('kube-apiserver');
  // Calls made while it is down are retried until it is back.
  const filled = fill(load);
  await own.cluster.startMissing();
  expect(await filled).toMatchObject({ created: 40, existing: 40 });
  const [first] = (await podsOf(load)).keys();
  await own.client.delete(`${podsPath(load.slug)}/${first}`, { gracePeriodSeconds: 0 }, within());
  await vi.waitFor(
    () => expect(observed.counter.counts()).toMatchObject({ present: 79, bound: 79, pending: 0, deleted: 1 }),
    { timeout: 90_000, interval: 200 },
  );
  await observed.end();
  expect(observed.bound).toHaveLength(80);
  expect(new Set(observed.bound.map(({ slot, generation }) => `${slot}/${generation}`)).size).toBe(80);
  expect(observed.watch.stats().resumes + observed.watch.stats().failures).toBeGreaterThan(0);
});

/** What of a Pod that the API server took is looked at. */
interface TakenPod {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly schedulerName: string;
    readonly priority: number;
    readonly preemptionPolicy: string;
    readonly priorityClassName?: string;
    readonly nodeSelector?: Readonly<Record<string, string>>;
  };
  readonly status: { readonly conditions?: readonly { readonly reason?: string }[] };
}

test('Pods in the shapes of queues and batch schedulers are taken, with their priorities, and all is removed', async () => {
  const shapes = Object.entries(POD_SHAPES);
  const classes = '/apis/scheduling.k8s.io/v1/priorityclasses';
  const taken = await Promise.all(
    shapes.map(async ([name, pods]) => {
      const owner = { campaign: `shape-${name}`, stage: 'ramp', expiresAtMs: Date.now() + 3_600_000 };
      const spec = aSpec({
        campaign: owner.campaign,
        slug: `s-${name}`,
        profile: aProfile({ pods, scale: { machines: 1, density: 1 } }),
        catalogue: aCatalogue({ archetypes: [anArchetype({ priorityClasses: [700] })], hasPriorities: true }),
        plan: aPlan({ clusterCount: 1, totalPods: 1 }),
      });
      const load = clusterLoad(spec, 0, owner);
      const bodies = load.priorities.map((priority) => priorityBody(priority, spec.profile, owner));
      await ensureNamespace(own.client, load.namespace, ownershipLabels(owner), within());
      await createPriorities(own.client, bodies, within());
      // A second attempt of the stage finds them.
      await createPriorities(own.client, bodies, within());
      await vi.waitFor(
        // Admission may not know a PriorityClass yet that was just made; a load tries again, too.
        () => own.client.create(podsPath(load.namespace), load.body(0, 0, { intendedAtMs: 1, sentAtMs: 2 }), within()),
        { timeout: 30_000, interval: 200 },
      );
      const pod = await own.client.get<TakenPod>(`${podsPath(load.namespace)}/${load.name(0, 0)}`, within());
      if (pod === undefined) throw new Error(`${name}: there is no Pod`);
      return { name, pods, pod, campaign: owner.campaign };
    }),
  );
  for (const { name, pods, pod } of taken) {
    expect(pod.spec.schedulerName, name).toBe(pods.schedulerName ?? 'default-scheduler');
    expect(pod.spec.priority, name).toBe(name === 'volcano' ? 2_000_001_000 : 700);
    expect(pod.spec.preemptionPolicy, name).toBe(
      name === 'coscheduling' || name === 'volcano' ? 'PreemptLowerPriority' : 'Never',
    );
    expect(Object.keys(pod.metadata.labels), name).toEqual(expect.arrayContaining(Object.keys(pods.labels ?? {})));
    const isGated = pod.status.conditions?.some(({ reason }) => reason === 'SchedulingGated') ?? false;
    expect(isGated, name).toBe(pods.schedulingGates !== undefined);
  }
  const foreign = priorityBody(
    { name: 's-kueue-priority-700', value: 700 },
    {},
    {
      campaign: 'another',
      stage: 'ramp',
      expiresAtMs: 0,
    },
  );
  await expect(createPriorities(own.client, [foreign], within())).rejects.toThrow(/belongs to shape-kueue$/);
  await Promise.all(
    taken.map(({ campaign }) => removeCampaign(own.client, { campaign, onProgress: () => undefined }, within())),
  );
  const { items } = await own.client.list(classes, { pick: ({ metadata }: TakenPod) => metadata.name }, within());
  expect(items.filter((name) => name.startsWith('s-'))).toEqual([]);
});
