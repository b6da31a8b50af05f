import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { tryProcessLock } from '../../src/adapters/host/process-lock.ts';
import { eventually } from '../adapters/eventually.ts';
import { startBelay, type BelayProcess } from '../e2e/belay-process.ts';

let folder = '';
let home = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-interrupted-'));
  home = join(folder, 'home');
  mkdirSync(home);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function start(...args: readonly string[]): BelayProcess {
  const { PATH = '', HOME = '' } = process.env;
  // No server there: nothing is started, whatever the command gets to.
  return startBelay(args, {
    PATH,
    HOME,
    BELAY_HOME: home,
    BELAY_RUNS: join(folder, 'runs'),
    TEMPORAL_ADDRESS: '127.0.0.1:1',
  });
}

/** A kubeconfig whose user's program writes down its process and then hangs. */
function hangingKubeconfig(): { readonly path: string; readonly pid: () => number | undefined } {
  const pidPath = join(folder, 'pid');
  const command = join(folder, 'login');
  writeFileSync(command, `#!/bin/sh\necho $$ > ${pidPath}.new; mv ${pidPath}.new ${pidPath}\nsleep 300\n`);
  chmodSync(command, 0o755);
  const exec = { command, apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never' };
  const path = join(folder, 'kubeconfig');
  const content = {
    'current-context': 'x',
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:9' } }],
    users: [{ name: 'u', user: { exec } }],
  };
  writeFileSync(path, JSON.stringify(content));
  return { path, pid: () => (existsSync(pidPath) ? Number(readFileSync(pidPath, 'utf8')) : undefined) };
}

function isRunning(pid: number): boolean {
  try {
    // Zombies included; its group is asked for.
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}

function summaryOf(stdout: string): Readonly<Record<string, unknown>> {
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Readonly<Record<string, unknown>>;
}

const STOPPED = 'stopped before a campaign began';

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s while a program logs in ends it, and says for programs how',
  async (signal) => {
    const { path, pid } = hangingKubeconfig();
    const run = start('run', 'rung-10', '--kubeconfig', path, '-o', 'json');
    const login = await eventually(pid);
    run.signal(signal);
    const { exitCode, stdout, stderr } = await run.ended(30_000);
    expect(exitCode, stderr).toBe(3);
    expect(summaryOf(stdout)).toMatchObject({
      event: 'summary',
      campaign: null,
      verdict: 'aborted',
      exitCode: 3,
      running: false,
      message: STOPPED,
    });
    expect(stderr).toContain(STOPPED);
    await eventually(() => !isRunning(login) || undefined);
  },
);

test.each([
  ['run', 'quickstart'],
  ['watch', 'some'],
  ['climb', 'nightly'],
] as const)('Ctrl-C while %s waits for another command ends it, and says for programs how', async (...command) => {
  const lock = tryProcessLock(join(home, 'locks', 'stack'));
  try {
    const [json, text] = [start(...command, '-o', 'json'), start(...command)];
    for (const each of [json, text]) await each.line(/waiting for another belay command/, 60_000);
    for (const each of [json, text]) each.signal('SIGINT');
    const [ofJson, ofText] = await Promise.all([json.ended(30_000), text.ended(30_000)]);
    expect([ofJson.exitCode, ofText.exitCode], ofJson.stderr).toEqual([3, 3]);
    expect(summaryOf(ofJson.stdout)).toMatchObject({
      verdict: 'aborted',
      exitCode: 3,
      running: false,
      message: STOPPED,
    });
    expect(ofText.stderr.trimEnd().split('\n').at(-1)).toBe(STOPPED);
  } finally {
    lock?.release();
  }
});
