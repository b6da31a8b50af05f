import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { programsOf, systemIdentity } from '../../../src/adapters/identity/system-identity.ts';
import type { SystemIdentity } from '../../../src/core/identity/identity-schema.ts';
import type { System } from '../../../src/core/model/system.ts';
import { aSpec } from '../../workflows/make-spec.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-system-'));
  vi.stubEnv('BELAY_HOME', join(folder, 'home'));
  mkdirSync(join(folder, 'chart/templates'), { recursive: true });
  writeFileSync(join(folder, 'chart/Chart.yaml'), 'name: sut\nversion: 1.2.3\n');
  writeFileSync(join(folder, 'chart/templates/one.yaml'), 'kind: ConfigMap\n');
  writeFileSync(join(folder, 'pool.yaml'), 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: pool }\n');
  writeFileSync(join(folder, 'main.ts'), 'run();\n');
  // Answers as `helm list` does.
  const helm = '#!/bin/sh\necho \'[{"name":"sut","status":"deployed","chart":"my-sut-1.2.3-rc.1"}]\'\n';
  writeFileSync(join(folder, 'helm'), helm, { mode: 0o755 });
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function aSystem(install: Partial<System['install']> = {}): System {
  return {
    metadata: { name: 'sut', description: '' },
    capacity: 'belay',
    install: { manifests: [], processes: [], ...install },
    ready: { crds: [], http: [], timeoutMs: 1_000 },
    scrape: [],
    gates: {},
  };
}

function aSystemWithAll(values: unknown = { replicas: 1 }, chart = 'chart'): System {
  return aSystem({
    manifests: [{ path: 'pool.yaml' }],
    helm: { chart, release: 'sut', namespace: 'ns', values },
    processes: [
      {
        name: 'sut',
        tool: '/bin/sh',
        args: ['${folder}/main.ts', '--pool=${folder}/pool.yaml', '--port=1', '${folder}/absent'],
        env: {},
        ports: [],
        restart: false,
      },
    ],
  });
}

async function identityOf(system: System): Promise<SystemIdentity> {
  return await systemIdentity({
    spec: aSpec({ system: { name: 'sut', sha256: 'ab' } }),
    system,
    systemFolder: folder,
    cluster: { index: 0, name: 'c0', kubeconfigPath: '/none', context: '', owned: true, uid: 'u' },
    tools: new Map([['helm', { path: join(folder, 'helm') }]]),
    signal: AbortSignal.timeout(10_000),
  });
}

const SHA256 = expect.stringMatching(/^[0-9a-f]{64}$/) as string;

test('a system is its file, its manifests, its chart with values, and the files that its processes name', async () => {
  expect(await identityOf(aSystemWithAll())).toEqual({
    name: 'sut',
    fileSha256: 'ab',
    manifestsSha256: SHA256,
    chart: { name: 'my-sut', version: '1.2.3-rc.1', contentSha256: SHA256, valuesSha256: SHA256 },
    files: [
      { name: 'main.ts', sha256: SHA256 },
      { name: 'pool.yaml', sha256: SHA256 },
    ],
  });
  expect(await identityOf(aSystem())).toEqual({
    name: 'sut',
    fileSha256: 'ab',
    manifestsSha256: null,
    chart: null,
    files: [],
  });
});

test('it does not depend on the order of keys in manifests and values', async () => {
  const before = await identityOf(aSystemWithAll({ a: 1, b: [1, 2] }));
  writeFileSync(join(folder, 'pool.yaml'), 'kind: ConfigMap\napiVersion: v1\nmetadata: { name: pool }\n');
  const after = await identityOf(aSystemWithAll({ b: [1, 2], a: 1 }));
  expect(after).toEqual({ ...before, files: after.files });
  expect((await identityOf(aSystemWithAll({ a: 1, b: [2, 1] }))).chart).not.toEqual(before.chart);
});

test.for<[string, () => void, (identity: SystemIdentity) => unknown]>([
  [
    'a file of the chart',
    () => writeFileSync(join(folder, 'chart/templates/one.yaml'), 'kind: Secret\n'),
    ({ chart }) => chart?.contentSha256,
  ],
  [
    'a manifest',
    () => writeFileSync(join(folder, 'pool.yaml'), 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: other }\n'),
    ({ manifestsSha256 }) => manifestsSha256,
  ],
  [
    'a file that a process reads',
    () => writeFileSync(join(folder, 'main.ts'), 'walk();\n'),
    ({ files }) => files[0]?.sha256,
  ],
])('%s makes it another system', async ([, change, partOf]) => {
  const before = partOf(await identityOf(aSystemWithAll()));
  change();
  expect(partOf(await identityOf(aSystemWithAll()))).not.toEqual(before);
});

test('a chart of a registry is known by its digest only', async () => {
  const digest = 'cd'.repeat(32);
  const named = aSystemWithAll({}, `oci://registry/sut@sha256:${digest}`);
  expect((await identityOf(named)).chart).toMatchObject({ contentSha256: digest });
  await expect(identityOf(aSystemWithAll({}, 'oci://registry/sut:1.2.3'))).rejects.toThrow(
    'the content of chart oci://registry/sut:1.2.3 is not known; allowed: a digest in the reference, or a folder',
  );
});

test('the programs of a system are its tools, and those that its file names by their paths', () => {
  const tools = new Map([['karpenter', { path: '/tools/karpenter', version: '1.12.0' }]]);
  expect([...programsOf(aSystemWithAll(), tools)]).toEqual([...tools, ['sh', { path: '/bin/sh' }]]);
});
