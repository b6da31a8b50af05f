import { createServer, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { connect } from '../../../src/adapters/temporal/client.ts';
import type { TemporalTarget } from '../../../src/adapters/temporal/target.ts';

const UNAVAILABLE = '14';
/** Frame of an empty message. */
const EMPTY_ANSWER = Buffer.alloc(5);
/** Longer than the SDK's first pause before it tries a call again. */
const AFTER_PAUSE_MS = 600;

test('a connection that is closed while a call waits to be tried again ends the call, and not the process', async () => {
  const calls: string[] = [];
  const address = await serve(calls);
  const target = { address, namespace: 'default', connection: { address } } as TemporalTarget;
  const connection = await connect(target, 60_000);
  const call = connection.workflowService.describeNamespace({ namespace: 'default' });
  const ended = expect(call).rejects.toMatchObject({ code: 1, details: 'Channel has been shut down' });
  while (!calls.some((path) => path.endsWith('/DescribeNamespace'))) await sleep(5);
  await sleep(20);

  await connection.close();

  // An error that the timer of the next attempt threw would fail this run.
  await sleep(AFTER_PAUSE_MS);
  await ended;
  await expect(connection.workflowService.describeNamespace({ namespace: 'default' })).rejects.toMatchObject({
    code: 1,
  });
});

/** A server that answers how it is, and nothing else. */
async function serve(calls: string[]): Promise<string> {
  const server: Http2Server = createServer();
  server.on('stream', (stream, headers) => {
    const path = String(headers[':path']);
    calls.push(path);
    const isGood = path.endsWith('/GetSystemInfo');
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': isGood ? '0' : UNAVAILABLE }));
    stream.end(isGood ? EMPTY_ANSWER : undefined);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
