import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { logTail } from '../../../src/adapters/host/log-tail.ts';
import { isFree } from '../../../src/adapters/host/port-claims.ts';
import { freePort } from '../../../src/adapters/host/ports.ts';
import { isAlive, startDetached, startTicksOf, stopProcess } from '../../../src/adapters/host/processes.ts';
import type { ProcessRecord } from '../../../src/adapters/host/processes.ts';
import { eventually } from '../eventually.ts';

let folder: string;
const started: ProcessRecord[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-processes-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(started.splice(0).map((record) => stopProcess(record, 0)));
  rmSync(folder, { recursive: true, force: true });
});

async function start(script: string, env: Readonly<Record<string, string>> = {}): Promise<ProcessRecord> {
  const record = await startDetached({
    name: 'thing',
    file: '/bin/sh',
    args: ['-c', script],
    env,
    cwd: folder,
    logPath: join(folder, 'logs', 'thing.log'),
  });
  started.push(record);
  return record;
}

/** The session that a process belongs to, as Linux tells it. */
function sessionOf(pid: number): string | undefined {
  return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[3];
}

test('a process runs on its own, logs to its file, and is known again by pid and start', async () => {
  const record = await start('echo hello; exec sleep 60');
  await eventually(() => logTail(record.logPath) === 'hello');
  expect(isAlive(record)).toBe(true);
  expect(isAlive({ pid: record.pid, startTicks: '1' })).toBe(false);
  // A session of its own: a Ctrl-C at our terminal does not reach it.
  expect(sessionOf(record.pid)).toBe(String(record.pid));
  await stopProcess(record);
  expect(isAlive(record)).toBe(false);
});

test('what it inherits is a small set and what was asked for', async () => {
  vi.stubEnv('SECRET_TOKEN', 'hidden');
  const record = await start('env; exec sleep 60', { ASKED_FOR: 'yes' });
  const text = await eventually(() => {
    const log = logTail(record.logPath, 100);
    return log.includes('ASKED_FOR') && log;
  });
  expect(text).toContain('ASKED_FOR=yes');
  expect(text).not.toContain('SECRET_TOKEN');
});

test('one that ignores SIGTERM is killed; one that is stopped is woken to end', async () => {
  const deaf = await start("trap '' TERM; echo ready; while :; do sleep 0.05; done");
  await eventually(() => logTail(deaf.logPath) === 'ready');
  await stopProcess(deaf, 100);
  expect(isAlive(deaf)).toBe(false);
  const frozen = await start('exec sleep 60');
  process.kill(frozen.pid, 'SIGSTOP');
  await stopProcess(frozen, 5_000);
  expect(isAlive(frozen)).toBe(false);
});

test('one that counts as dead holds its port no longer, however many threads it had', async () => {
  const port = await freePort();
  // Threads with memory of their own take their time to end after the first one has.
  const script = `
    const { Worker } = require('node:worker_threads');
    for (let i = 0; i < 16; i++) new Worker('const a = new Uint8Array(4e6).fill(1); setInterval(() => a, 1e3)', { eval: true });
    require('node:net').createServer().listen(${port}, '127.0.0.1', () => console.log('listening'));`;
  for (let round = 0; round < 5; round++) {
    const logPath = join(folder, `many-${round}.log`);
    const many = await startDetached({
      name: 'many',
      file: process.execPath,
      args: ['-e', script],
      cwd: folder,
      logPath,
    });
    started.push(many);
    await eventually(() => logTail(logPath) === 'listening');
    process.kill(many.pid, 'SIGKILL');
    while (isAlive(many));
    expect(await isFree(port)).toBe(true);
  }
});

test('stopping one that is gone harms nobody who got its pid', async () => {
  const record = await start('exec sleep 60');
  await stopProcess({ pid: record.pid, startTicks: '1' }, 0);
  expect(isAlive(record)).toBe(true);
});

test('a file that cannot be run is an error that names it', async () => {
  const run = startDetached({
    name: 'ghost',
    file: '/nowhere/ghost',
    args: [],
    cwd: folder,
    logPath: join(folder, 'ghost.log'),
  });
  await expect(run).rejects.toThrow('cannot start ghost (/nowhere/ghost)');
});

test('there is no start of a process that does not exist', () => {
  expect(startTicksOf(-1)).toBeUndefined();
  expect(startTicksOf(2 ** 30)).toBeUndefined();
  expect(startTicksOf(process.pid)).toMatch(/^\d+$/);
});

test('the end of a log is its last lines, or a sentence', async () => {
  const record = await start('for i in 1 2 3; do echo line $i; done; exec sleep 60');
  await eventually(() => logTail(record.logPath).endsWith('line 3'));
  expect(logTail(record.logPath, 2)).toBe('line 2\nline 3');
  expect(logTail(join(folder, 'none.log'))).toContain('cannot be read');
});
