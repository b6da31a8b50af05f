import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { request } from 'undici';
import { messageOf } from '../core/text/message-of.ts';

/** The worker's `/metrics`, and how to close it. */
export interface MetricsServer {
  readonly port: number;
  close(): void;
}

const VARIABLE = 'BELAY_METRICS_ADDRESS';

/**
 * Serves one `/metrics` with Belay's own metrics and those of the SDK's native core. The core has its own listener and cannot
 * use a registry. The names do not clash: those of the core start with `temporal_`. `BELAY_METRICS_ADDRESS` serves the same to others.
 * @throws Error when that address is not valid, or cannot be listened on
 */
export async function serveMetrics(registry: Registry, coreAddress: string): Promise<MetricsServer> {
  const answerTo: RequestListener = (incoming, answer) => {
    if (incoming.url !== '/metrics') {
      answer.writeHead(404).end('not found; the metrics are at /metrics\n');
      return;
    }
    void Promise.all([registry.metrics(), coreMetrics(coreAddress)]).then(
      ([own, core]) => answer.writeHead(200, { 'content-type': registry.contentType }).end(`${own}\n${core}`),
      (cause: unknown) => answer.writeHead(500).end(String(cause)),
    );
  };
  const outside = metricsAddress();
  const own = await listening(answerTo, 0, '127.0.0.1');
  const others = outside === undefined ? [] : [await listening(answerTo, outside.port, outside.host)];
  return {
    port: (own.address() as AddressInfo).port,
    close: () => [own, ...others].forEach((server) => server.close()),
  };
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
  const server = createServer(answerTo);
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
    const { body } = await request(`http://${address}/metrics`, { signal: AbortSignal.timeout(1_000) });
    return await body.text();
  } catch (cause) {
    return `# the SDK's own metrics could not be read: ${messageOf(cause)}\n`;
  }
}
