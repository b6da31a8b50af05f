import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { watchPods } from '../../../src/adapters/kube/watch-pods.ts';
import type { PodChange, PodWatch } from '../../../src/adapters/kube/watch-pods.ts';
import { answer, refuse, scriptedApi } from './scripted-api.ts';
import type { ScriptedApi } from './scripted-api.ts';

/** Pods of a scripted server, and the watches open on it. */
class Pods {
  readonly #pods = new Map<string, number>();
  readonly watches: { readonly response: ServerResponse; readonly from: string }[] = [];
  version = 10;
  /** Answers to the next watch requests, in place of opening them. */
  readonly refusals: number[] = [];

  set(name: string): void {
    this.#pods.set(name, ++this.version);
  }

  remove(name: string): void {
    this.#pods.delete(name);
    this.version++;
  }

  object(name: string): unknown {
    return { metadata: { name, uid: `uid-${name}`, resourceVersion: String(this.#pods.get(name) ?? this.version) } };
  }

  list(response: ServerResponse): void {
    const items = [...this.#pods.keys()].map((name) => this.object(name));
    answer(response, 200, { items, metadata: { resourceVersion: String(this.version) } });
  }

  /** Sends an event on the newest watch. */
  send(type: string, object: unknown): void {
    this.watches.at(-1)?.response.write(`${JSON.stringify({ type, object })}\n`);
  }
}

let api: ScriptedApi | undefined;
const stop = { current: new AbortController() };

afterEach(async () => {
  stop.current.abort();
  await api?.close();
  api = undefined;
});

async function watching(pods: Pods, compareMs = 60_000): Promise<{ changes: string[]; watch: PodWatch }> {
  api = await scriptedApi((request, response) => {
    const query = new URL(request.url ?? '', 'http://x').searchParams;
    if (query.get('watch') === null) pods.list(response);
    else {
      const refusal = pods.refusals.shift();
      if (refusal !== undefined) refuse(response, refusal, 'Expired');
      else {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.flushHeaders();
        pods.watches.push({ response, from: query.get('resourceVersion') ?? '' });
      }
    }
  });
  stop.current = new AbortController();
  const changes: string[] = [];
  const watch = watchPods({
    client: api.client,
    namespace: 'x',
    labelSelector: 'a=b',
    onChange: (change) => changes.push(textOf(change)),
    signal: stop.current.signal,
    compareMs,
    listBudgetMs: 5_000,
  });
  await watch.synced;
  await vi.waitFor(() => expect(pods.watches).not.toHaveLength(0));
  return { changes, watch };
}

function textOf(change: PodChange): string {
  return change.type === 'gone' ? `gone ${change.uid}` : `${change.from} ${change.pod.name}@${change.pod.version}`;
}

const eventually = async (check: () => void): Promise<void> => {
  await vi.waitFor(check, { timeout: 20_000, interval: 20 });
};

describe('watchPods', () => {
  test('reports the list, then events, in one line or many chunks, each version once', async () => {
    const pods = new Pods();
    pods.set('a');
    const { changes } = await watching(pods);
    pods.set('b');
    const event = `${JSON.stringify({ type: 'ADDED', object: pods.object('b') })}\n`;
    const { response } = pods.watches[0] ?? {};
    response?.write(event.slice(0, 20));
    response?.write(event.slice(20));
    response?.write(event);
    pods.remove('a');
    pods.send('DELETED', pods.object('a'));
    await eventually(() => expect(changes).toEqual(['list a@11', 'watch b@12', 'gone uid-a']));
  });

  test('resumes from the last version seen, a bookmark’s included, when the connection ends', async () => {
    const pods = new Pods();
    const { changes, watch } = await watching(pods);
    pods.send('BOOKMARK', { metadata: { resourceVersion: '77' } });
    await eventually(() => expect(watch.stats().bookmarks).toBe(1));
    pods.watches[0]?.response.destroy();
    await eventually(() => expect(pods.watches.map(({ from }) => from)).toEqual(['10', '77']));
    pods.version = 80;
    pods.set('late');
    pods.send('ADDED', pods.object('late'));
    await eventually(() => expect(changes).toEqual(['watch late@81']));
    expect(watch.stats()).toMatchObject({ lists: 1, resumes: 1, silent: 0 });
  });

  test.each(['as the answer', 'as an event'])('lists again when its version has expired, %s', async (how) => {
    const pods = new Pods();
    pods.set('a');
    pods.set('b');
    const { changes, watch } = await watching(pods);
    pods.set('a');
    pods.remove('b');
    pods.set('c');
    if (how === 'as an event') pods.send('ERROR', { kind: 'Status', code: 410, reason: 'Expired' });
    else {
      pods.refusals.push(410);
      pods.watches[0]?.response.destroy();
    }
    await eventually(() => expect(changes.slice(2)).toEqual(['list a@13', 'list c@15', 'gone uid-b']));
    await eventually(() => expect(pods.watches.at(-1)?.from).toBe('15'));
    expect(watch.stats()).toMatchObject({ lists: 2, silent: 0 });
  });

  test('detects a watch that has become silent, reports what it had not sent, and opens another', async () => {
    const pods = new Pods();
    pods.set('a');
    const { changes, watch } = await watching(pods, 100);
    pods.set('b');
    pods.remove('a');
    await eventually(() => expect(changes).toEqual(['list a@11', 'list b@12', 'gone uid-a']));
    await eventually(() => expect(watch.stats().silent).toBe(1));
    await eventually(() => expect(pods.watches.at(-1)?.from).toBe('13'));
    pods.set('c');
    pods.send('ADDED', pods.object('c'));
    await eventually(() => expect(changes.at(-1)).toBe('watch c@14'));
  });

  test('leaves an idle watch alone: quiet is not silent', async () => {
    const pods = new Pods();
    pods.set('a');
    const { changes, watch } = await watching(pods, 50);
    await eventually(() => expect(watch.stats().lists).toBeGreaterThan(2));
    expect(watch.stats()).toMatchObject({ silent: 0, resumes: 0 });
    expect(pods.watches).toHaveLength(1);
    expect(changes).toEqual(['list a@11']);
  });

  test('survives a server that refuses for a while', async () => {
    const pods = new Pods();
    const { changes, watch } = await watching(pods);
    pods.refusals.push(500, 500, 401);
    pods.watches[0]?.response.destroy();
    await eventually(() => expect(pods.watches).toHaveLength(2));
    pods.set('a');
    pods.send('ADDED', pods.object('a'));
    await eventually(() => expect(changes).toEqual(['watch a@11']));
    expect(watch.stats().failures).toBe(3);
  });

  test('ends when the signal aborts; a watch that never saw a list says so', async () => {
    const { watch } = await watching(new Pods());
    stop.current.abort();
    await watch.done;
    const never = new AbortController();
    never.abort(new Error('too late'));
    const late = watchPods({
      client: (api as ScriptedApi).client,
      namespace: 'x',
      labelSelector: '',
      onChange: () => {},
      signal: never.signal,
      compareMs: 1_000,
      listBudgetMs: 1_000,
    });
    await expect(late.synced).rejects.toThrow('too late');
    await late.done;
  });

  test('an observer that throws is not taken for a lost connection', async () => {
    const pods = new Pods();
    pods.set('a');
    api = await scriptedApi((_, response) => pods.list(response));
    stop.current = new AbortController();
    const watch = watchPods({
      client: api.client,
      namespace: 'x',
      labelSelector: '',
      onChange: () => {
        throw new Error('cannot count');
      },
      signal: stop.current.signal,
      compareMs: 1_000,
      listBudgetMs: 1_000,
    });
    await expect(watch.done).rejects.toThrow('cannot count');
    await expect(watch.synced).rejects.toThrow('cannot count');
  });
});
