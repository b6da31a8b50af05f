import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { request } from 'undici';
import { METRICS_CONNECTIONS, METRICS_REQUEST_MS, METRICS_SILENCE_MS, WORKER_ANSWER_MS } from '../core/plan/limits.ts';
import { messageOf } from '../core/text/message-of.ts';

/** The worker's `/metrics`, and how to close it. */
export interface MetricsServer {
  readonly port: number;
  close(): void;
}

const VARIABLE = 'BELAY_METRICS_ADDRESS';

/**
 * Serves one `/metrics` with Belay's own metrics and those of the SDK's native core. The core has its own listener and cannot
 * use a registry. The names do not clash: those of the core start with `temporal_`. `BELAY_METRICS_ADDRESS` serves the same to others,
 * without a password: connections, times and methods are limited, and an answer has nothing of this worker but its metrics.
 * @param onError called with what kept the metrics from being read
 * @throws Error when that address is not valid, or cannot be listened on
 */
export async function serveMetrics(
  registry: Registry,
  coreAddress: string,
  onError: (cause: unknown) => void,
): Promise<MetricsServer> {
  const outside = metricsAddress();
  const page = async (): Promise<string> =>
    (await Promise.all([registry.metrics(), coreMetrics(coreAddress)])).join('\n');
  const answerTo: RequestListener = (incoming, answer) => {
    void handle(incoming, answer, page, registry.contentType, onError);
  };
  const own = await listening(answerTo, 0, '127.0.0.1');
  const others = outside === undefined ? [] : [await listening(answerTo, outside.port, outside.host)];
  return {
    port: (own.address() as AddressInfo).port,
    close: () =>
      [own, ...others].forEach((server) => {
        server.close();
        server.closeAllConnections();
      }),
  };
}

async function handle(
  incoming: IncomingMessage,
  answer: ServerResponse,
  page: () => Promise<string>,
  contentType: string,
  onError: (cause: unknown) => void,
): Promise<void> {
  const { status, text, headers } =
    refusal(incoming) ??
    (await page().then(
      (metrics): Answer => ({ status: 200, text: metrics, headers: { 'content-type': contentType } }),
      (cause: unknown) => {
        onError(cause);
        return refused(500, 'the metrics could not be read; the log of the worker says why');
      },
    ));
  answer.writeHead(status, incoming.complete ? headers : { ...headers, connection: 'close' }).end(text);
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Why a request gets no metrics. */
function refusal({ method, url, headers }: IncomingMessage): Answer | undefined {
  if (url !== '/metrics') return refused(404, 'not found; the metrics are at /metrics');
  if (method !== 'GET' && method !== 'HEAD')
    return refused(405, 'found another method; allowed are GET and HEAD', { allow: 'GET, HEAD' });
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0)
    return refused(413, 'found a body; allowed is none');
  return undefined;
}

function refused(status: number, text: string, more: Readonly<Record<string, string>> = {}): Answer {
  return { status, text: `${text}\n`, headers: { 'content-type': 'text/plain; charset=utf-8', ...more } };
}

/** Where others find the metrics; undefined where they are served on loopback only. */
function metricsAddress(): { readonly host: string; readonly port: number } | undefined {
  const text = process.env[VARIABLE] || undefined;
  if (text === undefined) return undefined;
  const url = URL.parse(`tcp://${text}`);
  const port = Number(url?.port);
  if (url === null || url.host !== text || url.port === '' || port === 0)
    throw new Error(`${VARIABLE}: found "${text}"; allowed is <host>:<port>, e.g. 0.0.0.0:9464`);
  return { host: url.hostname.replaceAll(/[[\]]/g, ''), port };
}

async function listening(answerTo: RequestListener, port: number, host: string): Promise<Server> {
  const server = createServer(
    {
      headersTimeout: METRICS_REQUEST_MS,
      requestTimeout: METRICS_REQUEST_MS,
      connectionsCheckingInterval: METRICS_REQUEST_MS / 5,
    },
    answerTo,
  );
  server.maxConnections = METRICS_CONNECTIONS;
  server.timeout = METRICS_SILENCE_MS;
  await new Promise<void>((done, fail) => {
    server.once('error', fail);
    server.listen(port, host, done);
  });
  server.unref();
  return server;
}

/** The metrics of the core, or a comment that says why they are missing. Belay's own metrics do not depend on them. */
async function coreMetrics(address: string): Promise<string> {
  try {
    const { body } = await request(`http://${address}/metrics`, { signal: AbortSignal.timeout(WORKER_ANSWER_MS) });
    return await body.text();
  } catch (cause) {
    return `# the SDK's own metrics could not be read: ${messageOf(cause)}\n`;
  }
}
