import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { CallBounds, PrometheusClient } from '../../../src/adapters/prometheus/client.ts';
import { prometheusClient } from '../../../src/adapters/prometheus/client.ts';
import { closed, listen } from './metrics-server.ts';

const bounds: CallBounds = { signal: new AbortController().signal, budgetMs: 5_000 };
const short: CallBounds = { ...bounds, budgetMs: 200 };
const vector = (...rows: unknown[]): string =>
  JSON.stringify({ status: 'success', data: { resultType: 'vector', result: rows } });

describe('prometheusClient', () => {
  const servers: Server[] = [];
  const clients: PrometheusClient[] = [];

  afterEach(async () => {
    await Promise.all([...clients.splice(0).map((one) => one.close()), ...servers.splice(0).map(closed)]);
  });

  async function against(
    answer: (request: IncomingMessage, response: ServerResponse) => void,
  ): Promise<PrometheusClient> {
    const server = createServer(answer);
    servers.push(server);
    const client = prometheusClient(`http://127.0.0.1:${await listen(server)}/`);
    clients.push(client);
    return client;
  }

  const text = (status: number, body: string): Promise<PrometheusClient> =>
    against((_, response) => response.writeHead(status).end(body));

  it('reads numbers, NaN and infinities, at the moment asked for', async () => {
    let asked = '';
    const client = await against((request, response) => {
      request.on('data', (chunk: Buffer) => {
        asked += chunk.toString();
      });
      request.on('end', () => {
        const values = ['2.5', 'NaN', '+Inf', '-Inf'];
        response.end(vector(...values.map((value) => ({ metric: { job: 'a' }, value: [1.5, value] }))));
      });
    });
    const samples = await client.query('a{b="c"}', 1_700_000_000_123, bounds);
    expect(samples.map((sample) => sample.value)).toEqual([2.5, Number.NaN, Infinity, -Infinity]);
    expect(samples[0]?.labels).toEqual({ job: 'a' });
    expect(new URLSearchParams(asked).get('time')).toBe('1700000000.123');
    expect(new URLSearchParams(asked).get('query')).toBe('a{b="c"}');
  });

  it('ends within its budget where the connection is taken and nothing ever comes', async () => {
    const client = await against(() => {});
    await expect(client.query('a', 0, short)).rejects.toMatchObject({ name: 'QueryError', kind: 'timeout' });
    await expect(client.snapshot(short)).rejects.toMatchObject({ kind: 'timeout' });
    await expect(client.isReady(short)).resolves.toBe(false);
  });

  it('ends within its budget where half a body comes and then nothing', async () => {
    const client = await against((_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"status":"succ');
    });
    await expect(client.query('a', 0, short)).rejects.toMatchObject({ kind: 'timeout' });
  });

  it('ends within its budget where a body trickles for ever', async () => {
    const client = await against((_, response) => {
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    });
    await expect(client.query('a', 0, short)).rejects.toMatchObject({ kind: 'timeout' });
  });

  it('tells a connection that breaks in the middle of the body', async () => {
    const client = await against((_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"status"', () => response.destroy());
    });
    await expect(client.query('a', 0, bounds)).rejects.toMatchObject({ name: 'QueryError', kind: 'unreachable' });
  });

  it('tells nobody listens', async () => {
    const server = createServer();
    const port = await listen(server);
    await closed(server);
    const client = prometheusClient(`http://127.0.0.1:${port}`);
    clients.push(client);
    await expect(client.query('a', 0, bounds)).rejects.toMatchObject({ kind: 'unreachable' });
    await expect(client.isReady(bounds)).resolves.toBe(false);
  });

  it("gives Prometheus' own message and the status", async () => {
    const body = JSON.stringify({ status: 'error', errorType: 'bad_data', error: 'parse error: unexpected end' });
    const failure = (await text(400, body)).query('a(', 0, bounds);
    await expect(failure).rejects.toMatchObject({
      kind: 'status',
      status: 400,
      message: 'parse error: unexpected end (bad_data, 400)',
    });
  });

  it.each([
    ['an error page', 500, '<html>oops</html>', 'status'],
    ['no JSON', 200, '<html>welcome</html>', 'malformed'],
    ['an empty body', 200, '', 'malformed'],
    ['JSON of another kind', 200, '[1,2]', 'status'],
    ['no data', 200, '{"status":"success"}', 'malformed'],
    ['another result type', 200, '{"status":"success","data":{"resultType":"string","result":[]}}', 'malformed'],
    ['a row of nonsense', 200, vector(7), 'malformed'],
    ['a value of nonsense', 200, vector({ metric: {}, value: [1, 'many'] }), 'malformed'],
    ['a value that is missing', 200, vector({ metric: {} }), 'malformed'],
    ['an empty value', 200, vector({ metric: {}, value: [1, ''] }), 'malformed'],
    ['a native histogram', 200, vector({ metric: {}, histogram: [1, {}] }), 'malformed'],
  ])('refuses %s', async (_, status, body, kind) => {
    const client = await text(status, body);
    await expect(client.query('a', 0, bounds)).rejects.toMatchObject({ name: 'QueryError', kind });
  });

  it('takes no path for the name of a snapshot', async () => {
    const client = await text(200, JSON.stringify({ status: 'success', data: { name: '../../etc' } }));
    await expect(client.snapshot(bounds)).rejects.toMatchObject({ kind: 'malformed' });
  });

  it("throws the caller's reason, not a query error, when the caller gives up", async () => {
    const client = await against(() => {});
    const abort = new AbortController();
    const asked = client.query('a', 0, { signal: abort.signal, budgetMs: 60_000 });
    abort.abort(new Error('cancelled'));
    await expect(asked).rejects.toThrow('cancelled');
    await expect(client.isReady({ signal: abort.signal, budgetMs: 1_000 })).rejects.toThrow('cancelled');
  });
});
