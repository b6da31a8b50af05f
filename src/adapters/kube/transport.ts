import { Pool } from 'undici';
import type { buildConnector, Dispatcher } from 'undici';
import { API_ANSWER_BYTES, API_ATTEMPT_MS, API_LONGEST_ATTEMPT_MS, HTTP_CONNECT_MS } from '../../core/plan/limits.ts';
import { limitedText, TooLarge } from '../host/limited-text.ts';
import { pause } from '../host/poll-until.ts';
import type { ApiAnswer, ApiRequest, Within } from './api-request.ts';
import { countedStatus, inWords, overBudget, pauseAfter, RETRIED, refusedBy, type Attempt } from './attempt.ts';
import { connectionProblem } from './connection-problem.ts';
import type { Access, Credentials } from './credentials.ts';
import { KubeError } from './kube-error.ts';
import { ListItems } from './list-items.ts';
import { waitCause, type Patience } from './patience.ts';
import { gated, TryGate } from './try-gate.ts';
import { throughProxy } from './through-proxy.ts';
import { messageOf } from '../../core/text/message-of.ts';

/** Connections that were opened with the same certificates. */
interface Lane {
  readonly tls: Credentials['tls'];
  readonly pool: Pool;
  /** The pool, with a gate before each request. */
  readonly requests: Dispatcher;
  readonly streams: Pool;
}

/** A pool of HTTP/1.1 connections to one API server. It retries, respects Retry-After, and counts. */
export class Transport {
  readonly #access: Access;
  readonly #connections: number;
  readonly #lanes = new Set<Lane>();
  #lane: Lane | undefined;
  #closed = false;
  readonly #counts = new Map<string, number>();

  constructor(access: Access, connections: number) {
    this.#access = access;
    this.#connections = connections;
  }

  /**
   * Sends a request once, whatever the answer.
   * @throws the signal's reason when it aborts; KubeError when no answer comes within the budget
   */
  async once(request: ApiRequest, within: Within): Promise<ApiAnswer> {
    const answer = await this.#attempt(request, within, within.budgetMs);
    if (answer instanceof KubeError) throw answer;
    return { ...answer, attempts: 1 };
  }

  /**
   * Sends a request until it is answered with something else than "not now": lost connections, 429 and 5xx are retried
   * with growing pauses, `Retry-After` respected.
   * @throws the signal's reason when it aborts; KubeError with the last failure when the budget is used up
   */
  async send(request: ApiRequest, within: Within): Promise<ApiAnswer> {
    const untilMs = performance.now() + within.budgetMs;
    for (let attempts = 1; ; attempts++) {
      const leftMs = untilMs - performance.now();
      const answer = await this.#attempt(request, within, Math.min(leftMs, API_ATTEMPT_MS));
      if (!(answer instanceof KubeError) && !RETRIED.has(countedStatus(request, answer)))
        return { ...answer, attempts };
      const pauseMs = pauseAfter(answer, attempts);
      if (performance.now() + pauseMs >= untilMs) throw overBudget(request, within, attempts, answer);
      await pause(pauseMs, within.signal);
    }
  }

  /**
   * Sends a request until it is answered, for as long as `patience` allows: refusals are waited for as well. The first attempt has
   * the budget; an attempt after one without an answer has twice the time of that one.
   * @throws the signal's reason when it aborts; KubeError when the patience is at its end
   */
  async sendPatiently(request: ApiRequest, within: Within, patience: Patience): Promise<ApiAnswer> {
    // Without its selectors: a line that is cut must still say why the request waits.
    const [path = ''] = request.path.split('?', 1);
    const waiting = patience.begin(request.method, `${request.method} ${path}`);
    let limitMs = within.budgetMs;
    try {
      for (let attempts = 1; ; attempts++) {
        const answer = await this.#attempt(request, within, limitMs);
        const status = countedStatus(request, answer);
        if (!(answer instanceof KubeError) && waitCause(status) === undefined) {
          waiting.answered();
          return { ...answer, attempts };
        }
        // After `close` no attempt can succeed.
        if (answer instanceof KubeError && this.#closed) throw answer;
        if (answer.status === 0) limitMs = Math.min(2 * limitMs, API_LONGEST_ATTEMPT_MS);
        const leftMs = waiting.missed(status, inWords(answer), refusedBy(answer));
        await pause(Math.min(pauseAfter(answer, attempts), leftMs), within.signal);
      }
    } finally {
      waiting.end();
    }
  }

  /**
   * Opens an answer that goes on for as long as the server likes.
   * @throws the signal's reason when it aborts; KubeError when the server does not answer
   */
  async open(path: string, signal: AbortSignal): Promise<{ status: number; body: Dispatcher.ResponseData['body'] }> {
    signal.throwIfAborted();
    try {
      const credentials = await this.#credentials(signal, API_ATTEMPT_MS);
      const opened = await this.#stream(path, signal, credentials);
      const others = opened.status === 401 ? await this.#others(credentials, signal, API_ATTEMPT_MS) : undefined;
      if (others === undefined) return opened;
      await opened.body.dump();
      return await this.#stream(path, signal, others);
    } catch (cause) {
      signal.throwIfAborted();
      this.#count('WATCH', 'error');
      throw new KubeError(`GET ${path}: ${messageOf(cause)}`, 0, '', cause);
    }
  }

  /** Requests sent so far, by method and status (`error` = no answer), retries included: `{ "POST 201": 400 }`. */
  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  /** Cuts every connection; calls under way fail. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#lanes].flatMap(({ pool, streams }) => [pool.destroy(), streams.destroy()]));
  }

  async #attempt(request: ApiRequest, within: Omit<Within, 'budgetMs'>, limitMs: number): Promise<Attempt> {
    const { signal } = within;
    signal.throwIfAborted();
    let credentials: Credentials;
    try {
      credentials = await this.#credentials(signal, limitMs);
    } catch (cause) {
      return this.#unanswered(request, cause);
    }
    const answer = await this.#try(request, within, limitMs, credentials);
    if (answer instanceof KubeError || answer.status !== 401) return answer;
    const others = await this.#others(credentials, signal, limitMs);
    return others === undefined ? answer : await this.#try(request, within, limitMs, others);
  }

  async #try(
    request: ApiRequest,
    { signal, beforeTry }: Omit<Within, 'budgetMs'>,
    limitMs: number,
    credentials: Credentials,
  ): Promise<Attempt> {
    const { method, path } = request;
    const gate = new TryGate(beforeTry);
    try {
      const { statusCode, headers, body } = await this.#laneOf(credentials).requests.request({
        method,
        path: this.#access.basePath + path,
        headers: {
          accept: request.accept ?? 'application/json',
          ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
          ...(credentials.headers as Record<string, string | string[]>),
        },
        ...(request.body === undefined ? {} : { body: request.body }),
        signal,
        headersTimeout: limitMs,
        bodyTimeout: limitMs,
        opaque: gate,
      });
      this.#count(method, String(statusCode));
      if (request.ignoreBody === true && statusCode < 300) {
        await body.dump();
        return { status: statusCode, body: '' };
      }
      const retryAfter = headers['retry-after'];
      // The pool limits the time between two pieces of the body, which a body in many small pieces never reaches.
      const late = setTimeout(() => body.destroy(new Error(`the body did not end within ${limitMs} ms`)), limitMs);
      const { pick } = request;
      const read =
        pick !== undefined && statusCode === 200
          ? readList(body, pick)
          : limitedText(body, API_ANSWER_BYTES, 'the answer');
      const found = await read.finally(() => clearTimeout(late));
      const { date } = headers;
      const answer = {
        status: statusCode,
        ...(typeof found === 'string' ? { body: found } : found),
        ...(typeof date === 'string' ? { date } : {}),
      };
      return typeof retryAfter === 'string' ? { ...answer, retryAfter } : answer;
    } catch (cause) {
      signal.throwIfAborted();
      gate.throwIfClosed();
      if (cause instanceof TooLarge) throw new KubeError(`${method} ${path}: ${cause.message}`, 200, '', cause);
      if (cause instanceof Unreadable) throw unreadableList(request, cause.cause);
      return this.#unanswered(request, cause);
    }
  }

  #unanswered({ method, path }: ApiRequest, cause: unknown): KubeError {
    this.#count(method, 'error');
    return new KubeError(`${method} ${path}: ${connectionProblem(cause)}`, 0, '', cause);
  }

  async #stream(
    path: string,
    signal: AbortSignal,
    credentials: Credentials,
  ): Promise<{ status: number; body: Dispatcher.ResponseData['body'] }> {
    const { statusCode, body } = await this.#laneOf(credentials).streams.request({
      method: 'GET',
      path: this.#access.basePath + path,
      headers: { accept: 'application/json', ...(credentials.headers as Record<string, string | string[]>) },
      signal,
      headersTimeout: API_ATTEMPT_MS,
      // The reader judges silence: an idle watch is not a broken one.
      bodyTimeout: 0,
    });
    this.#count('WATCH', String(statusCode));
    return { status: statusCode, body };
  }

  /** @throws Error naming the program that gets the credentials, where it does not within the limit or before the signal aborts */
  async #credentials(signal: AbortSignal, limitMs: number): Promise<Credentials> {
    const credentials = this.#access.credentials();
    const { loginProgram } = this.#access;
    return loginProgram === undefined ? await credentials : await inTime(credentials, loginProgram, signal, limitMs);
  }

  /** Other credentials than those that the server refused, if there are any. */
  async #others(refused: Credentials, signal: AbortSignal, limitMs: number): Promise<Credentials | undefined> {
    try {
      return await inTime(this.#access.others(refused), this.#access.loginProgram ?? 'a file', signal, limitMs);
    } catch {
      // The refusal says more.
      return undefined;
    }
  }

  /** Connections opened with these credentials. Those opened with others end when their requests have. */
  #laneOf({ tls }: Credentials): Lane {
    if (this.#lane?.tls === tls) return this.#lane;
    if (this.#closed) throw new Error('the client is closed');
    for (const old of this.#lanes) {
      // A watch goes on until the server ends it.
      void Promise.all([old.pool.close(), old.streams.close()]).then(() => this.#lanes.delete(old));
    }
    // Over two HTTP/2 connections the same load was slower than over 64 plain ones.
    const { origin, proxy } = this.#access;
    const certificates = tls as buildConnector.BuildOptions;
    const connect =
      proxy === undefined ? { ...certificates, timeout: HTTP_CONNECT_MS } : throughProxy(proxy, certificates);
    const options: Pool.Options = { allowH2: false, pipelining: 1, connect };
    const pool = new Pool(origin, { ...options, connections: this.#connections });
    // A watch holds its connection for minutes: it must not take one from the requests.
    const streams = new Pool(origin, { ...options, connections: null });
    this.#lane = { tls, pool, requests: pool.compose(gated), streams };
    this.#lanes.add(this.#lane);
    return this.#lane;
  }

  #count(method: string, code: string): void {
    const key = `${method} ${code}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }
}

/** Waits for credentials. @throws Error naming what they come from, where it takes longer */
async function inTime<T>(credentials: Promise<T>, from: string, signal: AbortSignal, limitMs: number): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const late = (): void => reject(new Error(`${from} has not answered yet`));
  const timer = setTimeout(late, limitMs);
  signal.addEventListener('abort', late, { once: true });
  try {
    return await Promise.race([credentials, promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', late);
  }
}

/** A list that arrived and cannot be read: another attempt would not help. */
class Unreadable extends Error {}

function unreadableList({ method, path }: ApiRequest, cause: unknown): unknown {
  if (cause instanceof KubeError) return cause;
  // An API server of others behind this one may answer with anything: it must not end what is done with the other kinds.
  const why =
    cause instanceof TooLarge
      ? cause.message
      : `${cause instanceof SyntaxError ? 'the answer is not a list' : 'an object of the list cannot be read'}: ${messageOf(cause)}`;
  return new KubeError(`${method} ${path}: ${why}`, 200, '', cause);
}

/** Reads a list as it arrives. @throws Unreadable with what made an object unreadable; what reading the body throws */
async function readList(
  body: AsyncIterable<Uint8Array>,
  pick: (item: never) => unknown,
): Promise<{ readonly body: string; readonly items: readonly unknown[] }> {
  const list = new ListItems(pick);
  for await (const chunk of body) {
    try {
      list.take(chunk);
    } catch (cause) {
      throw new Unreadable('', { cause });
    }
  }
  return { body: list.rest, items: list.items };
}
