import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { stackMark } from '../../../src/adapters/host/process-marks.ts';
import { isAlive, startDetached } from '../../../src/adapters/host/processes.ts';
import { stackRuns, stopStack } from '../../../src/adapters/temporal/stack-users.ts';
import { ensureWorker, stopWorkers } from '../../../src/adapters/temporal/worker-process.ts';
import { liveWorkers } from '../../../src/adapters/temporal/worker-record.ts';
import { eventually } from '../eventually.ts';
import { fakeWorker, freshStackHome } from './stack-home.ts';

const home = freshStackHome();

test('a worker is started once, used by all, and stopped', async () => {
  const first = await ensureWorker({ command: fakeWorker });
  expect(isAlive(first)).toBe(true);
  expect(await ensureWorker({ command: fakeWorker })).toEqual(first);
  const signals = vi.spyOn(process, 'kill');
  await stopWorkers();
  expect(isAlive(first)).toBe(false);
  expect(liveWorkers()).toEqual([]);
  // On record, announced, and marked: it is one process.
  const sent = signals.mock.calls.filter(([pid, name]) => pid === first.pid && name === 'SIGTERM');
  signals.mockRestore();
  expect(sent).toHaveLength(1);
});

test('one that was killed is replaced', async () => {
  const first = await ensureWorker({ command: fakeWorker });
  process.kill(first.pid, 'SIGKILL');
  await eventually(() => !isAlive(first));
  const second = await ensureWorker({ command: fakeWorker });
  expect(second.pid).not.toBe(first.pid);
  expect(liveWorkers()).toEqual([second]);
});

test('one that was killed a moment ago is not taken for a worker while the kernel still frees its memory', async () => {
  const large = { ...fakeWorker, args: [...fakeWorker.args, '600'] };
  const first = await ensureWorker({ command: large });
  process.kill(first.pid, 'SIGKILL');
  const second = await ensureWorker({ command: fakeWorker });
  expect(second.pid).not.toBe(first.pid);
  expect(liveWorkers()).toEqual([second]);
});

test('one that is frozen is left alone, and another one is started', async () => {
  const first = await ensureWorker({ command: fakeWorker });
  process.kill(first.pid, 'SIGSTOP');
  const second = await ensureWorker({ command: fakeWorker });
  expect(second.pid).not.toBe(first.pid);
  expect(isAlive(first)).toBe(true);
  process.kill(first.pid, 'SIGCONT');
  await stopWorkers();
  expect([first, second].filter((worker) => isAlive(worker))).toEqual([]);
});

test('one that polls another server is left to it, and one is started for the server that is meant', async () => {
  vi.stubEnv('TEMPORAL_ADDRESS', '127.0.0.1:1');
  const there = { external: true, address: '127.0.0.1:1', namespace: 'default' };
  const first = await ensureWorker({ command: fakeWorker, temporal: there });
  expect(first.temporal).toEqual(there);
  vi.stubEnv('TEMPORAL_NAMESPACE', 'team');
  const second = await ensureWorker({ command: fakeWorker, temporal: { ...there, namespace: 'team' } });
  expect(second.pid).not.toBe(first.pid);
  expect(await ensureWorker({ command: fakeWorker, temporal: there })).toEqual(first);
  expect(isAlive(first)).toBe(true);
  await stopWorkers();
  expect([first, second].filter((worker) => isAlive(worker))).toEqual([]);
});

test('one that runs older code is replaced, unless campaigns are under way', async () => {
  const first = await ensureWorker({ command: fakeWorker });
  const path = join(home.folder, 'worker.json');
  writeFileSync(path, JSON.stringify({ ...(JSON.parse(readFileSync(path, 'utf8')) as object), code: 'older' }));
  expect((await ensureWorker({ command: fakeWorker, busy: true })).pid).toBe(first.pid);
  const second = await ensureWorker({ command: fakeWorker });
  expect(second.pid).not.toBe(first.pid);
  expect(isAlive(first)).toBe(false);
});

test('one that was started for another capacity is replaced, unless campaigns are under way or nothing is said', async () => {
  const first = await ensureWorker({ command: fakeWorker });
  vi.stubEnv('BELAY_CLUSTERS', '7');
  expect((await ensureWorker({ command: fakeWorker, busy: true })).pid).toBe(first.pid);
  const second = await ensureWorker({ command: fakeWorker });
  expect([first.capacityClusters, second.capacityClusters]).toEqual([3, 7]);
  expect(isAlive(first)).toBe(false);
  vi.stubEnv('BELAY_CLUSTERS', undefined);
  expect(await ensureWorker({ command: fakeWorker })).toEqual(second);
});

test('one that ends before it is ready is an error with the end of its log', async () => {
  const command = { file: '/bin/sh', args: ['-c', 'echo "Cannot find module" >&2; exit 1'] };
  await expect(ensureWorker({ command })).rejects.toThrow(
    /the worker ended before it was ready.*\n.*Cannot find module/,
  );
});

test('one whose command was killed before it wrote a record, and that has not announced itself, is stopped with the stack', async () => {
  expect(stackRuns()).toBe(false);
  const worker = await startDetached({
    name: 'worker',
    file: 'sleep',
    args: ['600'],
    env: stackMark('worker'),
    cwd: home.folder,
    logPath: join(home.folder, 'worker.log'),
  });
  expect(stackRuns()).toBe(true);
  await stopStack();
  expect(isAlive(worker)).toBe(false);
});

test('it gets the settings of Belay and Temporal and nothing else, and no key is written down', async () => {
  vi.stubEnv('TEMPORAL_API_KEY', 'a-key-that-is-secret');
  vi.stubEnv('SOME_TOKEN', 'another-secret');
  const worker = await ensureWorker({ command: fakeWorker });
  const environment = readFileSync(`/proc/${worker.pid}/environ`, 'utf8').split('\0');
  expect(environment).toContain('TEMPORAL_API_KEY=a-key-that-is-secret');
  expect(environment).toContain(`BELAY_HOME=${home.folder}`);
  expect(environment.some((entry) => entry.startsWith('SOME_TOKEN'))).toBe(false);
  expect(readFileSync(join(home.folder, 'worker.json'), 'utf8')).not.toContain('secret');
});
