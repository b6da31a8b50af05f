import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { Counter, Gauge, Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { METRICS_CONNECTIONS } from '../../src/core/plan/limits.ts';
import { eventually } from '../adapters/eventually.ts';
import { serveMetrics, type MetricsServer } from '../../src/worker/metrics-server.ts';

async function text(port: number, path = '/metrics'): Promise<{ readonly status: number; readonly body: string }> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: answer.status, body: await answer.text() };
}

function ownRegistry(): Registry {
  const registry = new Registry();
  new Counter({ name: 'belay_things_total', help: 'things', registers: [registry] }).inc(3);
  return registry;
}

function unexpected(cause: unknown): void {
  throw cause;
}

test("one page has Belay's numbers and those of the SDK's core", async () => {
  const core = createServer((_, answer) => answer.end('temporal_workflow_completed_total 7\n'));
  await new Promise<void>((done) => core.listen(0, '127.0.0.1', done));
  const server = await serveMetrics(ownRegistry(), `127.0.0.1:${(core.address() as AddressInfo).port}`, unexpected);
  try {
    const { status, body } = await text(server.port);
    expect(status).toBe(200);
    expect(body).toContain('belay_things_total 3');
    expect(body).toContain('temporal_workflow_completed_total 7');
    expect((await text(server.port, '/other')).status).toBe(404);
  } finally {
    server.close();
    core.close();
  }
});

test("without the core's page Belay's numbers are served all the same, and the gap is said", async () => {
  const unused = createServer();
  await new Promise<void>((done) => unused.listen(0, '127.0.0.1', done));
  const { port } = unused.address() as AddressInfo;
  await new Promise((done) => unused.close(done));
  const server = await serveMetrics(ownRegistry(), `127.0.0.1:${port}`, unexpected);
  try {
    const { body } = await text(server.port);
    expect(body).toContain('belay_things_total 3');
    expect(body).toContain("# the SDK's own metrics could not be read");
  } finally {
    server.close();
  }
});

async function closed(socket: Socket): Promise<void> {
  // The end is behind what was answered.
  await new Promise<void>((done) => void socket.resume().once('close', () => done()));
}

describe('of strangers', () => {
  let server: MetricsServer;
  let errors: unknown[];
  let registry: Registry;
  let sockets: Socket[];
  beforeEach(async () => {
    errors = [];
    sockets = [];
    registry = ownRegistry();
    // The core's page is never there: its port is that of no HTTP server.
    server = await serveMetrics(registry, '127.0.0.1:1', (cause) => errors.push(cause));
  });
  afterEach(() => {
    sockets.forEach((socket) => socket.destroy());
    server.close();
  });

  /** Sends bytes as they are. @returns all that comes back until the connection ends, or the first answer is whole */
  async function raw(bytes: string): Promise<string> {
    const socket = opened();
    let received = '';
    return await new Promise((done) => {
      socket.on('data', (chunk: Buffer) => {
        received += chunk.toString('latin1');
        if (received.includes('\r\n\r\n')) done(received);
      });
      socket.on('close', () => done(received));
      socket.write(bytes);
    });
  }

  function opened(): Socket {
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => {});
    sockets.push(socket);
    return socket;
  }

  const LARGE = 'x'.repeat(40_000);

  test.each([
    ['another method', 'POST /metrics HTTP/1.1\r\nhost: w\r\n\r\n', 405],
    ['a removal', 'DELETE /metrics HTTP/1.1\r\nhost: w\r\n\r\n', 405],
    ['a question for methods', 'OPTIONS /metrics HTTP/1.1\r\nhost: w\r\n\r\n', 405],
    ['a method that is none', 'EVIL /metrics HTTP/1.1\r\nhost: w\r\n\r\n', 400],
    ['a tunnel', 'CONNECT 10.0.0.1:22 HTTP/1.1\r\nhost: w\r\n\r\n', undefined],
    ['a proxy request', 'GET http://10.0.0.1/metrics HTTP/1.1\r\nhost: w\r\n\r\n', 404],
    ['a path upwards', 'GET /metrics/../metrics HTTP/1.1\r\nhost: w\r\n\r\n', 404],
    ['an encoded path', 'GET /%6detrics%00 HTTP/1.1\r\nhost: w\r\n\r\n', 404],
    ['a query', 'GET /metrics?a=b HTTP/1.1\r\nhost: w\r\n\r\n', 404],
    ['a large path', `GET /${LARGE} HTTP/1.1\r\nhost: w\r\n\r\n`, 431],
    ['a large header', `GET /metrics HTTP/1.1\r\nhost: w\r\nx-a: ${LARGE}\r\n\r\n`, 431],
    ['a body', 'GET /metrics HTTP/1.1\r\nhost: w\r\ncontent-length: 4\r\n\r\nbody', 413],
    ['a body in chunks', 'GET /metrics HTTP/1.1\r\nhost: w\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n', 413],
    ['two lengths', 'GET /metrics HTTP/1.1\r\nhost: w\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\n', 400],
    ['no HTTP', '\u0016\u0003\u0001\u0000', 400],
  ])('%s gets no metrics', async (_, bytes, status) => {
    const answer = await raw(bytes);
    expect(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]).toBe(status === undefined ? undefined : String(status));
    expect(answer).not.toContain('belay_things_total');
    // What was sent is in no answer.
    expect(answer).not.toMatch(/EVIL|10\.0\.0\.1|%6d|xxx/);
    expect((await text(server.port)).body).toContain('belay_things_total 3');
    expect(errors).toEqual([]);
  });

  test('the head alone is answered as such', async () => {
    const answer = await fetch(`http://127.0.0.1:${server.port}/metrics`, { method: 'HEAD' });
    expect([answer.status, await answer.text()]).toEqual([200, '']);
  });

  test('an error of a metric is in the log and not in the answer', async () => {
    const cause = new Error('ENOENT /home/a/secret');
    registry.registerMetric(
      new Gauge({
        name: 'belay_broken',
        help: 'broken',
        registers: [],
        collect: () => {
          throw cause;
        },
      }),
    );
    const { status, body } = await text(server.port);
    expect([status, body]).toEqual([500, 'the metrics could not be read; the log of the worker says why\n']);
    expect(errors).toEqual([cause]);
  });

  test('connections are limited, and free again when they end', async () => {
    const many = Array.from({ length: METRICS_CONNECTIONS }, opened);
    await Promise.all(many.map((socket) => new Promise<void>((done) => void socket.once('connect', done))));
    await closed(opened());
    await Promise.all(
      many.map((socket) => {
        const end = closed(socket);
        socket.destroy();
        return end;
      }),
    );
    expect(await eventually(() => text(server.port).catch(() => undefined))).toMatchObject({ status: 200 });
  });

  test('who is slow is cut off: without headers, with headers or a body without end; others are served', async () => {
    const silent = opened();
    const headless = opened();
    headless.write('GET /metrics HTTP/1.1\r\n');
    const endless = opened();
    endless.write('PUT /metrics HTTP/1.1\r\nhost: w\r\ntransfer-encoding: chunked\r\n\r\n');
    const trickle = setInterval(() => {
      headless.write('x-more: 1\r\n');
      endless.write('1\r\na\r\n');
    }, 200);
    try {
      const all = Promise.all([silent, headless, endless].map(closed));
      expect((await text(server.port)).body).toContain('belay_things_total 3');
      await all;
    } finally {
      clearInterval(trickle);
    }
  });
});
