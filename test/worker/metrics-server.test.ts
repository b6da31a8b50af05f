import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Counter, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { serveMetrics } from '../../src/worker/metrics-server.ts';

async function text(port: number, path = '/metrics'): Promise<{ readonly status: number; readonly body: string }> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: answer.status, body: await answer.text() };
}

function ownRegistry(): Registry {
  const registry = new Registry();
  new Counter({ name: 'belay_things_total', help: 'things', registers: [registry] }).inc(3);
  return registry;
}

test("one page has Belay's numbers and those of the SDK's core", async () => {
  const core = createServer((_, answer) => answer.end('temporal_workflow_completed_total 7\n'));
  await new Promise<void>((done) => core.listen(0, '127.0.0.1', done));
  const server = await serveMetrics(ownRegistry(), `127.0.0.1:${(core.address() as AddressInfo).port}`);
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
  const server = await serveMetrics(ownRegistry(), `127.0.0.1:${port}`);
  try {
    const { body } = await text(server.port);
    expect(body).toContain('belay_things_total 3');
    expect(body).toContain("# the SDK's own metrics could not be read");
  } finally {
    server.close();
  }
});
