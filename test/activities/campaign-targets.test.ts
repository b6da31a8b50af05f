import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { readContext } from '../../src/adapters/kube/kubeconfig-files.ts';
import {
  targetsOf,
  writeKubeconfigOf,
  type TargetSpec,
} from '../../src/adapters/substrates/kubeconfig/campaign-targets.ts';
import { isRecordOf, keepTargets, removeTargets } from '../../src/adapters/substrates/kubeconfig/kept-targets.ts';
import { ownKubeconfig } from '../../src/adapters/substrates/kubeconfig/own-kubeconfig.ts';
import { lentSubstrate } from '../../src/core/profile/lent-substrate.ts';
import { parseTargets } from '../../src/core/profile/targets.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-targets-'));
  vi.stubEnv('BELAY_HOME', join(folder, 'home'));
  vi.stubEnv('KUBECONFIG', write('worker', 'https://192.0.2.2:6443'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const NAMED = { ...lentSubstrate(['x']), metadata: { name: 'staging', description: '' } };

/** Writes a kubeconfig with a context x that leads to a server. */
function write(name: string, server: string): string {
  const path = join(folder, name);
  const config = {
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: { token: `secret of ${name}` } }],
  };
  writeFileSync(path, stringify(config));
  return path;
}

function typed(server: string): ReturnType<typeof ownKubeconfig> {
  return ownKubeconfig(readContext(write('typed', server), 'x'), { folder, env: {} });
}

test('a worker with another kubeconfig uses the one of the shell in which the campaign was typed, and no path of a record leaves it', () => {
  const own = typed('https://192.0.2.1:6443');
  const record = keepTargets([own]);
  const targets = parseTargets(JSON.parse(JSON.stringify({ record, clusters: [own.name] })));
  const spec: TargetSpec = { runId: 'r', substrate: NAMED, ...(targets === undefined ? {} : { targets }) };
  expect(JSON.stringify(spec)).not.toContain('secret');
  expect(JSON.stringify(spec)).not.toContain(folder);
  expect(targetsOf(spec, 1)).toEqual([{ context: 'x', cluster: 'c', server: 'https://192.0.2.1:6443', user: 'u' }]);
  const copy = join(folder, 'campaign', 'copy');
  writeKubeconfigOf(spec, 0, 'x', copy);
  expect(readFileSync(copy, 'utf8')).toContain('secret of typed');
  expect(statSync(copy).mode & 0o077).toBe(0);
  removeTargets(record);
  expect(readdirSync(join(folder, 'home', 'targets'))).toEqual([]);
});

test('a worker to which a context is another cluster refuses; one that sees the same goes on', () => {
  const { name } = typed('https://192.0.2.1:6443');
  const other: TargetSpec = { runId: 'r', substrate: NAMED, targets: { clusters: [name] } };
  expect(() => targetsOf(other, 1)).toThrow(
    /context x is cluster c at https:\/\/192\.0\.2\.2:6443, .* for the worker of host .*, and was cluster c at https:\/\/192\.0\.2\.1:6443/,
  );
  const clusters = [{ ...name, server: 'https://192.0.2.2:6443' }];
  const same: TargetSpec = { runId: 'r', substrate: NAMED, targets: { clusters } };
  expect(targetsOf(same, 1)).toHaveLength(1);
  expect(targetsOf({ runId: 'r', substrate: NAMED }, 1)).toMatchObject([{ server: 'https://192.0.2.2:6443' }]);
});

test('a client that can start a workflow cannot use a context of the worker that no substrate names, nor a path as a record', () => {
  const { name } = typed('https://192.0.2.2:6443');
  const substrate = lentSubstrate(['x']);
  const targets = parseTargets({ record: 'a'.repeat(32), lent: true, clusters: [name] });
  if (targets === undefined) throw new Error('these targets can be read');
  expect(() => targetsOf({ runId: 'r', substrate, targets }, 1)).toThrow(/does not have the kubeconfig for context x/);
  for (const record of ['../..', 'A'.repeat(32), `${'a'.repeat(31)}/`, 7])
    expect(parseTargets({ record, lent: true, clusters: [name] })).toBeUndefined();
  expect(parseTargets({ lent: true, clusters: [name] })).toBeUndefined();
  expect(parseTargets({ clusters: [{ ...name, file: '/etc/passwd' }] })).toBeUndefined();
});

test('a record that another campaign uses cannot be used by who has read its name in a history', () => {
  const own = typed('https://192.0.2.1:6443');
  const record = keepTargets([own]);
  const lent = { record, lent: true, clusters: [own.name] } as const;
  const used = (runId: string): unknown => targetsOf({ runId, substrate: lentSubstrate(['x']), targets: lent }, 1);
  expect(used('first')).toHaveLength(1);
  expect(() => used('second')).toThrow(/does not have the kubeconfig for context x: .* kept for another campaign/);
  expect(used('first')).toHaveLength(1);
  expect([isRecordOf(record, 'first'), isRecordOf(record, 'second')]).toEqual([true, false]);
  // One that a substrate names is the worker's own then, and the record is not removed with it.
  const named = { runId: 'second', substrate: NAMED, targets: { record, clusters: [own.name] } };
  expect(() => targetsOf(named, 1)).toThrow('context x is cluster c at https://192.0.2.2:6443');
  // Its writer was killed.
  writeFileSync(join(folder, 'home', 'targets', record, 'run'), '');
  expect(used('second')).toHaveLength(1);
});
