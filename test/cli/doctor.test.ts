import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { QUICKSTART_TOOLS, TOOLS, TOOL_NAMES, toolVariable } from '../../src/adapters/toolchain/tools.ts';
import type { Check } from '../../src/cli/doctor-checks.ts';
import { doctorCommand } from '../../src/cli/doctor.ts';
import { UsageError } from '../../src/cli/usage-error.ts';
import { runCommand } from './run-command.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-doctor-'));
  vi.stubEnv('BELAY_HOME', join(folder, 'home'));
  vi.stubEnv('BELAY_CACHE', join(folder, 'cache'));
  vi.stubEnv('BELAY_RELEASES_URL', 'off');
  vi.stubEnv('KUBECONFIG', join(folder, 'kubeconfig'));
  for (const name of ['BELAY_EVIDENCE', 'BELAY_EVIDENCE_ENDPOINT']) vi.stubEnv(name, '');
  for (const name of TOOL_NAMES) vi.stubEnv(toolVariable(name), '');
  for (const name of Object.keys(process.env)) if (name.startsWith('TEMPORAL_')) vi.stubEnv(name, undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function tool(name: string, version: string): string {
  mkdirSync(join(folder, 'bin'), { recursive: true });
  const path = join(folder, 'bin', name);
  writeFileSync(path, `#!/bin/sh\necho v${version}\n`);
  chmodSync(path, 0o755);
  return path;
}

async function doctor(): Promise<{
  readonly ready: boolean;
  readonly checks: ReadonlyMap<string, Check>;
  readonly exitCode: number;
}> {
  const { stdout, exitCode } = await runCommand(doctorCommand(), ['--output', 'json']);
  const { ready, checks } = JSON.parse(stdout) as { ready: boolean; checks: readonly Check[] };
  return { ready, exitCode, checks: new Map(checks.map((check) => [check.what, check])) };
}

test('with every tool of the quickstart it is ready and exits with 0; tools of other profiles are optional', async () => {
  for (const name of QUICKSTART_TOOLS) vi.stubEnv(toolVariable(name), tool(name, TOOLS[name].version));
  const { ready, checks, exitCode } = await doctor();
  expect({ ready, exitCode }).toEqual({ ready: true, exitCode: 0 });
  expect(checks.get('etcd')).toMatchObject({
    state: 'ok',
    found: '3.7.0',
    from: expect.stringContaining('BELAY_TOOL_ETCD') as unknown,
  });
  expect(checks.get('karpenter')).toMatchObject({ state: 'optional', fix: './belay setup --all' });
  expect(checks.get('Temporal server')).toMatchObject({ state: 'ok', found: 'not running' });
  expect(checks.get('kubeconfig')).toMatchObject({
    state: 'optional',
    missing: expect.stringContaining('there is no kubeconfig') as unknown,
  });
});

test('with a missing tool it is not ready, shows the fix and exits with 4', async () => {
  for (const name of QUICKSTART_TOOLS)
    if (name !== 'kwok') vi.stubEnv(toolVariable(name), tool(name, TOOLS[name].version));
  vi.stubEnv('PATH', join(folder, 'bin-without-kwok'));
  const { ready, checks, exitCode } = await doctor();
  expect({ ready, exitCode }).toEqual({ ready: false, exitCode: 4 });
  expect(checks.get('kwok')).toMatchObject({
    state: 'problem',
    missing: 'not installed; 0.8.0 is built from source',
    fix: './belay setup',
  });
  expect(checks.get('Go')).toMatchObject({ state: 'problem', missing: 'not found on PATH' });
});

test('a variable with a wrong path and a server that does not answer are problems', async () => {
  vi.stubEnv('BELAY_TOOL_KUBECTL', '/nowhere/kubectl');
  vi.stubEnv('TEMPORAL_ADDRESS', '127.0.0.1:1');
  const { checks } = await doctor();
  expect(checks.get('kubectl')).toMatchObject({ state: 'problem', fix: 'correct or unset BELAY_TOOL_KUBECTL' });
  expect(checks.get('Temporal server')).toMatchObject({ state: 'problem', from: '127.0.0.1:1' });
});

test('a folder that cannot be created is a problem', async () => {
  writeFileSync(join(folder, 'file'), '');
  vi.stubEnv('BELAY_CACHE', join(folder, 'file', 'cache'));
  expect((await doctor()).checks.get('disk for tools')).toMatchObject({
    state: 'problem',
    found: 'not writable',
    missing: `${join(folder, 'file')}: EACCES`,
    fix: 'set BELAY_CACHE or BELAY_HOME to another folder',
  });
});

test('it counts the contexts of a kubeconfig without asking a cluster, and reports a file that is not YAML', async () => {
  writeFileSync(
    join(folder, 'kubeconfig'),
    'contexts: &all [{name: a, context: {}}, {name: b, context: {}}]\ncurrent-context: b\ncurrent-context: b\n',
  );
  expect((await doctor()).checks.get('kubeconfig')).toMatchObject({ state: 'ok', found: '2 contexts, current: b' });
  writeFileSync(join(folder, 'kubeconfig'), 'contexts: [{name: a\n');
  expect((await doctor()).checks.get('kubeconfig')).toMatchObject({
    state: 'optional',
    missing: expect.stringContaining('is not YAML') as unknown,
  });
});

test('a store of evidence is tried where one is set: none is fine, one that does not answer is shown, another text is a problem', async () => {
  for (const name of QUICKSTART_TOOLS) vi.stubEnv(toolVariable(name), tool(name, TOOLS[name].version));
  expect((await doctor()).checks.get('evidence store')).toMatchObject({ state: 'ok', found: 'none' });
  vi.stubEnv('BELAY_EVIDENCE', 's3://runs');
  vi.stubEnv('BELAY_EVIDENCE_ENDPOINT', 'http://127.0.0.1:1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'a');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'b');
  const silent = await doctor();
  expect(silent.ready).toBe(true);
  expect(silent.checks.get('evidence store')).toMatchObject({
    state: 'optional',
    found: 's3://runs',
    missing: expect.stringContaining('ECONNREFUSED') as unknown,
  });
  vi.stubEnv('BELAY_EVIDENCE', 'runs');
  const wrong = await doctor();
  expect(wrong.ready).toBe(false);
  expect(wrong.checks.get('evidence store')?.missing).toBe(
    'BELAY_EVIDENCE: found "runs"; allowed is s3://<bucket> or s3://<bucket>/<prefix>',
  );
});

test('the table shows the same checks', async () => {
  const { stdout, exitCode } = await runCommand(doctorCommand(), []);
  expect(exitCode).toBe(4);
  expect(stdout).toContain('where from');
  expect(stdout).toContain('The quickstart cannot run yet');
  await expect(runCommand(doctorCommand(), ['--output', 'xml'])).rejects.toThrow(UsageError);
});
