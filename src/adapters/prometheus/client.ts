import { Agent, request } from 'undici';
import { PROMETHEUS_ANSWER_BYTES, PROMETHEUS_CONNECTIONS } from '../../core/plan/limits.ts';
import type { PointSeries, Sample } from '../../core/gates/answers.ts';
import { messageOf } from '../../core/text/message-of.ts';
import { quoted } from '../../core/text/quoted.ts';
import { limitedText, TooLarge } from '../host/limited-text.ts';
import { LOOPBACK_OPENING, type Opening } from './opening.ts';
import { QueryError } from './query-error.ts';

/** How an answer begins that is no error. */
const SUCCESS = '{"status":"success"';

/** Bounds of one call. `signal` = the caller no longer wants it; `budgetMs` = how long it may take. */
export interface CallBounds {
  readonly signal: AbortSignal;
  readonly budgetMs: number;
}

/** A target as Prometheus knows it. */
interface ActiveTarget {
  readonly job: string;
  readonly instance: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly health: 'up' | 'down' | 'unknown';
  readonly lastError: string;
  readonly scrapeUrl: string;
}

/**
 * A Prometheus by its URL. Every call ends within its budget with an answer or a `QueryError`; when `signal` aborts it
 * throws the signal's reason instead, so that a cancelled activity is not mistaken for a bad reading.
 */
export interface PrometheusClient {
  readonly url: string;
  /** Instant vector (or scalar) at `atMs`. */
  query(promql: string, atMs: number, bounds: CallBounds): Promise<readonly Sample[]>;
  /** Range vector selector (`x[1m]`) at `atMs`: the raw points. */
  queryRaw(selector: string, atMs: number, bounds: CallBounds): Promise<readonly PointSeries[]>;
  queryRange(promql: string, range: RangeWindow, bounds: CallBounds): Promise<readonly PointSeries[]>;
  /** A series that a selector had at any time in a span, if there is one. Only its labels mean something; the value is 1. */
  seen(selector: string, span: Pick<RangeWindow, 'startMs' | 'endMs'>, bounds: CallBounds): Promise<readonly Sample[]>;
  /** What its clock shows, ms since 1970. */
  clock(bounds: CallBounds): Promise<number>;
  /** The newest samples of the series of a selector, as text (`/federate`). */
  federate(selector: string, bounds: CallBounds): Promise<string>;
  /** What its targets say that a metric is, as the label `type`: counter, gauge, histogram, …; empty where none says it. */
  types(metric: string, bounds: CallBounds): Promise<readonly Sample[]>;
  targets(bounds: CallBounds): Promise<readonly ActiveTarget[]>;
  /** Whether it serves queries (`/-/ready`). Never throws for a server that is not there. */
  isReady(bounds: CallBounds): Promise<boolean>;
  /** Makes it read its configuration again (`/-/reload`). */
  reload(bounds: CallBounds): Promise<void>;
  /** Takes a snapshot of the TSDB, head included; gives the folder's name under `<data>/snapshots/`. */
  snapshot(bounds: CallBounds): Promise<string>;
  close(): Promise<void>;
}

interface RangeWindow {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}

/**
 * A client for the Prometheus at `url` (with any path prefix it is served under).
 * @param opening how it is reached; absent = without TLS and password
 */
export function prometheusClient(url: string, opening: Opening = LOOPBACK_OPENING): PrometheusClient {
  const base = url.replace(/\/+$/, '');
  const agent = new Agent({
    connections: PROMETHEUS_CONNECTIONS,
    pipelining: 1,
    connect: opening.connect,
  });
  const { headers, secrets = [] } = opening;

  const call = async (path: string, method: 'GET' | 'POST', form: URLSearchParams | undefined, bounds: CallBounds) => {
    bounds.signal.throwIfAborted();
    const timeout = AbortSignal.timeout(bounds.budgetMs);
    const signal = AbortSignal.any([bounds.signal, timeout]);
    try {
      const response = await request(base + path, {
        dispatcher: agent,
        method,
        signal,
        headersTimeout: 0,
        bodyTimeout: 0,
        ...(form === undefined
          ? { headers }
          : {
              body: form.toString(),
              headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
            }),
      });
      const body = await limitedText(response.body, PROMETHEUS_ANSWER_BYTES, 'the answer');
      return {
        status: response.statusCode,
        // A short password may be a part of a number: only what can become a message is without it.
        body: body.startsWith(SUCCESS) ? body : secrets.reduce((text, secret) => text.replaceAll(secret, '…'), body),
      };
    } catch (cause) {
      bounds.signal.throwIfAborted();
      if (timeout.aborted) {
        throw new QueryError('timeout', `no answer from ${base} within ${bounds.budgetMs} ms`, { cause });
      }
      if (cause instanceof TooLarge) throw new QueryError('malformed', `${base}: ${cause.message}`, { cause });
      throw new QueryError('unreachable', `${base} does not answer: ${messageOf(cause)}`, { cause });
    }
  };

  const api = async (path: string, form: URLSearchParams | undefined, bounds: CallBounds): Promise<unknown> => {
    const { status, body } = await call(path, form === undefined ? 'GET' : 'POST', form, bounds);
    return dataOf(path, status, body);
  };

  const ask = async (form: Record<string, string>, path: string, bounds: CallBounds): Promise<QueryData> => {
    // Prometheus gives up a little before us, so that its own message arrives.
    const timeout = `${Math.max(1, Math.round(bounds.budgetMs * 0.9))}ms`;
    return queryData(await api(path, new URLSearchParams({ ...form, timeout }), bounds));
  };

  return {
    url: base,
    async query(promql, atMs, bounds) {
      return instantSamples(await ask({ query: promql, time: seconds(atMs) }, '/api/v1/query', bounds));
    },
    async queryRaw(selector, atMs, bounds) {
      return pointSeries(await ask({ query: selector, time: seconds(atMs) }, '/api/v1/query', bounds));
    },
    async queryRange(promql, { startMs, endMs, stepMs }, bounds) {
      const form = { query: promql, start: seconds(startMs), end: seconds(endMs), step: seconds(stepMs) };
      return pointSeries(await ask(form, '/api/v1/query_range', bounds));
    },
    async seen(selector, { startMs, endMs }, bounds) {
      const form = new URLSearchParams({
        'match[]': selector,
        start: seconds(startMs),
        end: seconds(endMs),
        limit: '1',
      });
      const found = await api('/api/v1/series', form, bounds);
      if (!Array.isArray(found)) throw malformed(found);
      return found.map((labels) => ({ labels: labelsOf(labels), value: 1 }));
    },
    async clock(bounds) {
      const [sample] = instantSamples(await ask({ query: 'time()' }, '/api/v1/query', bounds));
      return (sample?.value ?? NaN) * 1_000;
    },
    async federate(selector, bounds) {
      const path = '/federate';
      const { status, body } = await call(`${path}?match[]=${encodeURIComponent(selector)}`, 'GET', undefined, bounds);
      if (status === 200) return body;
      throw new QueryError('status', `${path} answers ${status}: ${excerpt(body)}`, { status });
    },
    async types(metric, bounds) {
      const found = await api(`/api/v1/metadata?metric=${encodeURIComponent(metric)}`, undefined, bounds);
      const known = isRecord(found) ? (found[metric] ?? []) : undefined;
      if (!Array.isArray(known)) throw malformed(found);
      return known.filter(isRecord).map(({ type }) => ({ labels: { type: textOf(type) }, value: 1 }));
    },
    async targets(bounds) {
      return activeTargets(await api('/api/v1/targets?state=active', undefined, bounds));
    },
    async isReady(bounds) {
      try {
        return (await call('/-/ready', 'GET', undefined, bounds)).status === 200;
      } catch (cause) {
        if (cause instanceof QueryError) return false;
        throw cause;
      }
    },
    async reload(bounds) {
      const { status, body } = await call('/-/reload', 'POST', new URLSearchParams(), bounds);
      if (status !== 200) throw new QueryError('status', `reload refused: ${excerpt(body)}`, { status });
    },
    async snapshot(bounds) {
      const data = await api('/api/v1/admin/tsdb/snapshot', new URLSearchParams(), bounds);
      const name = isRecord(data) ? data['name'] : undefined;
      // The name becomes part of a path: nothing but a plain folder name is taken.
      if (typeof name !== 'string' || !/^[\w-]+$/.test(name)) {
        throw new QueryError('malformed', 'the snapshot was answered without the name of its folder');
      }
      return name;
    },
    close: () => agent.destroy(),
  };
}

/** `data` of Prometheus' envelope, or a QueryError with Prometheus' own words. */
function dataOf(path: string, status: number, body: string): unknown {
  let envelope: unknown;
  try {
    envelope = JSON.parse(body);
  } catch (cause) {
    const kind = status === 200 ? 'malformed' : 'status';
    throw new QueryError(kind, `${path} answered ${status} with no JSON: ${excerpt(body)}`, { status, cause });
  }
  if (isRecord(envelope) && envelope['status'] === 'success') return envelope['data'];
  const error = isRecord(envelope) && typeof envelope['error'] === 'string' ? envelope['error'] : excerpt(body);
  const type = isRecord(envelope) && typeof envelope['errorType'] === 'string' ? envelope['errorType'] : '';
  throw new QueryError('status', `${error}${type === '' ? '' : ` (${type}, ${status})`}`, { status });
}

interface QueryData {
  readonly resultType: string;
  readonly result: readonly unknown[];
}

function queryData(data: unknown): QueryData {
  if (isRecord(data) && typeof data['resultType'] === 'string' && Array.isArray(data['result'])) {
    return { resultType: data['resultType'], result: data['result'] };
  }
  throw malformed(data);
}

function instantSamples({ resultType, result }: QueryData): readonly Sample[] {
  if (resultType === 'scalar') return [{ labels: {}, value: pointOf(result)[1] }];
  if (resultType !== 'vector') throw new QueryError('malformed', `a ${resultType} where an instant vector is wanted`);
  return result.map((row) => {
    if (!isRecord(row)) throw malformed(row);
    if (row['histogram'] !== undefined) {
      throw new QueryError('malformed', 'a native histogram where a number is wanted');
    }
    return { labels: labelsOf(row['metric']), value: pointOf(row['value'])[1] };
  });
}

function pointSeries({ resultType, result }: QueryData): readonly PointSeries[] {
  if (resultType !== 'matrix') throw new QueryError('malformed', `a ${resultType} where a range of points is wanted`);
  return result.map((row) => {
    if (!isRecord(row)) throw malformed(row);
    const values = row['values'] ?? [];
    if (!Array.isArray(values)) throw malformed(row);
    return { labels: labelsOf(row['metric']), points: values.map(pointOf) };
  });
}

function pointOf(pair: unknown): readonly [number, number] {
  if (!Array.isArray(pair) || typeof pair[0] !== 'number' || typeof pair[1] !== 'string') throw malformed(pair);
  return [Math.round(pair[0] * 1000), sampleValue(pair[1])];
}

function sampleValue(text: string): number {
  if (text === '+Inf' || text === 'Inf') return Infinity;
  if (text === '-Inf') return -Infinity;
  const value = Number(text);
  if (text.trim() === '' || (Number.isNaN(value) && text !== 'NaN')) throw malformed(text);
  return value;
}

function labelsOf(metric: unknown): Readonly<Record<string, string>> {
  if (!isRecord(metric)) throw malformed(metric);
  return Object.fromEntries(Object.entries(metric).map(([name, value]) => [name, String(value)]));
}

function activeTargets(data: unknown): readonly ActiveTarget[] {
  const active = isRecord(data) ? data['activeTargets'] : undefined;
  if (!Array.isArray(active)) throw malformed(data);
  return active.filter(isRecord).map((target) => {
    const labels = labelsOf(target['labels']);
    const health = target['health'];
    return {
      job: labels['job'] ?? '',
      instance: labels['instance'] ?? '',
      labels,
      health: health === 'up' || health === 'down' ? health : 'unknown',
      lastError: textOf(target['lastError']),
      scrapeUrl: textOf(target['scrapeUrl']),
    };
  });
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function malformed(found: unknown): QueryError {
  return new QueryError('malformed', `not an answer of Prometheus: ${excerpt(quoted(found))}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function excerpt(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}
