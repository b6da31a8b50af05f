import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { NativeConnection } from '@temporalio/worker';
import { expect, test, vi } from 'vitest';
import { connectClient } from '../../../src/adapters/temporal/client.ts';
import { ensureTemporal, stopDevServer } from '../../../src/adapters/temporal/dev-server.ts';
import { inspectTemporal } from '../../../src/adapters/temporal/inspect.ts';
import { runningCampaigns } from '../../../src/adapters/temporal/running-campaigns.ts';
import { nativeConnectionOptions } from '../../../src/adapters/temporal/native-connection.ts';
import { removeStackRecord } from '../../../src/adapters/temporal/stack-record.ts';
import { temporalTarget } from '../../../src/adapters/temporal/target.ts';
import { isAlive } from '../../../src/adapters/host/processes.ts';
import { isStopped } from '../../../src/adapters/substrates/local/components.ts';
import { eventually } from '../eventually.ts';
import { serveConnectProxy } from './connect-proxy.ts';
import { freshStackHome } from './stack-home.ts';
import { certificatePath, keyPath, serveTlsProxy } from './tls-proxy.ts';

const home = freshStackHome();

async function startCampaign(workflowId: string): Promise<void> {
  const client = await connectClient();
  try {
    await client.workflow.start('campaign', { workflowId, taskQueue: 'nobody-polls-this', args: [] });
  } finally {
    await client.connection.close();
  }
}

async function campaigns(): Promise<readonly string[]> {
  const client = await connectClient();
  try {
    return (await runningCampaigns(client)).map(({ workflowId }) => workflowId);
  } finally {
    await client.connection.close();
  }
}

test('a server of our own: on loopback, with its UI, search attributes and retention, and used again while it is up, whatever proxies are set', async () => {
  const proxy = await serveConnectProxy();
  for (const name of ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'grpc_proxy'])
    vi.stubEnv(name, `http://${proxy.address}`);
  vi.stubEnv('no_proxy', 'example.org');
  const first = await ensureTemporal();
  expect(first).toMatchObject({ startedByUs: true, namespace: 'default' });
  expect(first.address).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(first.record?.databasePath.startsWith(home.folder)).toBe(true);
  const page = await fetch(`${first.uiUrl}/namespaces/default/workflows`);
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('<html');
  await expect(inspectTemporal()).resolves.toMatchObject({
    unreachable: undefined,
    missingAttributes: [],
    retentionHours: 720,
  });
  const again = await ensureTemporal();
  expect(again.startedByUs).toBe(false);
  expect(again.record?.server.pid).toBe(first.record?.server.pid);
  await (await NativeConnection.connect(nativeConnectionOptions(temporalTarget()))).close();
  proxy.close();
  expect(proxy.asked).toEqual([]);
});

test('a default port that is taken is left to whoever has it', async () => {
  const holder = createServer();
  // Taken by us, or by somebody else on this machine: either way it is not free.
  await new Promise<void>((done) => {
    holder.once('error', () => done());
    holder.listen(7233, '127.0.0.1', done);
  });
  try {
    const { address } = await ensureTemporal();
    expect(address).not.toBe('127.0.0.1:7233');
  } finally {
    holder.close();
  }
});

test('histories are there again after a stop and a start', async () => {
  await ensureTemporal();
  await startCampaign('kept');
  await eventually(async () => (await campaigns()).includes('kept'));
  await stopDevServer();
  expect(existsSync(join(home.folder, 'stack.json'))).toBe(false);
  await expect(ensureTemporal()).resolves.toMatchObject({ startedByUs: true });
  expect(await campaigns()).toEqual(['kept']);
});

test('a server that was killed, or hangs, is replaced by one that has its histories', async () => {
  const first = await ensureTemporal();
  await startCampaign('kept');
  await eventually(async () => (await campaigns()).includes('kept'));
  process.kill(first.record?.server.pid ?? 0, 'SIGKILL');
  const second = await ensureTemporal();
  expect(second.startedByUs).toBe(true);
  process.kill(second.record?.server.pid ?? 0, 'SIGSTOP');
  const third = await ensureTemporal();
  expect(third.startedByUs).toBe(true);
  expect(second.record && isAlive(second.record.server)).toBe(false);
  // Of a command that was killed before it wrote the record.
  removeStackRecord();
  const fourth = await ensureTemporal();
  expect(third.record && isAlive(third.record.server)).toBe(false);
  expect(fourth.startedByUs).toBe(true);
  expect(await campaigns()).toEqual(['kept']);
});

test('calls have deadlines: a server that freezes is noticed, where the SDK alone would wait for ever', async () => {
  const { record } = await ensureTemporal();
  const client = await connectClient();
  try {
    const pid = record?.server.pid ?? 0;
    process.kill(pid, 'SIGSTOP');
    await eventually(() => isStopped(pid));
    await expect(client.workflowService.describeNamespace({ namespace: 'default' })).rejects.toThrow(
      /DEADLINE_EXCEEDED|deadline/i,
    );
  } finally {
    await client.connection.close();
  }
});

test('a server named by TEMPORAL_*, behind TLS with client certificates: used, made ready, and neither started nor stopped', async () => {
  const own = await ensureTemporal();
  const proxy = await serveTlsProxy(own.address);
  try {
    const elsewhere = join(home.folder, 'elsewhere');
    vi.stubEnv('BELAY_HOME', elsewhere);
    vi.stubEnv('TEMPORAL_ADDRESS', proxy.address);
    vi.stubEnv('TEMPORAL_TLS_CLIENT_CERT_PATH', certificatePath);
    vi.stubEnv('TEMPORAL_TLS_CLIENT_KEY_PATH', keyPath);
    vi.stubEnv('TEMPORAL_TLS_SERVER_CA_CERT_PATH', certificatePath);
    vi.stubEnv('TEMPORAL_TLS_SERVER_NAME', 'localhost');
    const stack = await ensureTemporal();
    expect(stack).toEqual({
      address: proxy.address,
      namespace: 'default',
      uiUrl: undefined,
      startedByUs: false,
      record: undefined,
    });
    await startCampaign('through-tls');
    await stopDevServer();
    expect(existsSync(join(elsewhere, 'stack.json'))).toBe(false);
    await throughProxy(proxy.address, ['command line']);
    vi.stubEnv('TEMPORAL_TLS_CLIENT_CERT_PATH', undefined);
    vi.stubEnv('TEMPORAL_TLS_CLIENT_KEY_PATH', undefined);
    await expect(ensureTemporal()).rejects.toThrow(`the Temporal server at ${proxy.address} does not answer`);
  } finally {
    proxy.close();
    for (const name of Object.keys(process.env)) if (name.startsWith('TEMPORAL_')) vi.stubEnv(name, undefined);
    vi.stubEnv('BELAY_HOME', home.folder);
  }
  expect(own.record && isAlive(own.record.server)).toBe(true);
  await eventually(async () => (await campaigns()).includes('through-tls'));
  // The SDK's core takes no certificate that is its own authority, as the one above is.
  await throughProxy(own.address, ['command line', 'worker']);
});

/** Those who connect reach a server that only a proxy can reach, and the command line says which proxy refuses. */
async function throughProxy(server: string, who: readonly ('command line' | 'worker')[]): Promise<void> {
  const way = await serveConnectProxy(server);
  const barrier = await serveConnectProxy();
  try {
    vi.stubEnv('TEMPORAL_ADDRESS', 'temporal.invalid:7233');
    vi.stubEnv('HTTPS_PROXY', `http://us%40er:pass@${way.address}`);
    await (await connectClient()).connection.close();
    if (who.includes('worker'))
      await (await NativeConnection.connect(nativeConnectionOptions(temporalTarget()))).close();
    const authorization = `Basic ${Buffer.from('us@er:pass').toString('base64')}`;
    expect(way.asked.length).toBeGreaterThanOrEqual(who.length);
    expect(new Set(way.asked.map((asked) => JSON.stringify(asked)))).toEqual(
      new Set([JSON.stringify({ target: 'temporal.invalid:7233', authorization })]),
    );
    vi.stubEnv('HTTPS_PROXY', `http://${barrier.address}`);
    await expect(connectClient()).rejects.toThrow(
      `the Temporal server at temporal.invalid:7233 does not answer through the proxy ${barrier.address}: `,
    );
  } finally {
    vi.stubEnv('HTTPS_PROXY', undefined);
    vi.stubEnv('TEMPORAL_ADDRESS', server);
    way.close();
    barrier.close();
  }
}

test('a server that cannot start says why, and leaves nothing on record', async () => {
  const script = join(home.folder, 'broken-temporal');
  writeFileSync(
    script,
    '#!/bin/sh\ncase "$1" in --version) echo "temporal version 1.5.1"; exit 0;; esac\necho "no room on device" >&2\nexit 1\n',
    { mode: 0o755 },
  );
  vi.stubEnv('BELAY_TOOL_TEMPORAL', script);
  await expect(ensureTemporal()).rejects.toThrow('no room on device');
  expect(existsSync(join(home.folder, 'stack.json'))).toBe(false);
  expect(readFileSync(join(home.folder, 'temporal', 'server.log'), 'utf8')).toContain('no room on device');
});
