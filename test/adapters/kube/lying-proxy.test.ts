import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startCluster, type TestCluster } from '../../cluster.ts';
import { connectCluster, type ClusterClient } from '../../../src/adapters/kube/client.ts';
import { podsPath } from '../../../src/adapters/kube/slot-book.ts';
import type { PodChange, PodWatch } from '../../../src/adapters/kube/pod-watch.ts';
import { watchPods } from '../../../src/adapters/kube/watch-pods.ts';
import type { WatchedPod } from '../../../src/adapters/kube/watched-pod.ts';
import { startLyingProxy, type LyingProxy } from './lying-proxy.ts';
import { within } from './test-load.ts';

const PODS = podsPath('default');
const LABELS = { app: 'watched' };

let cluster: TestCluster;
let direct: ClusterClient;
let proxy: LyingProxy;
let proxied: ClusterClient;
let watch: PodWatch;
const stop = new AbortController();
const changes: PodChange[] = [];

beforeAll(async () => {
  cluster = await startCluster();
  direct = await connectCluster({ kubeconfigPath: cluster.kubeconfigPath });
  proxy = await startLyingProxy({ kubeconfigPath: cluster.kubeconfigPath });
  proxied = await connectCluster({ kubeconfigPath: proxy.kubeconfigPath });
  watch = watchPods({
    client: proxied,
    namespace: 'default',
    labelSelector: 'app=watched',
    onChange: (change) => changes.push(change),
    signal: stop.signal,
    compareMs: 500,
    listBudgetMs: 10_000,
  });
  await create('before');
  await watch.synced;
});

afterAll(async () => {
  stop.abort();
  await watch?.done;
  await proxied?.close();
  await proxy?.close();
  await direct?.close();
  await cluster?.remove();
});

/** Creates a Pod past the proxy. */
async function create(name: string): Promise<void> {
  await direct.create(PODS, podNamed(name), within());
}

function podNamed(name: string): string {
  const metadata = { name, labels: LABELS };
  const spec = { automountServiceAccountToken: false, containers: [{ name: 'c', image: 'none' }] };
  return JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec });
}

/** Removes a Pod past the proxy. */
async function remove(name: string): Promise<void> {
  await direct.delete(`${PODS}/${name}`, { gracePeriodSeconds: 0 }, within());
}

/** The Pods that the watch's changes lead to, by name. */
function reported(): ReadonlyMap<string, Extract<PodChange, { type: 'present' }>> {
  const byUid = new Map<string, Extract<PodChange, { type: 'present' }>>();
  for (const change of changes) {
    if (change.type === 'gone') byUid.delete(change.uid);
    else byUid.set(change.pod.uid, change);
  }
  return new Map([...byUid.values()].map((change) => [change.pod.name, change]));
}

/** A Pod of a list, as `versionOf` shows one of the watch. */
const pick = ({ metadata }: { metadata: { name: string; resourceVersion: string } }): string =>
  `${metadata.name}@${metadata.resourceVersion}`;

const versionOf = ({ name, version }: WatchedPod): string => `${name}@${version}`;

/** Waits until the watch shows exactly what the cluster has. */
async function caughtUp(): Promise<void> {
  await vi.waitFor(
    async () => {
      const { items } = await direct.list(PODS, { labelSelector: 'app=watched', pick }, within());
      expect([...reported().values()].map(({ pod }) => versionOf(pod)).toSorted()).toEqual(items.toSorted());
    },
    { timeout: 60_000, interval: 100 },
  );
}

/** Creates Pods until one is reported by the watch itself: the first ones may be listed before the watch is open again. */
async function delivers(name: string): Promise<void> {
  for (let from: 'list' | 'watch' = 'list', attempt = 0; from !== 'watch'; attempt++) {
    expect(attempt).toBeLessThan(100);
    const pod = `${name}-${attempt}`;
    await create(pod);
    await vi.waitFor(() => expect(reported().has(pod)).toBe(true), { timeout: 60_000 });
    const first = changes.find((change) => change.type === 'present' && change.pod.name === pod);
    if (first?.type === 'present') ({ from } = first);
  }
}

test('a watch behind a proxy that passes everything on delivers', async () => {
  await vi.waitFor(() => expect(proxied.counts()['WATCH 200']).toBe(1), { timeout: 60_000 });
  await delivers('first');
  await caughtUp();
  expect(proxy.broken).toBe(0);
});

test.each<readonly [string, () => void]>([
  ['refuses watches', () => proxy.refuseWatches()],
  ['is overloaded', () => proxy.refuseWatches(429)],
  ['swallows events', () => proxy.swallowEvents()],
])(
  'a watch behind a proxy that %s is corrected by lists, and delivers when the proxy is well again',
  async (name, fail) => {
    const { broken } = proxy;
    const slug = name.replaceAll(' ', '-');
    await create(`${slug}-old`);
    await caughtUp();
    fail();
    await create(slug);
    await remove(`${slug}-old`);
    await vi.waitFor(() => expect(reported().get(slug)?.from).toBe('list'), { timeout: 60_000 });
    await caughtUp();
    expect(reported().has(`${slug}-old`)).toBe(false);
    expect(proxy.broken).toBeGreaterThan(broken);
    const confirmedAtMs = watch.confirmedAtMs() ?? 0;
    await vi.waitFor(() => expect(watch.confirmedAtMs()).toBeGreaterThan(confirmedAtMs), { timeout: 60_000 });
    proxy.heal();
    await delivers(`${slug}-after`);
    await caughtUp();
  },
);

test('a watch behind a proxy that hangs is corrected by lists, and delivers when the proxy is well again', async () => {
  proxy.hang();
  await create('unseen');
  await vi.waitFor(() => expect(reported().get('unseen')?.from).toBe('list'), { timeout: 60_000 });
  await caughtUp();
  proxy.heal();
  await delivers('seen');
});

test('nothing is confirmed while lists and watches are refused, and other requests are passed on', async () => {
  await caughtUp();
  const { failures } = watch.stats();
  const confirmedAtMs = watch.confirmedAtMs();
  proxy.refuseListsAndWatches();
  await proxied.create(PODS, podNamed('unlisted'), within());
  await vi.waitFor(() => expect(watch.stats().failures).toBeGreaterThan(failures + 3), { timeout: 60_000 });
  expect(proxy.refusedLists).toBeGreaterThan(0);
  expect(watch.confirmedAtMs()).toBe(confirmedAtMs);
  expect(reported().has('unlisted')).toBe(false);
  proxy.heal();
  await caughtUp();
  expect(reported().has('unlisted')).toBe(true);
});

test('nothing is confirmed while everything hangs', async () => {
  await caughtUp();
  const { lists, failures } = watch.stats();
  proxy.hang('everything');
  // One list may have been answered already.
  await vi.waitFor(() => expect(watch.stats().lists).toBeGreaterThan(lists + 1), { timeout: 60_000 });
  const confirmedAtMs = watch.confirmedAtMs();
  await create('hidden');
  await vi.waitFor(() => expect(watch.stats().failures).toBeGreaterThan(failures), { timeout: 60_000 });
  expect(watch.confirmedAtMs()).toBe(confirmedAtMs);
  expect(reported().has('hidden')).toBe(false);
  proxy.heal();
  await caughtUp();
  // The watch may show all before a list confirms it.
  await vi.waitFor(() => expect(watch.confirmedAtMs()).toBeGreaterThan(confirmedAtMs ?? 0), { timeout: 60_000 });
});
