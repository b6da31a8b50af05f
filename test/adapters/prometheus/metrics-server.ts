import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A target for a real Prometheus: what it serves can be changed at any moment, `undefined` is an HTTP 500. */
export interface MetricsServer {
  readonly address: string;
  serve(text: string | undefined): void;
  close(): Promise<void>;
}

/** Starts one on a free port of loopback. `text` is asked anew at each scrape where it is a function. */
export async function metricsServer(text: string | (() => string | undefined)): Promise<MetricsServer> {
  let current: string | (() => string | undefined) | undefined = text;
  const server = createServer((_, response) => {
    const body = typeof current === 'function' ? current() : current;
    response.writeHead(body === undefined ? 500 : 200, { 'content-type': 'text/plain; version=0.0.4' });
    response.end(body ?? 'switched off');
  });
  const port = await listen(server);
  return {
    address: `127.0.0.1:${port}`,
    serve: (next) => {
      current = next;
    },
    close: () => closed(server),
  };
}

/** Listens on a free port of loopback and gives it. */
export async function listen(server: Server): Promise<number> {
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', () => done());
  });
  return (server.address() as AddressInfo).port;
}

/** Ends a server and its connections. */
export async function closed(server: Pick<Server, 'closeAllConnections' | 'close'>): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((done) => {
    server.close(() => done());
  });
}

/** Exposition text of a classic histogram from counts per bucket (the last one is +Inf's) and its sum. */
export function histogramText(
  name: string,
  bounds: readonly number[],
  counts: readonly number[],
  sum: number,
  labels = '',
): string {
  let total = 0;
  const own = labels === '' ? '' : `{${labels}}`;
  const lines = counts.map((count, index) => {
    total += count;
    return `${name}_bucket{${labels === '' ? '' : `${labels},`}le="${bounds[index] ?? '+Inf'}"} ${total}`;
  });
  return [...lines, `${name}_sum${own} ${sum}`, `${name}_count${own} ${total}`, ''].join('\n');
}
