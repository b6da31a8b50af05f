import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { refuse } from './scripted-api.ts';
import { eventually, Pods, watching, type Trick, type Watching } from './scripted-pod-api.ts';

const refused: Trick = (response) => refuse(response, 403, 'Forbidden');

let current: Watching | undefined;
afterEach(async () => {
  await current?.end();
  current = undefined;
});

/** A watch that is open. No list is due by itself during a test. */
async function opened(): Promise<Watching & { readonly pods: Pods }> {
  const pods = new Pods();
  pods.set('a');
  current = await watching(pods);
  await current.watch.synced;
  await eventually(() => expect(pods.watches).toHaveLength(1));
  return { ...current, pods };
}

test('a list that is wanted is asked for at once', async () => {
  const { changes, watch, pods } = await opened();
  const { lists, wholeLists } = pods;
  pods.set('b');
  const sinceMs = Date.now();
  watch.confirm();
  await eventually(() => expect(watch.confirmedAtMs()).toBeGreaterThanOrEqual(sinceMs));
  // That of the versions shows that the watch has not delivered a Pod. The whole one shows the Pod.
  expect(pods.lists).toBe(lists + 2);
  expect(pods.wholeLists).toBe(wholeLists + 1);
  expect(changes).toContain('list b@12');
});

test('a list of versions confirms what a watch has delivered', async () => {
  const { changes, watch, pods } = await opened();
  const { lists, wholeLists } = pods;
  pods.set('b');
  pods.sendNow('b');
  await eventually(() => expect(changes).toContain('watch b@12'));
  const sinceMs = Date.now();
  watch.confirm();
  await eventually(() => expect(watch.confirmedAtMs()).toBeGreaterThanOrEqual(sinceMs));
  expect(pods.lists).toBe(lists + 1);
  expect(pods.wholeLists).toBe(wholeLists);
});

test('a watch that expires while a list of versions is under way is opened from that list', async () => {
  const { watch, pods } = await opened();
  pods.listTrick = (response) => {
    pods.listTrick = undefined;
    // The watch closes its connection when it has read that it has expired.
    pods.watches[0]?.response.once('close', () => {
      pods.list(response);
      pods.set('b');
    });
    pods.send('ERROR', { kind: 'Status', code: 410, reason: 'Expired' });
  };
  watch.confirm();
  await eventually(() => expect(pods.watches).toHaveLength(2));
  expect(pods.watches[1]?.from).toBe('11');
});

test('the state is known for as long as a watch is open, and no longer when neither a watch nor a list shows it', async () => {
  const { watch, pods } = await opened();
  const beforeMs = Date.now();
  // The server has seen the request before the watch sees its answer.
  await eventually(() => expect(watch.knownUntilMs()).toBeGreaterThanOrEqual(beforeMs));
  pods.listTrick = refused;
  pods.watchTrick = refused;
  pods.cut();
  await eventually(() => expect(watch.stats().failures).toBeGreaterThan(2));
  const knownUntilMs = watch.knownUntilMs();
  expect(knownUntilMs).toBeGreaterThanOrEqual(beforeMs);
  await sleep(50);
  expect(watch.knownUntilMs()).toBe(knownUntilMs);
  pods.listTrick = undefined;
  await eventually(() => expect(watch.knownUntilMs()).toBeGreaterThan(knownUntilMs));
  expect(watch.knownUntilMs()).toBe(watch.confirmedAtMs());
});
