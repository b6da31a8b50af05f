import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { endLastPods } from '../../../src/activities/last-pods.ts';
import { supersededFailure } from '../../../src/activities/attempt.ts';
import { observedClusters } from '../../../src/activities/observed-clusters.ts';
import { scopeOf } from '../../../src/activities/soak-load.ts';
import { claimAttempt } from '../../../src/adapters/host/attempt-claims.ts';
import { writeLedger, type ClusterRecord } from '../../../src/adapters/host/ledger.ts';
import { ensureNamespace } from '../../../src/adapters/kube/namespace.ts';
import { runArrivals } from '../../../src/adapters/kube/run-arrivals.ts';
import { podsPath } from '../../../src/adapters/kube/slot-book.ts';
import { WatchedCluster } from '../../../src/adapters/observe/observed-cluster.ts';
import type { LoadStage } from '../../../src/adapters/observe/pod-facts.ts';
import { forgetCampaign, registry } from '../../../src/adapters/prometheus/own-metrics.ts';
import type { CampaignSpec } from '../../../src/core/plan/spec.ts';
import { clusterOfFile } from '../../cluster-of-file.ts';
import { mixedCatalogue } from '../../core/plan/catalogue-samples.ts';
import { aPlan, aProfile } from '../../core/plan/make.ts';
import { aGate, aSpec } from '../../workflows/make-spec.ts';
import { startLyingProxy, type LyingProxy } from '../kube/lying-proxy.ts';
import { within } from '../kube/test-load.ts';
import { testHome, type TestHome } from '../substrates/local-campaign.ts';

const PODS = 6;

const own = clusterOfFile();
let home: TestHome;
const ends: (() => Promise<void>)[] = [];
beforeEach(() => {
  home = testHome();
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  home.close();
});

const OWNER = { stage: 'ramp', expiresAtMs: Date.now() + 3_600_000 };
const RAMP: LoadStage = { stage: 'ramp', execution: 1 };

/** A campaign of six Pods in the cluster, which has no Node: a Pod is bound when the test binds it. */
async function campaign(slug: string): Promise<{ readonly spec: CampaignSpec; readonly record: ClusterRecord }> {
  const query = 'histogram_quantile(0.99, sum by (le) (rate(belay_pod_bind_seconds_bucket[$window])))';
  const spec = aSpec({
    slug,
    campaign: slug,
    catalogue: mixedCatalogue,
    profile: aProfile(),
    plan: aPlan({ clusterCount: 1, totalPods: PODS }),
    gates: [aGate({ source: { kind: 'query', query }, bar: { max: 7.5 } })],
  });
  const record = {
    index: 0,
    name: 'c0',
    kubeconfigPath: own.cluster.kubeconfigPath,
    context: '',
    owned: false,
    uid: 'u',
    clock: { lowMs: -100, highMs: 100 },
  };
  const ids = { campaign: slug, slug, workflowId: '', runId: '', createdAtMs: 0 };
  writeLedger({ ...ids, expiresAtMs: Date.now() + 3_600_000, clusters: [record], processes: [] });
  await ensureNamespace(own.client, slug, {}, within());
  ends.push(() => forgetCampaign(slug));
  return { spec, record };
}

/** A worker that watches the cluster. `die` ends its watch, as SIGKILL does: nothing is closed. */
async function watched(
  { spec, record }: Awaited<ReturnType<typeof campaign>>,
  stage = RAMP,
): Promise<{
  readonly observed: WatchedCluster;
  die(): void;
}> {
  const stop = new AbortController();
  const owner = { ...OWNER, campaign: spec.campaign };
  const observed = await WatchedCluster.begin(spec, record, { owner, check: () => undefined }, stop.signal);
  observed.enter(stage, spec.gates);
  ends.push(() => {
    stop.abort(new Error('the test is over'));
    return observed.close();
  });
  return { observed, die: () => stop.abort(new Error('killed')) };
}

/** A campaign that reaches the cluster through a proxy. */
async function proxiedCampaign(
  slug: string,
): Promise<Awaited<ReturnType<typeof campaign>> & { readonly proxy: LyingProxy }> {
  const { spec, record } = await campaign(slug);
  const proxy = await startLyingProxy({ kubeconfigPath: own.cluster.kubeconfigPath });
  ends.unshift(() => proxy.close());
  return { spec, record: { ...record, kubeconfigPath: proxy.kubeconfigPath }, proxy };
}

function fill(observed: WatchedCluster): Promise<unknown> {
  return runArrivals({
    scope: scopeOf(observed),
    pods: observed.load,
    offsetsMs: Array.from({ length: PODS }, () => 0),
    startAtMs: Date.now(),
    fromIndex: 0,
    parallel: 4,
    callBudgetMs: 60_000,
    signal: within().signal,
    onLate: observed.onLate,
    onProgress: () => undefined,
  });
}

async function bind(slug: string, name: string): Promise<void> {
  const path = `${podsPath(slug)}/${name}/binding`;
  const body = { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target: { kind: 'Node', name: 'nowhere' } };
  const { status } = await own.client.request({ method: 'POST', path, body: JSON.stringify(body) }, within());
  expect(status).toBe(201);
}

/** The values of the campaign's series on the worker's page. */
async function scrape(slug: string): Promise<ReadonlyMap<string, number>> {
  const lines = (await registry.metrics()).split('\n').filter((line) => line.includes(`campaign="${slug}"`));
  return new Map(
    lines.map((line) => {
      const [series = '', value = ''] = line.split(' ');
      return [
        series.replace(`campaign="${slug}",cluster="c0"`, '').replace(',,', ',').replace('{,', '{').replace(',}', '}'),
        Number(value),
      ];
    }),
  );
}

const IN_RAMP = '{stage="ramp",execution="1"}';
const IN_SOAK = '{stage="soak",execution="1"}';
const SOAK_ATTEMPT = {
  input: { campaign: '', specHash: '', stage: 'soak', execution: 1, group: 'g' },
  stage: 'soak',
  owner: { ...OWNER, campaign: '' },
} as const;
const EXACT = { timeout: 30_000, interval: 50 };

test('a worker that takes over continues the series; what happened in between is accounted for', async () => {
  const slug = 'taken-over';
  const given = await campaign(slug);
  const first = await watched(given);
  const atFirst = await scrape(slug);
  expect(atFirst.get(`belay_pods_created{stage="soak",execution="1"}`)).toBe(0);
  expect(atFirst.get('belay_pod_bind_seconds_bucket{le="7.5",stage="steady",execution="1"}')).toBe(0);
  expect(atFirst.get('belay_load_lateness_seconds_count{}')).toBe(0);

  await fill(first.observed);
  for (const slot of [0, 1]) await bind(slug, first.observed.load.name(slot, 0));
  await vi.waitFor(async () => {
    const page = await scrape(slug);
    expect(page.get(`belay_pod_bind_seconds_count${IN_RAMP}`)).toBe(2);
    expect(page.get('belay_pods_pending{}')).toBe(4);
  }, EXACT);
  const before = await scrape(slug);
  expect(before.get(`belay_pods_created${IN_RAMP}`)).toBe(PODS);
  expect(before.get('belay_load_lateness_seconds_count{}')).toBe(PODS);
  expect(before.get('belay_pods_bound{}')).toBe(2);
  first.die();

  // Two are bound while no worker watches, one is deleted, and one is bound and deleted.
  for (const slot of [2, 3]) await bind(slug, first.observed.load.name(slot, 0));
  for (const slot of [3, 4])
    await own.client.delete(
      `${podsPath(slug)}/${first.observed.load.name(slot, 0)}`,
      { gracePeriodSeconds: 0 },
      within(),
    );
  const second = await watched(given);
  const after = await scrape(slug);
  expect(after.get(`belay_pods_created${IN_RAMP}`)).toBe(PODS);
  // What happened to the two that are gone is unknown.
  expect(after.get(`belay_pods_observed${IN_RAMP}`)).toBe(PODS - 2);
  expect(after.get(`belay_pod_bind_seconds_count${IN_RAMP}`)).toBe(3);
  expect(after.get('belay_load_lateness_seconds_count{}')).toBe(PODS);
  expect(after.get('belay_watch_confirmed_age_seconds{}')).toBeLessThan(30);
  expect(after.get('belay_pod_pending_oldest_seconds{}')).toBeGreaterThan(0);
  for (const [series, value] of before) {
    if (/_(bucket|count|sum)\{/.test(series)) expect(after.get(series), series).toBeGreaterThanOrEqual(value);
  }

  // At the end of the soak nothing waits any more: the last one is given up, once.
  second.observed.endPods(0);
  second.observed.endPods(0);
  expect((await scrape(slug)).get(`belay_pod_bind_seconds_count${IN_RAMP}`)).toBe(4);
});

test('a worker that has lost its campaign to another one shows nothing of it any more', async () => {
  const slug = 'handed-over';
  const given = await campaign(slug);
  const first = await watched(given);
  await fill(first.observed);
  await vi.waitFor(async () => expect((await scrape(slug)).get('belay_pods_present{}')).toBe(PODS), EXACT);
  expect(first.observed.isSuperseded()).toBe(false);
  const second = await WatchedCluster.begin(
    given.spec,
    given.record,
    { owner: { ...OWNER, campaign: slug }, check: () => undefined },
    AbortSignal.abort(),
  ).catch((cause: unknown) => cause);
  expect(second).toBeInstanceOf(Error);
  expect(first.observed.isSuperseded()).toBe(true);
  expect([...(await scrape(slug)).keys()]).toEqual([]);
});

function isOver(): never {
  throw new Error('a later attempt has taken over');
}

test('a worker whose attempt is over takes no watch from the one that has it', async () => {
  const slug = 'kept-watch';
  const given = await campaign(slug);
  const { observed } = await watched(given);
  const owner = { ...OWNER, campaign: slug };
  const late = WatchedCluster.begin(given.spec, given.record, { owner, check: isOver }, within().signal);
  await expect(late).rejects.toThrow('a later attempt has taken over');
  expect(observed.isSuperseded()).toBe(false);
});

test('a retried soak counts from zero, beside the counts of the execution before', async () => {
  const slug = 'retried-soak';
  const given = await campaign(slug);
  const { observed } = await watched(given, { stage: 'soak', execution: 1 });
  await fill(observed);
  observed.endPods(0);
  observed.enter({ stage: 'steady', execution: 2 }, given.spec.gates);
  const page = await scrape(slug);
  expect(page.get('belay_pods_created{stage="soak",execution="1"}')).toBe(PODS);
  expect(page.get('belay_pod_bind_seconds_count{stage="soak",execution="1"}')).toBe(PODS);
  expect(page.get('belay_pods_created{stage="soak",execution="2"}')).toBe(0);
  expect(page.get('belay_pod_bind_seconds_bucket{le="7.5",stage="soak",execution="2"}')).toBe(0);
});

/** A watched campaign in whose cluster three Pods were bound unseen: lists and watches are refused. */
async function boundUnseen(
  slug: string,
): Promise<Awaited<ReturnType<typeof proxiedCampaign>> & { readonly observed: WatchedCluster }> {
  const { spec, record, proxy } = await proxiedCampaign(slug);
  const { observed } = await watched({ spec, record }, { stage: 'soak', execution: 1 });
  await fill(observed);
  await vi.waitFor(async () => expect((await scrape(slug)).get('belay_pods_present{}')).toBe(PODS), EXACT);
  proxy.refuseListsAndWatches();
  for (const slot of [0, 1, 2]) await bind(slug, observed.load.name(slot, 0));
  await vi.waitFor(() => expect(proxy.refusedLists).toBeGreaterThan(1), EXACT);
  return { spec, record, proxy, observed };
}

test('Pods of which no list shows whether they were bound are not given up: they are not observed', async () => {
  const slug = 'unlisted-end';
  const { proxy, observed } = await boundUnseen(slug);
  const before = await scrape(slug);
  await sleep(300);
  observed.endPods(Date.now());
  const unknown = await scrape(slug);
  // Nothing shows that a Pod still waits.
  expect(before.get('belay_pod_pending_oldest_seconds{}')).toBeGreaterThan(0);
  expect(unknown.get('belay_pod_pending_oldest_seconds{}')).toBe(before.get('belay_pod_pending_oldest_seconds{}'));
  expect(unknown.get(`belay_pods_observed${IN_SOAK}`)).toBe(0);
  expect(unknown.get(`belay_pod_bind_seconds_count${IN_SOAK}`)).toBe(0);
  proxy.heal();
  await vi.waitFor(async () => expect((await scrape(slug)).get(`belay_pods_observed${IN_SOAK}`)).toBe(3), EXACT);
  expect((await scrape(slug)).get(`belay_pod_bind_seconds_count${IN_SOAK}`)).toBe(3);
});

test('the end of a soak waits for a list: it shows which Pods were bound, and that the others waited to the end', async () => {
  const slug = 'listed-end';
  const { spec, proxy, observed } = await boundUnseen(slug);
  const ended = endLastPods({
    spec,
    clusters: [observed],
    wanted: { pods: PODS, bindable: PODS },
    loads: [],
    signal: within().signal,
  });
  await sleep(2 * spec.deadlines.budgets.podReadyMs);
  proxy.heal();
  await ended;
  const page = await scrape(slug);
  expect(page.get('belay_pods_bound{}')).toBe(3);
  expect(page.get(`belay_pods_observed${IN_SOAK}`)).toBe(PODS);
  expect(page.get(`belay_pod_bind_seconds_count${IN_SOAK}`)).toBe(PODS);
});

test('a request that is tried again is not sent any more once a later attempt has begun', async () => {
  const slug = 'frozen-request';
  const { spec, record, proxy } = await proxiedCampaign(slug);
  const { observed } = await watched({ spec, record });
  const claim = claimAttempt(slug, 'soak', 1_000);
  const attempt = { ...SOAK_ATTEMPT, spec, clusters: () => [record], isSuperseded: () => !claim.isCurrent() };
  const [mine] = await observedClusters(attempt, { of: () => Promise.resolve([observed]) });
  if (mine === undefined) throw new Error('there is no cluster');
  proxy.refuseEverything();
  const name = mine.load.name(0, 0);
  const body = mine.load.body(0, 0, { intendedAtMs: Date.now(), sentAtMs: Date.now() });
  const calls = [
    mine.client.create(podsPath(slug), body, within()),
    mine.client.delete(`${podsPath(slug)}/${name}`, {}, within()),
    mine.client.patch('/api/v1/nodes/n0', 'merge', {}, within()),
    mine.client.get('/api/v1/nodes/n0', within()),
  ].map((call) => call.catch((cause: unknown) => cause));
  await vi.waitFor(() => expect(proxy.refusedRequests).toBeGreaterThanOrEqual(4 * calls.length), EXACT);
  claimAttempt(slug, 'soak', 2_000);
  // What is under way arrives. The next tries would follow about half a second after the last ones.
  await sleep(200);
  const { refusedRequests } = proxy;
  expect(await Promise.all(calls)).toEqual(calls.map(() => supersededFailure()));
  expect(proxy.refusedRequests).toBe(refusedRequests);
});
