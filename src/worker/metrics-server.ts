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
 * Serves one `/metrics` with Belay's own numbers and those of the SDK's native core, which has a listener of its own and no
 * way to be given a registry. Names cannot clash: the core's begin with `temporal_`.
 */
export async function serveMetrics(registry: Registry, coreAddress: string): Promise<MetricsServer> {
  const server = createServer((incoming, answer) => {
    if (incoming.url !== '/metrics') {
      answer.writeHead(404).end('only /metrics is here\n');
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

/** The core's text, or a comment that says why it is missing: Belay's own numbers do not depend on it. */
async function coreMetrics(address: string): Promise<string> {
  try {
    const { body } = await request(`http://${address}/metrics`, { signal: AbortSignal.timeout(1_000) });
    return await body.text();
  } catch (cause) {
    return `# the SDK's own metrics could not be read: ${messageOf(cause)}\n`;
  }
}
