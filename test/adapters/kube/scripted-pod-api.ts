import type { ServerResponse } from 'node:http';
import { expect, vi } from 'vitest';
import { watchPods } from '../../../src/adapters/kube/watch-pods.ts';
import type { PodChange, PodWatch } from '../../../src/adapters/kube/pod-watch.ts';
import { answer, scriptedApi } from './scripted-api.ts';
import type { ScriptedApi } from './scripted-api.ts';

/** Answers a request in place of the usual answer. `next` is the token of the page that is asked for. */
export type Trick = (response: ServerResponse, next: string) => void;

/** Pods of a scripted API server, and the watches open on it. Every change has the next version, as in etcd. */
export class Pods {
  readonly #pods = new Map<string, number>();
  readonly watches: { readonly response: ServerResponse; readonly from: string }[] = [];
  version = 10;
  /** In place of opening a watch, and in place of a list, as long as it is there. */
  watchTrick: Trick | undefined;
  listTrick: Trick | undefined;
  lists = 0;
  /** Lists of whole Pods, not only of their metadata. */
  wholeLists = 0;

  set(name: string): void {
    this.#pods.set(name, ++this.version);
  }

  remove(name: string): void {
    this.#pods.delete(name);
    this.version++;
  }

  /** A Pod as it is, or as it was deleted just now. */
  object(name: string): unknown {
    return { metadata: { name, uid: `uid-${name}`, resourceVersion: String(this.#pods.get(name) ?? this.version) } };
  }

  items(): readonly unknown[] {
    return [...this.#pods.keys()].map((name) => this.object(name));
  }

  list(response: ServerResponse): void {
    answer(response, 200, { items: this.items(), metadata: { resourceVersion: String(this.version) } });
  }

  /** Sends an event on the newest watch. */
  send(type: string, object: unknown): void {
    this.write(`${JSON.stringify({ type, object })}\n`);
  }

  /** Sends the event of a change that was made just now. */
  sendNow(name: string): void {
    this.send(this.#pods.has(name) ? 'MODIFIED' : 'DELETED', this.object(name));
  }

  bookmark(): void {
    this.send('BOOKMARK', { metadata: { resourceVersion: String(this.version) } });
  }

  write(text: string): void {
    this.watches.at(-1)?.response.write(text);
  }

  /** Ends the newest watch's connection. */
  cut(): void {
    this.watches.at(-1)?.response.destroy();
  }

  serve(): Promise<ScriptedApi> {
    return scriptedApi((request, response) => {
      const query = new URL(request.url ?? '', 'http://x').searchParams;
      if (query.get('watch') === null) {
        this.lists++;
        if (request.headers.accept === 'application/json') this.wholeLists++;
        if (this.listTrick === undefined) this.list(response);
        else this.listTrick(response, query.get('continue') ?? '');
      } else if (this.watchTrick === undefined) {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.flushHeaders();
        this.watches.push({ response, from: query.get('resourceVersion') ?? '' });
      } else this.watchTrick(response, '');
    });
  }
}

/** A watch of scripted Pods. */
export interface Watching {
  /** Changes reported so far, e.g. `list a@11`, `watch b@12`, `gone uid-a`. */
  readonly changes: string[];
  readonly watch: PodWatch;
  readonly end: () => Promise<void>;
}

/** Watches scripted Pods. By default no comparison is due by itself during a test. */
export async function watching(pods: Pods, compareMs = 60_000, listBudgetMs = 5_000): Promise<Watching> {
  const api = await pods.serve();
  const stop = new AbortController();
  const changes: string[] = [];
  const watch = watchPods({
    client: api.client,
    namespace: 'x',
    labelSelector: 'a=b',
    onChange: (change) => changes.push(textOf(change)),
    signal: stop.signal,
    compareMs,
    listBudgetMs,
  });
  return {
    changes,
    watch,
    end: async () => {
      stop.abort();
      await watch.done;
      await api.close();
    },
  };
}

/** Waits until a check passes. */
export async function eventually(check: () => void): Promise<void> {
  await vi.waitFor(check, { timeout: 20_000, interval: 10 });
}

/** Waits until the server has taken some more lists. */
export async function moreLists(pods: Pods, count = 2): Promise<void> {
  const before = pods.lists;
  await eventually(() => expect(pods.lists).toBeGreaterThanOrEqual(before + count));
}

function textOf(change: PodChange): string {
  return change.type === 'gone' ? `gone ${change.uid}` : `${change.from} ${change.pod.name}@${change.pod.version}`;
}
