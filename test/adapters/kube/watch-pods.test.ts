import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { watchPods } from '../../../src/adapters/kube/watch-pods.ts';
import { answer, refuse, scriptedApi } from './scripted-api.ts';
import { eventually, moreLists, Pods, watching } from './scripted-pod-api.ts';
import type { Trick, Watching } from './scripted-pod-api.ts';

/** The shortest pause between comparisons in tests that are about them. */
const SOON_MS = 100;

let current: Watching | undefined;

afterEach(async () => {
  await current?.end();
  current = undefined;
});

/** A watch that is open, of the Pods `a` and `b` at versions 11 and 12. Their reports are left out of `changes`. */
async function opened(compareMs?: number): Promise<Watching & { readonly pods: Pods }> {
  const pods = new Pods();
  pods.set('a');
  pods.set('b');
  current = await watching(pods, compareMs);
  await current.watch.synced;
  await eventually(() => expect(pods.watches).toHaveLength(1));
  expect(current.changes.splice(0)).toEqual(['list a@11', 'list b@12']);
  return { ...current, pods };
}

describe('a watch', () => {
  test('reports events, in one line or many chunks, each version once', async () => {
    const { changes, pods } = await opened();
    pods.set('c');
    const event = `${JSON.stringify({ type: 'ADDED', object: pods.object('c') })}\n`;
    pods.write(event.slice(0, 20));
    await sleep(20);
    pods.write(event.slice(20));
    pods.write(`${event}\n\n`);
    pods.remove('a');
    pods.sendNow('a');
    await eventually(() => expect(changes).toEqual(['watch c@13', 'gone uid-a']));
  });

  test('resumes from the last version seen, a bookmark’s included, when the connection ends', async () => {
    const { changes, watch, pods } = await opened();
    pods.version = 77;
    pods.bookmark();
    await eventually(() => expect(watch.stats().bookmarks).toBe(1));
    pods.cut();
    await eventually(() => expect(pods.watches.map(({ from }) => from)).toEqual(['12', '77']));
    pods.set('late');
    pods.sendNow('late');
    await eventually(() => expect(changes).toEqual(['watch late@78']));
    expect(watch.stats()).toMatchObject({ lists: 1, resumes: 1, silent: 0, failures: 0 });
  });

  test.each(['as the answer', 'as an event'])('lists again when its version has expired, %s', async (how) => {
    const { changes, watch, pods } = await opened();
    pods.set('a');
    pods.remove('b');
    pods.set('c');
    if (how === 'as an event') pods.send('ERROR', { kind: 'Status', code: 410, reason: 'Expired' });
    else {
      pods.watchTrick = (response) => {
        pods.watchTrick = undefined;
        refuse(response, 410, 'Expired');
      };
      pods.cut();
    }
    await eventually(() => expect(changes).toEqual(['list a@13', 'list c@15', 'gone uid-b']));
    await eventually(() => expect(pods.watches.at(-1)?.from).toBe('15'));
    expect(watch.stats()).toMatchObject({ lists: 2, silent: 0, replaced: 0 });
  });

  test('reads the list of a server that takes longer for each page than the usual one', async () => {
    const pods = new Pods();
    pods.set('a');
    pods.listTrick = (response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
      const list = { items: pods.items(), metadata: { resourceVersion: String(pods.version) } };
      void sleep(250).then(() => response.end(JSON.stringify(list)));
    };
    current = await watching(pods, 60_000, 100);
    const beganAtMs = Date.now();
    await eventually(() => expect(current?.changes).toEqual(['list a@11']));
    expect(current.watch.stats().failures).toBeGreaterThan(0);
    expect(current.watch.listedAtMs()).toBeGreaterThan(beganAtMs);
  });

  test('ends when the signal aborts; one that never saw a list says so', async () => {
    const { watch, end } = await opened();
    await end();
    await watch.done;
    const api = await scriptedApi(() => {});
    const late = watchPods({
      client: api.client,
      namespace: 'x',
      labelSelector: '',
      onChange: () => {},
      signal: AbortSignal.abort(new Error('too late')),
      compareMs: 1_000,
      listBudgetMs: 1_000,
    });
    await expect(late.synced).rejects.toThrow('too late');
    await late.done;
    expect(late.confirmedAtMs()).toBeUndefined();
    await api.close();
  });

  test.each(['list', 'event'])(
    'fails when its observer does: an exception at a %s is no lost connection',
    async (where) => {
      const pods = new Pods();
      if (where === 'list') pods.set('a');
      const api = await pods.serve();
      const watch = watchPods({
        client: api.client,
        namespace: 'x',
        labelSelector: '',
        onChange: () => {
          throw new Error('cannot count');
        },
        signal: new AbortController().signal,
        compareMs: 60_000,
        listBudgetMs: 1_000,
      });
      if (where === 'event') {
        await eventually(() => expect(pods.watches).toHaveLength(1));
        pods.set('a');
        pods.sendNow('a');
      } else await expect(watch.synced).rejects.toThrow('cannot count');
      await expect(watch.done).rejects.toThrow('cannot count');
      await api.close();
    },
  );
});

describe('a comparison with a list', () => {
  test('finds what a silent watch had not sent, and the watch is opened again', async () => {
    const { changes, watch, pods } = await opened(SOON_MS);
    pods.set('c');
    pods.remove('a');
    await eventually(() => expect(changes).toEqual(['list c@13', 'gone uid-a']));
    await eventually(() => expect(pods.watches.at(-1)?.from).toBe('14'));
    expect(watch.stats()).toMatchObject({ silent: 1, replaced: 0, failures: 0 });
    pods.set('d');
    pods.sendNow('d');
    await eventually(() => expect(changes.at(-1)).toBe('watch d@15'));
  });

  test.each(['bookmarks', 'other events'])('finds what a watch had not sent that delivers %s', async (what) => {
    const { changes, watch, pods } = await opened(SOON_MS);
    pods.set('c');
    pods.remove('a');
    // It delivers all the time, and more often than it is compared.
    const delivering = setInterval(() => {
      if (what === 'bookmarks') pods.version++;
      else pods.set('b');
      if (what === 'bookmarks') pods.bookmark();
      else pods.sendNow('b');
    }, 20);
    try {
      await eventually(() => expect(changes).toEqual(expect.arrayContaining(['list c@13', 'gone uid-a'])));
      await eventually(() => expect(pods.watches.length).toBeGreaterThan(1));
    } finally {
      clearInterval(delivering);
    }
    expect(Number(pods.watches[1]?.from)).toBeGreaterThanOrEqual(14);
    expect(watch.stats().silent).toBeGreaterThanOrEqual(1);
  });

  test('leaves an idle watch alone: quiet is not silent', async () => {
    const { changes, watch, pods } = await opened(SOON_MS);
    await moreLists(pods, 3);
    expect(watch.stats()).toMatchObject({ silent: 0, resumes: 0, failures: 0 });
    expect(pods.watches).toHaveLength(1);
    expect(changes).toEqual([]);
  });

  // The second watch is later than a quiet one is waited for, but it delivers other events all the time.
  test.each([40, 2_100])('invents nothing while events are under way for %d ms', async (lateMs) => {
    const { changes, watch, pods } = await opened(1);
    const held: ServerResponse[] = [];
    pods.listTrick = (response) => held.push(response);
    const release = (): void => {
      pods.listTrick = undefined;
      for (const response of held.splice(0)) pods.list(response);
    };
    setTimeout(release, lateMs + 100);
    const names = ['c', 'd', 'e', 'f'];
    const sent: string[] = [];
    for (let change = 0; change < 240; change++) {
      const name = `${names[change % names.length]}${Math.floor(change / 8)}`;
      if (change % 8 < 4) pods.set(name);
      else pods.remove(name);
      const event = { type: change % 8 < 4 ? 'ADDED' : 'DELETED', object: pods.object(name) };
      sent.push(change % 8 < 4 ? `watch ${name}@${pods.version}` : `gone uid-${name}`);
      setTimeout(() => pods.send(event.type, event.object), lateMs);
      await sleep(15);
    }
    await eventually(() => expect(changes).toHaveLength(sent.length));
    expect(changes).toEqual(sent);
    expect(pods.lists).toBeGreaterThan(2);
    expect(pods.watches).toHaveLength(1);
    expect(watch.stats()).toMatchObject({ silent: 0, replaced: 0, failures: 0 });
  });

  test('reports everything again when versions have gone back, and follows the new history', async () => {
    const { changes, watch, pods } = await opened(SOON_MS);
    pods.version = 900;
    pods.set('c');
    pods.sendNow('c');
    await eventually(() => expect(changes.splice(0)).toEqual(['watch c@901']));
    // The etcd is restored from before: `b` and `c` are not in it yet.
    pods.version = 5;
    pods.remove('b');
    pods.remove('c');
    pods.set('a');
    await eventually(() => expect(changes.splice(0)).toEqual(['list a@8', 'gone uid-b', 'gone uid-c']));
    await eventually(() => expect(pods.watches.at(-1)?.from).toBe('8'));
    expect(watch.stats().replaced).toBe(1);
    pods.set('d');
    pods.sendNow('d');
    pods.remove('a');
    pods.sendNow('a');
    await eventually(() => expect(changes).toEqual(['watch d@9', 'gone uid-a']));
    expect(watch.stats().replaced).toBe(1);
  });
});

/** Answers in place of a watch. `heal` makes a request that hangs go on. */
const refusals: readonly (readonly [name: string, trick: Trick])[] = [
  ...[401, 403, 404, 429, 500, 503].map((status): readonly [string, Trick] => [
    `${status}`,
    (response) => refuse(response, status, 'No'),
  ]),
  ['a page of a proxy', (response) => response.writeHead(502).end('<html>\nBad gateway\n</html>')],
  ['200 and a page of a proxy', (response) => response.writeHead(200).end('<html>\nPlease log in\n</html>')],
  ['200 and text without an end', (response) => response.writeHead(200).end('{"type":"ADD')],
  ['200 and a list', (response) => answer(response, 200, { items: [], metadata: { resourceVersion: '999' } })],
  ['a refusal whose body never ends', (response) => response.writeHead(403).write('{')],
];

describe('a watch that is not opened again', () => {
  test.each(refusals)('is listed all the time, and failures are counted: %s', async (_, trick) => {
    const { changes, watch, pods } = await opened(SOON_MS);
    const confirmedAtMs = watch.confirmedAtMs() ?? 0;
    pods.watchTrick = trick;
    pods.cut();
    await eventually(() => expect(watch.stats().failures).toBeGreaterThan(1));
    pods.set('c');
    pods.remove('a');
    await eventually(() => expect(changes).toEqual(['list c@13', 'gone uid-a']));
    pods.set('d');
    await eventually(() => expect(changes.at(-1)).toBe('list d@15'));
    expect(watch.confirmedAtMs()).toBeGreaterThan(confirmedAtMs);
    expect(watch.stats().silent).toBe(0);
    pods.watchTrick = undefined;
    await eventually(() => expect(pods.watches).toHaveLength(2));
    pods.set('e');
    pods.sendNow('e');
    await eventually(() => expect(changes.at(-1)).toBe('watch e@16'));
  });

  test.each<readonly [string, Trick]>([
    ['403', (response) => refuse(response, 403, 'Forbidden')],
    ['an empty answer', (response) => response.writeHead(200).end()],
    ['none at all', () => {}],
  ])('is listed earlier than a watch that delivers: %s', async (_, trick) => {
    const { changes, pods } = await opened();
    pods.watchTrick = trick;
    pods.cut();
    pods.set('c');
    await eventually(() => expect(changes).toEqual(['list c@13']));
    pods.remove('c');
    await eventually(() => expect(changes.at(-1)).toBe('gone uid-c'));
  });

  test('goes on when a request that hung before its headers is answered', async () => {
    const { changes, pods } = await opened();
    const hung: ServerResponse[] = [];
    pods.watchTrick = (response) => hung.push(response);
    pods.cut();
    await eventually(() => expect(hung).toHaveLength(1));
    hung[0]?.writeHead(200);
    pods.set('c');
    hung[0]?.write(`${JSON.stringify({ type: 'ADDED', object: pods.object('c') })}\n`);
    await eventually(() => expect(changes).toEqual(['watch c@13']));
  });
});

describe('a line that is no event', () => {
  test.each([
    'not JSON',
    'null',
    '7',
    '[]',
    '{}',
    '{"type":"ADDED"}',
    '{"type":"ADDED","object":null}',
    '{"type":"MODIFIED","object":{}}',
    '{"type":"MODIFIED","object":{"metadata":{"name":"x","resourceVersion":"99"}}}',
    '{"type":"DELETED","object":{"metadata":{"name":"x","resourceVersion":"99"}}}',
    '{"type":"MODIFIED","object":{"metadata":{"name":"x","uid":"u","resourceVersion":"ninety"}}}',
    '{"type":"MODIFIED","object":{"metadata":{"name":"x","uid":"u","resourceVersion":"99"},"status":{"conditions":7}}}',
    '{"type":"BOOKMARK","object":{"metadata":{}}}',
    '{"type":"REPLACED","object":{"metadata":{"name":"x","uid":"u","resourceVersion":"99"}}}',
    '{"type":"ERROR"}',
    '{"type":"ERROR","object":{"code":500}}',
    '{"type":"ERROR","object":{"code":504,"message":"Too large resource version: 99, current: 12"}}',
  ])('is counted as a failure, and the watch is opened again: %s', async (line) => {
    const { changes, watch, pods } = await opened();
    pods.write(`${line}\n`);
    await eventually(() => expect(pods.watches).toHaveLength(2));
    expect(pods.watches[1]?.from).toBe('12');
    expect(watch.stats()).toMatchObject({ failures: 1, events: 0 });
    pods.set('c');
    pods.sendNow('c');
    await eventually(() => expect(changes).toEqual(['watch c@13']));
  });

  test('may be without an end', async () => {
    const { watch, pods } = await opened();
    pods.write('x'.repeat(5 * 1024 * 1024));
    await eventually(() => expect(pods.watches).toHaveLength(2));
    expect(watch.stats().failures).toBe(1);
  });

  test('that comes each time is overtaken by a list', async () => {
    const { changes, watch, pods } = await opened(SOON_MS);
    pods.set('poison');
    pods.watchTrick = (response) => response.writeHead(200).end('{"type":"ADDED","object":{}}\n');
    pods.cut();
    await eventually(() => expect(changes).toEqual(['list poison@13']));
    await eventually(() => expect(watch.stats().failures).toBeGreaterThan(1));
    pods.watchTrick = undefined;
    await eventually(() => expect(pods.watches.at(-1)?.from).toBe('13'));
  });

  test('with a version beyond everything is forgotten with the next list', async () => {
    const { changes, pods } = await opened(SOON_MS);
    pods.send('BOOKMARK', { metadata: { resourceVersion: '999999999' } });
    await eventually(() => expect(changes).toEqual(['list a@11', 'list b@12']));
    await eventually(() => expect(pods.watches.at(-1)?.from).toBe('12'));
  });
});

/** Lists that are not complete, or no lists. None of them shows that a Pod is gone. */
const broken: readonly (readonly [name: string, trick: (pods: Pods) => Trick])[] = [
  ['403', () => (response) => refuse(response, 403, 'Forbidden')],
  ['a page of a proxy', () => (response) => response.writeHead(200).end('<html>Please log in</html>')],
  ['half an answer', () => (response) => response.writeHead(200).end('{"items":[')],
  ['null', () => (response) => answer(response, 200, null)],
  ['no items', () => (response) => answer(response, 200, { metadata: { resourceVersion: '20' } })],
  ['a status', () => (response) => answer(response, 200, { kind: 'Status', metadata: {}, status: 'Success' })],
  ['no version', () => (response) => answer(response, 200, { items: [], metadata: {} })],
  ['the version 0', () => (response) => answer(response, 200, { items: [], metadata: { resourceVersion: '0' } })],
  ['an item without metadata', () => page([{}])],
  ['an item without a UID', () => page([{ metadata: { name: 'a', resourceVersion: '11' } }])],
  ['an item newer than the list', () => page([{ metadata: { name: 'a', uid: 'uid-a', resourceVersion: '21' } }])],
  ['a second page that is refused', (pods) => pages(pods, (response) => refuse(response, 403, 'Forbidden'))],
  ['a second page that always expires', (pods) => pages(pods, (response) => refuse(response, 410, 'Expired'))],
  ['a second page of another version', (pods) => pages(pods, page([], { resourceVersion: '21' }))],
  ['a second page that refers to itself', (pods) => pages(pods, page([], { resourceVersion: '20', continue: '2' }))],
];

function page(items: readonly unknown[], metadata: object = { resourceVersion: '20' }): Trick {
  return (response) => answer(response, 200, { items, metadata });
}

/** A first page, and what the second one answers. */
function pages(pods: Pods, second: Trick): Trick {
  const first = page(pods.items().slice(0, 1), { resourceVersion: '20', continue: '2' });
  return (response, next) => (next === '' ? first : second)(response, next);
}

describe('a list that is not complete', () => {
  test.each(broken)('confirms nothing and removes nothing: %s', async (_, trick) => {
    const { changes, watch, pods } = await opened(SOON_MS);
    pods.version = 20;
    pods.listTrick = trick(pods);
    await moreLists(pods, 1);
    const confirmedAtMs = watch.confirmedAtMs();
    const { failures } = watch.stats();
    await eventually(() => expect(watch.stats().failures).toBeGreaterThan(failures + 1));
    expect(watch.confirmedAtMs()).toBe(confirmedAtMs);
    expect(changes).toEqual([]);
    pods.listTrick = undefined;
    await eventually(() => expect(watch.confirmedAtMs()).toBeGreaterThan(confirmedAtMs ?? 0));
    expect(changes).toEqual([]);
    expect(watch.stats()).toMatchObject({ silent: 0, replaced: 0 });
  });

  test('delays the first report, and does not end the watch', async () => {
    const pods = new Pods();
    pods.set('a');
    pods.listTrick = (response) => refuse(response, 401, 'Unauthorized');
    current = await watching(pods);
    await eventually(() => expect(pods.lists).toBeGreaterThan(2));
    expect(current.watch.confirmedAtMs()).toBeUndefined();
    pods.listTrick = undefined;
    await current.watch.synced;
    expect(current.changes).toEqual(['list a@11']);
  });
});

describe('the confirmed moment', () => {
  test('is when the list was asked for, not when it came', async () => {
    const pods = new Pods();
    let seenAtMs = 0;
    pods.listTrick = (response) => {
      seenAtMs = Date.now();
      setTimeout(() => pods.list(response), 200);
    };
    const beganAtMs = Date.now();
    current = await watching(pods);
    expect(current.watch.confirmedAtMs()).toBeUndefined();
    await current.watch.synced;
    expect(current.watch.confirmedAtMs()).toBeGreaterThanOrEqual(beganAtMs);
    expect(current.watch.confirmedAtMs()).toBeLessThanOrEqual(seenAtMs);
  });

  test('stays while lists fail, however well the watch delivers; the longest time is kept', async () => {
    const { changes, watch, pods } = await opened(SOON_MS);
    await moreLists(pods, 1);
    pods.listTrick = (response) => refuse(response, 403, 'Forbidden');
    await eventually(() => expect(watch.stats().failures).toBeGreaterThan(0));
    const confirmedAtMs = watch.confirmedAtMs() ?? 0;
    pods.set('c');
    pods.sendNow('c');
    await eventually(() => expect(changes).toEqual(['watch c@13']));
    await eventually(() => expect(watch.stats().failures).toBeGreaterThan(2));
    expect(watch.confirmedAtMs()).toBe(confirmedAtMs);
    const unconfirmedMs = watch.stats().longestUnconfirmedMs;
    pods.listTrick = undefined;
    await eventually(() => expect(watch.confirmedAtMs()).toBeGreaterThan(confirmedAtMs));
    expect(watch.stats().longestUnconfirmedMs).toBeGreaterThanOrEqual(unconfirmedMs);
  });
});
