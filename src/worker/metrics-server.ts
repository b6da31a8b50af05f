import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { request } from 'undici';
import { messageOf } from '../core/text/message-of.ts';

/** The worker's `/metrics`, and how to close it. */
export interface MetricsServer {
  readonly port: number;
  close(): void;
}

/**
 * Serves one `/metrics` with Belay's own metrics and those of the SDK's native core. The core has its own listener and cannot
 * use a registry. The names do not clash: those of the core start with `temporal_`.
 */
export async function serveMetrics(registry: Registry, coreAddress: string): Promise<MetricsServer> {
  const server = createServer((incoming, answer) => {
    if (incoming.url !== '/metrics') {
      answer.writeHead(404).end('not found; the metrics are at /metrics\n');
      return;
    }
    void Promise.all([registry.metrics(), coreMetrics(coreAddress)]).then(
      ([own, core]) => answer.writeHead(200, { 'content-type': registry.contentType }).end(`${own}\n${core}`),
      (cause: unknown) => answer.writeHead(500).end(String(cause)),
    );
  });
  await new Promise<void>((done, fail) => {
    server.once('error', fail);
    server.listen(0, '127.0.0.1', done);
  });
  server.unref();
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
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
