import { appendFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { findTool, versionOf } from '../../../src/adapters/toolchain/find-tool.ts';
import { cachedToolFolder, writeCachedTool } from '../../../src/adapters/toolchain/tool-cache.ts';
import { TOOLS } from '../../../src/adapters/toolchain/tools.ts';
import { freshToolbox } from './toolbox.ts';

const box = freshToolbox();

/** What each tool prints when it is asked for its version, as read off the real ones. */
const REAL_ANSWERS = {
  etcd: 'etcd Version: 3.7.0\nGit SHA: Not provided\nGo Version: go1.26.8',
  'kube-apiserver': 'Kubernetes v1.37.2',
  kwok: 'kwok version v0.8.0 go1.26.8 (linux/amd64)',
  prometheus: 'prometheus, version 3.16.0 (branch: , revision: unknown)\n  go version:       go1.26.8',
  temporal: 'temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)',
  kubectl: 'Client Version: v1.37.2\nKustomize Version: v5.8.1',
  helm: 'v4.3.1+g1234567',
} as const;

test.each(Object.entries(REAL_ANSWERS))('reads the version of %s from its own words', async (name, answer) => {
  const tool = name as keyof typeof REAL_ANSWERS;
  const path = box.script(join(box.bin, tool), `cat <<'END'\n${answer}\nEND`);
  await expect(versionOf(tool, path)).resolves.toBe(TOOLS[tool].version);
});

test('a kubectl that would ask the cluster for its version is given none', async () => {
  vi.stubEnv('KUBECONFIG', '/the/config/of/the/user');
  const path = box.script(join(box.bin, 'kubectl'), 'test "$KUBECONFIG" = /dev/null && echo "Client Version: v1.2.3"');
  await expect(versionOf('kubectl', path)).resolves.toBe('1.2.3');
});

test('nothing is found where nothing is', async () => {
  await expect(findTool('etcd')).resolves.toBeUndefined();
});

test('a file named by its variable is taken before all others, whatever its version', async () => {
  box.script(join(box.bin, 'etcd'), 'echo "etcd Version: 3.7.0"');
  const named = box.script(join(box.folder, 'mine', 'etcd'), 'echo "etcd Version: 3.5.1"');
  vi.stubEnv('BELAY_TOOL_ETCD', named);
  await expect(findTool('etcd')).resolves.toEqual({ name: 'etcd', version: '3.5.1', path: named, from: 'explicit' });
});

test.each(['/nowhere/etcd', 'etcd', '/usr'])(
  'a variable that names %s is an error and no reason to look elsewhere',
  async (value) => {
    box.script(join(box.bin, 'etcd'), 'echo "etcd Version: 3.7.0"');
    vi.stubEnv('BELAY_TOOL_ETCD', value);
    await expect(findTool('etcd')).rejects.toThrow(`BELAY_TOOL_ETCD is "${value}"`);
  },
);

test('PATH gives the pinned version and no other', async () => {
  const path = box.script(join(box.bin, 'etcd'), 'echo "etcd Version: 3.7.0"');
  await expect(findTool('etcd')).resolves.toMatchObject({ path, from: 'path', version: '3.7.0' });
  box.script(path, 'echo "etcd Version: 3.7.01"');
  await expect(findTool('etcd')).resolves.toBeUndefined();
  box.script(path, 'echo "etcd Version: 3.6.9"');
  await expect(findTool('etcd')).resolves.toBeUndefined();
});

test('a program of the same name that knows no such flag is not taken', async () => {
  box.script(join(box.bin, 'kwok'), 'echo "flag provided but not defined: -version v0.8.0" >&2; exit 2');
  await expect(findTool('kwok')).resolves.toBeUndefined();
});

test('a program on PATH that never answers is passed over', async () => {
  box.script(join(box.bin, 'etcd'), 'exec sleep 60');
  await expect(findTool('etcd')).resolves.toBeUndefined();
});

test('Karpenter, which cannot say its version, is never taken from PATH', async () => {
  box.script(join(box.bin, 'karpenter'), 'echo 1.12.0');
  await expect(findTool('karpenter')).resolves.toBeUndefined();
});

test('the cache gives what is whole in it', async () => {
  const path = await writeCachedTool('etcd', 'build', async (file) => {
    await writeFile(file, '#!/bin/sh\n');
    return { source: 'here' };
  });
  await expect(findTool('etcd')).resolves.toEqual({ name: 'etcd', version: '3.7.0', path, from: 'cache' });
  appendFileSync(path, 'damage');
  await expect(findTool('etcd')).resolves.toBeUndefined();
});

test('a cached program without its stamp does not count', async () => {
  await writeCachedTool('etcd', 'build', async (file) => {
    await writeFile(file, '#!/bin/sh\n');
    return { source: 'here' };
  });
  rmSync(join(cachedToolFolder('etcd'), 'stamp.json'));
  await expect(findTool('etcd')).resolves.toBeUndefined();
});
