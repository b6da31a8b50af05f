import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { execLogin, runPlugin } from '../../../src/adapters/kube/exec-login.ts';
import type { ExecPlugin } from '../../../src/core/kubeconfig/exec-plugin.ts';

const folder = mkdtempSync(join(tmpdir(), 'belay-exec-login-'));
afterAll(() => rmSync(folder, { recursive: true }));

const apiVersion = 'client.authentication.k8s.io/v1';

function plugin(name: string, script: string, more: Partial<ExecPlugin> = {}): ExecPlugin {
  const command = join(folder, name);
  writeFileSync(command, `#!/bin/sh\n${script}\n`);
  chmodSync(command, 0o755);
  const rest = {
    args: [],
    env: {},
    apiVersion,
    interactive: false,
    installHint: '',
    clusterInfo: undefined,
    shell: undefined,
  };
  return { command, ...rest, ...more };
}

const ANSWER = `echo '{"kind":"ExecCredential","apiVersion":"${apiVersion}","status":{"token":"t"}}'`;
const NOW = { limitMs: 20_000, terminal: false };

test('a program that hangs is stopped with what it started, and named', async () => {
  const mark = join(folder, 'mark');
  const hanging = plugin('hanging', `echo 'please log in' >&2; (sleep 2; touch ${mark}) & sleep 60`);
  await expect(runPlugin(hanging, '', { ...NOW, limitMs: 300 })).rejects.toThrow(
    `exec plugin ${hanging.command}: it did not end within 0.3 s and was stopped: please log in`,
  );
  const later = plugin('later', 'sleep 2.5');
  await expect(runPlugin(later, '', NOW)).rejects.toThrow(/it printed nothing/);
  expect(existsSync(mark)).toBe(false);
});

test('what goes wrong is said with the name of the program and its own last words', async () => {
  const failing = plugin('failing', 'printf "one\\ntwo\\n\\nthree\\nthe session has expired\\n" >&2; exit 7');
  await expect(runPlugin(failing, '', NOW)).rejects.toThrow(
    /failing: it ended with exit code 7: two \/ three \/ the session has expired$/,
  );
  const missing = { ...failing, command: 'belay-has-no-such-program', installHint: 'get it from example.org' };
  await expect(runPlugin(missing, '', NOW)).rejects.toThrow(
    'exec plugin belay-has-no-such-program: there is no such program; get it from example.org',
  );
  await expect(runPlugin(plugin('endless', 'head -c 2000000 /dev/zero'), '', NOW)).rejects.toThrow(
    /printed more than 1048576 bytes/,
  );
});

test('what a program leaves running does not keep its answer back', async () => {
  const leaving = plugin('leaving', `sleep 3 & ${ANSWER}`);
  expect((await runPlugin(leaving, '', NOW)).token).toBe('t');
});

test('clients that ask at once share one run; a refused answer is asked for again once in a while only', async () => {
  const runs = join(folder, 'runs');
  const counted = plugin('counted', `echo run >> ${runs}; ${ANSWER}`);
  const login = execLogin(counted, '');
  expect(execLogin({ ...counted }, '')).toBe(login);
  const [one] = await Promise.all([login.current(), login.current(), execLogin(counted, '').current()]);
  await login.refused(one);
  await login.refused(one);
  expect(readFileSync(runs, 'utf8')).toBe('run\n');
});
