import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test, vi } from 'vitest';
import { openLedger, removeCampaignFolder } from '../../../src/adapters/host/ledger.ts';
import { connectClient } from '../../../src/adapters/temporal/client.ts';
import { runningDevServer } from '../../../src/adapters/temporal/dev-server.ts';
import {
  campaignsUnderWay,
  isKept,
  joinStack,
  keepStack,
  leaveStack,
  stackRuns,
  stackUsers,
  stopStack,
} from '../../../src/adapters/temporal/stack-users.ts';
import { liveWorkers } from '../../../src/adapters/temporal/worker-record.ts';
import { eventually } from '../eventually.ts';
import { fakeWorker, freshStackHome } from './stack-home.ts';

const home = freshStackHome();
const users: ChildProcess[] = [];

afterEach(() => {
  for (const user of users.splice(0)) user.kill('SIGKILL');
});

interface User {
  readonly joined: { readonly startedByUs: boolean; readonly address: string; readonly worker: number };
  readonly leave: () => Promise<string>;
  readonly kill: () => Promise<void>;
}

/** Another process that uses the stack. */
async function startUser(): Promise<User> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('stack-user.ts', import.meta.url))], {
    env: process.env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  users.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => JSON.parse(String((await lines.next()).value));
  const joined = (await next()) as User['joined'];
  return {
    joined,
    leave: async () => {
      child.stdin.write('leave\n');
      return ((await next()) as { left: string }).left;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

async function withClient<T>(work: (client: Awaited<ReturnType<typeof connectClient>>) => Promise<T>): Promise<T> {
  const client = await connectClient();
  try {
    return await work(client);
  } finally {
    await client.connection.close();
  }
}

test('three that start at once share one server and one worker; the last one out stops both', async () => {
  const all = await Promise.all([startUser(), startUser(), startUser()]);
  expect(all.filter(({ joined }) => joined.startedByUs)).toHaveLength(1);
  expect(new Set(all.map(({ joined }) => `${joined.address} ${joined.worker}`)).size).toBe(1);
  expect(stackUsers()).toHaveLength(3);
  const outcomes = await Promise.all(all.map((user) => user.leave()));
  expect(outcomes.filter((outcome) => outcome === 'stopped')).toHaveLength(1);
  expect(outcomes.filter((outcome) => outcome === 'in use')).toHaveLength(2);
  expect(stackRuns()).toBe(false);
  expect(readdirSync(join(home.folder, 'users'))).toEqual([]);
  expect(readdirSync(join(home.folder, 'workers'))).toEqual([]);
  expect(existsSync(join(home.folder, 'stack.json'))).toBe(false);
});

test('one that was killed does not count, and what it left up is used and then stopped by the next', async () => {
  const first = await startUser();
  await first.kill();
  expect(stackUsers()).toEqual([]);
  expect(stackRuns()).toBe(true);
  const second = await joinStack({ workerCommand: fakeWorker });
  expect(second.temporal.startedByUs).toBe(false);
  expect(second.worker?.pid).toBe(first.joined.worker);
  await expect(leaveStack()).resolves.toBe('stopped');
  expect(stackRuns()).toBe(false);
});

test('a stack that is kept stays when the last one leaves, until it is stopped', async () => {
  await joinStack({ workerCommand: fakeWorker });
  keepStack();
  await expect(leaveStack()).resolves.toBe('kept');
  expect(stackRuns()).toBe(true);
  await stopStack();
  expect(stackRuns()).toBe(false);
  expect(isKept()).toBe(false);
});

test('a campaign under way keeps the stack up', async () => {
  await joinStack({ workerCommand: fakeWorker });
  await withClient((client) =>
    client.workflow.start('campaign', { workflowId: 'under-way', taskQueue: 'nobody-polls-this', args: [] }),
  );
  await eventually(async () => (await campaignsUnderWay()).length === 1);
  await expect(leaveStack()).resolves.toBe('campaigns running');
  expect(stackRuns()).toBe(true);
  await withClient((client) => client.workflow.getHandle('under-way').terminate('the test is over'));
  await eventually(async () => (await campaignsUnderWay()).length === 0);
  await joinStack({ workerCommand: fakeWorker });
  await expect(leaveStack()).resolves.toBe('stopped');
});

test("on somebody else's server only campaigns at work on this host keep the worker up", async () => {
  const { temporal } = await joinStack({ workerCommand: fakeWorker });
  await withClient((client) =>
    client.workflow.start('campaign', { workflowId: 'theirs', taskQueue: 'nobody-polls-this', args: [] }),
  );
  await eventually(async () => (await campaignsUnderWay()).length === 1);
  // Looked at from a state folder of somebody else.
  const theirs = home.folder;
  const ours = join(theirs, 'ours');
  vi.stubEnv('TEMPORAL_ADDRESS', temporal.address);
  vi.stubEnv('BELAY_HOME', ours);
  try {
    expect(await campaignsUnderWay()).toEqual([]);
    const nothing = { clusters: [], processes: [], createdAtMs: 1, expiresAtMs: 2, runId: '' };
    openLedger({ campaign: 'theirs', slug: 'theirs', workflowId: 'theirs', ...nothing });
    expect((await campaignsUnderWay()).map(({ workflowId }) => workflowId)).toEqual(['theirs']);
    removeCampaignFolder('theirs');
    await joinStack({ workerCommand: fakeWorker });
    await expect(leaveStack()).resolves.toBe('stopped');
    expect(runningDevServer()).toBeUndefined();
    // A server of our own beside theirs, and its worker, are not what is left here.
    vi.stubEnv('TEMPORAL_ADDRESS', undefined);
    const own = await joinStack({ workerCommand: fakeWorker });
    vi.stubEnv('TEMPORAL_ADDRESS', temporal.address);
    const guest = await joinStack({ workerCommand: fakeWorker });
    expect(guest.worker?.pid).not.toBe(own.worker?.pid);
    await expect(leaveStack()).resolves.toBe('stopped');
    expect(liveWorkers().map(({ pid }) => pid)).toEqual([own.worker?.pid]);
    vi.stubEnv('TEMPORAL_ADDRESS', undefined);
    expect(runningDevServer()?.address).toBe(own.temporal.address);
    await expect(leaveStack()).resolves.toBe('stopped');
    expect(liveWorkers()).toEqual([]);
  } finally {
    vi.stubEnv('TEMPORAL_ADDRESS', undefined);
    vi.stubEnv('BELAY_HOME', theirs);
  }
  expect(runningDevServer()?.address).toBe(temporal.address);
});

test('a worker that cannot start takes nothing with it but what this join started', async () => {
  const broken = { file: '/bin/sh', args: ['-c', 'echo "no such module" >&2; exit 1'] };
  await expect(joinStack({ workerCommand: broken })).rejects.toThrow('no such module');
  expect(stackUsers()).toEqual([]);
  expect(runningDevServer()).toBeUndefined();
});
