import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as requestHttp } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { RequestOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { readAccess } from '../../../src/adapters/kube/credentials.ts';
import type { Access } from '../../../src/adapters/kube/credentials.ts';
import { kubeconfig, refuse } from './scripted-api.ts';

/** A proxy in front of a real API server that can break watches on command. It passes everything else on. */
export interface LyingProxy {
  /** Its address: plain HTTP on loopback, without credentials of its own. */
  readonly url: string;
  /** A kubeconfig for it, with one context, `only`. */
  readonly kubeconfigPath: string;
  /** Cuts open watches and refuses new ones with a status, 403 by default. */
  refuseWatches(status?: number): void;
  /** Does the same, and refuses lists as well, or everything. */
  refuseListsAndWatches(status?: number): void;
  refuseEverything(status?: number): void;
  /** Sends a bookmark in place of each event, on open watches and on new ones: a watch that is alive and delivers nothing. */
  swallowEvents(): void;
  /** Stops open watches and never answers new ones, or no request at all. */
  hang(what?: 'watches' | 'everything'): void;
  /** Passes everything on again. Watches that were broken end, and requests that hang are answered. */
  heal(): void;
  /** Watches that were broken: refused, without an answer, or with a swallowed event. */
  readonly broken: number;
  /** Lists that were refused, and requests that were neither lists nor watches. */
  readonly refusedLists: number;
  readonly refusedRequests: number;
  close(): Promise<void>;
}

type Mode =
  | { readonly name: 'pass' | 'swallow' }
  | { readonly name: 'refuse'; readonly status: number; readonly what: 'watches' | 'lists too' | 'everything' }
  | { readonly name: 'hang'; readonly what: 'watches' | 'everything' };

const PASS: Mode = { name: 'pass' };

/** Starts a proxy in front of the cluster of a kubeconfig (`context` empty = its current one), with that cluster's credentials. */
export async function startLyingProxy(target: {
  readonly kubeconfigPath: string;
  readonly context?: string;
}): Promise<LyingProxy> {
  const proxy = new Proxy(await readAccess(target.kubeconfigPath, target.context ?? ''));
  await proxy.listen();
  return proxy;
}

class Proxy implements LyingProxy {
  readonly kubeconfigPath: string;
  url = '';
  broken = 0;
  refusedLists = 0;
  refusedRequests = 0;
  readonly #access: Access;
  readonly #folder = mkdtempSync(join(tmpdir(), 'belay-lying-proxy-'));
  readonly #watches = new Set<ServerResponse>();
  readonly #hung: (() => void)[] = [];
  #mode = PASS;
  readonly #server = createServer((request, response) => {
    // A client that leaves, or a server that ends, breaks a request and not the proxy.
    this.#serve(request, response).catch(() => response.destroy());
  });

  constructor(access: Access) {
    this.#access = access;
    this.kubeconfigPath = join(this.#folder, 'kubeconfig');
  }

  async listen(): Promise<void> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    writeFileSync(this.kubeconfigPath, JSON.stringify(kubeconfig(this.url, {})));
  }

  refuseWatches(status = 403): void {
    this.#refuse('watches', status);
  }

  refuseListsAndWatches(status = 403): void {
    this.#refuse('lists too', status);
  }

  refuseEverything(status = 403): void {
    this.#refuse('everything', status);
  }

  #refuse(what: 'watches' | 'lists too' | 'everything', status: number): void {
    this.#mode = { name: 'refuse', status, what };
    this.#cutWatches();
  }

  swallowEvents(): void {
    this.#mode = { name: 'swallow' };
  }

  hang(what: 'watches' | 'everything' = 'watches'): void {
    this.#mode = { name: 'hang', what };
  }

  heal(): void {
    const { name } = this.#mode;
    this.#mode = PASS;
    // What a watch did not send while it was broken, it never sends.
    if (name !== 'pass') this.#cutWatches();
    for (const serve of this.#hung.splice(0)) serve();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
    rmSync(this.#folder, { recursive: true });
  }

  #cutWatches(): void {
    for (const response of this.#watches) response.destroy();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const query = new URL(request.url ?? '', this.url).searchParams;
    const watch = query.has('watch');
    // Every list of Belay is paged.
    const list = !watch && query.has('limit');
    if (this.#mode.name === 'hang' && (watch || this.#mode.what === 'everything')) {
      if (watch) this.broken++;
      await new Promise<void>((healed) => this.#hung.push(healed));
      if (response.destroyed) return;
    }
    if (
      this.#mode.name === 'refuse' &&
      (watch || this.#mode.what === 'everything' || (list && this.#mode.what === 'lists too'))
    ) {
      if (watch) this.broken++;
      else if (list) this.refusedLists++;
      else this.refusedRequests++;
      refuse(response, this.#mode.status, 'Refused');
      return;
    }
    const answer = await this.#ask(request, response);
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    response.flushHeaders();
    if (!watch) {
      answer.pipe(response);
      return;
    }
    this.#watches.add(response);
    response.on('close', () => this.#watches.delete(response));
    for await (const line of createInterface({ input: answer })) {
      if (this.#mode.name === 'hang') continue;
      response.write(`${this.#mode.name === 'swallow' ? this.#bookmark(line) : line}\n`);
    }
    response.end();
  }

  /** A bookmark of the version of an event; a bookmark stays as it is. */
  #bookmark(line: string): string {
    const event = JSON.parse(line) as { type: string; object: { metadata: { resourceVersion: string } } };
    if (event.type === 'BOOKMARK' || event.type === 'ERROR') return line;
    this.broken++;
    const { resourceVersion } = event.object.metadata;
    return JSON.stringify({
      type: 'BOOKMARK',
      object: { kind: 'Pod', apiVersion: 'v1', metadata: { resourceVersion } },
    });
  }

  async #ask(request: IncomingMessage, response: ServerResponse): Promise<IncomingMessage> {
    const { server } = this.#access;
    const { tls, headers: credentials } = await this.#access.credentials();
    const { host: _, connection: __, ...headers } = request.headers;
    const send = server.startsWith('https:') ? requestHttps : requestHttp;
    const { method } = request;
    const options = { ...tls, method, headers: { ...headers, ...credentials } } as RequestOptions;
    return new Promise((answered, failed) => {
      const asked = send(server + (request.url ?? '/'), options, answered);
      asked.on('error', failed);
      response.on('close', () => asked.destroy());
      request.pipe(asked);
    });
  }
}
