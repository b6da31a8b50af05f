import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { arch } from 'node:os';
import { join } from 'node:path';
import { create } from 'tar';
import { afterEach, expect, test, vi } from 'vitest';
import { ensureTools } from '../../../src/adapters/toolchain/ensure-tools.ts';
import { reachableRelease } from '../../../src/adapters/toolchain/install-release.ts';
import type { ToolProgress } from '../../../src/adapters/toolchain/progress.ts';
import { toolAsset } from '../../../src/adapters/toolchain/tool-assets.ts';
import { toolsFolder } from '../../../src/adapters/toolchain/tool-cache.ts';
import { body, serveReleases, sha256 } from './release-server.ts';
import type { Answer, ReleaseServer } from './release-server.ts';
import { freshToolbox, standInGo } from './toolbox.ts';

const box = freshToolbox();
const machine = arch() === 'x64' ? 'amd64' : arch();
const kubectlPath = `/dl.k8s.io/release/v1.37.2/bin/linux/${machine}/kubectl`;
const program = '#!/bin/sh\necho "Client Version: v1.37.2"\n';
let server: ReleaseServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function releases(answers: Readonly<Record<string, Answer>>): Promise<ReleaseServer> {
  server = await serveReleases(answers);
  vi.stubEnv('BELAY_RELEASES_URL', server.url);
  return server;
}

function leftovers(): readonly string[] {
  return readdirSync(toolsFolder()).filter(
    (name) => name !== '.partial' && (name.startsWith('.') || name.endsWith('.lock')),
  );
}

test('a release is downloaded, checked, stamped, and found in the cache the next time', async () => {
  const { seen } = await releases({ [kubectlPath]: body(program), [`${kubectlPath}.sha256`]: body(sha256(program)) });
  const steps: string[] = [];
  const tool = (await ensureTools(['kubectl'], { onProgress: ({ step }) => steps.push(step) })).get('kubectl');
  expect(tool).toMatchObject({ from: 'release', version: '1.37.2' });
  expect(readFileSync(tool?.path ?? '', 'utf8')).toBe(program);
  expect(steps[0]).toBe('looking');
  expect(steps).toContain('downloading');
  expect(steps.at(-1)).toBe('ready');
  const stamp: unknown = JSON.parse(readFileSync(join(toolsFolder(), 'kubectl-1.37.2', 'stamp.json'), 'utf8'));
  expect(stamp).toMatchObject({ version: '1.37.2', from: 'release', sha256: sha256(program) });
  const asked = seen.length;
  expect((await ensureTools(['kubectl'])).get('kubectl')?.from).toBe('cache');
  expect(seen).toHaveLength(asked);
  expect(leftovers()).toEqual([]);
});

test('the program is taken out of an archive', async () => {
  const tree = join(box.folder, 'tree');
  mkdirSync(join(tree, `linux-${machine}`), { recursive: true });
  writeFileSync(join(tree, `linux-${machine}`, 'helm'), 'the program');
  writeFileSync(join(tree, `linux-${machine}`, 'README.md'), 'not the program');
  const archive = join(box.folder, 'helm.tar.gz');
  await create({ file: archive, cwd: tree, gzip: true }, [`linux-${machine}`]);
  const file = `helm-v4.3.1-linux-${machine}.tar.gz`;
  const bytes = readFileSync(archive);
  await releases({
    [`/get.helm.sh/${file}`]: body(bytes),
    [`/get.helm.sh/${file}.sha256sum`]: body(`${sha256(bytes)}  ${file}\n`),
  });
  const tool = (await ensureTools(['helm'])).get('helm');
  expect(readFileSync(tool?.path ?? '', 'utf8')).toBe('the program');
  expect(readdirSync(join(toolsFolder(), 'helm-4.3.1')).sort()).toEqual(['helm', 'stamp.json']);
});

test('a bad checksum is refused with both sums, and the tool is built instead', async () => {
  standInGo(box);
  const promised = sha256('another file');
  await releases({ [kubectlPath]: body(program), [`${kubectlPath}.sha256`]: body(promised) });
  const seen: ToolProgress[] = [];
  const tool = (await ensureTools(['kubectl'], { onProgress: (progress) => seen.push(progress) })).get('kubectl');
  expect(tool?.from).toBe('build');
  const note = seen.find((progress) => progress.note !== undefined)?.note;
  expect(note).toContain(sha256(program));
  expect(note).toContain(promised);
  expect(seen.filter(({ step }) => step === 'building').at(-1)).toMatchObject({ unit: 'packages', done: 1, total: 2 });
});

test('a bad checksum where nothing can be built is an error that names both sums, the fix, and the variable', async () => {
  vi.stubEnv('PATH', box.bin);
  const promised = sha256('another file');
  await releases({ [kubectlPath]: body(program), [`${kubectlPath}.sha256`]: body(promised) });
  const run = ensureTools(['kubectl']);
  await expect(run).rejects.toThrow(`sha256 ${sha256(program)}, its release says ${promised}`);
  await expect(run).rejects.toThrow('install Go');
  await expect(run).rejects.toThrow('BELAY_TOOL_KUBECTL');
  expect(existsSync(join(toolsFolder(), 'kubectl-1.37.2'))).toBe(false);
  expect(leftovers()).toEqual([]);
});

test('two at once download once: the second waits, says so, and finds it', async () => {
  // The release is answered when the second one waits.
  const waits = Promise.withResolvers<void>();
  const slow: Answer = (...exchange) => void waits.promise.then(() => body(program)(...exchange));
  const { seen } = await releases({ [kubectlPath]: slow, [`${kubectlPath}.sha256`]: body(sha256(program)) });
  const steps: string[] = [];
  const both = await Promise.all(
    [1, 2].map(() =>
      ensureTools(['kubectl'], {
        onProgress: ({ step }) => {
          steps.push(step);
          if (step === 'waiting') waits.resolve();
        },
      }),
    ),
  );
  expect(new Set(both.map((tools) => tools.get('kubectl')?.from))).toEqual(new Set(['cache', 'release']));
  expect(steps).toContain('waiting');
  expect(seen.filter(({ method, path }) => method === 'GET' && path === kubectlPath)).toHaveLength(1);
});

test('a server that accepts and never answers counts as out of reach, and is not asked again', async () => {
  const { createServer } = await import('node:net');
  let connections = 0;
  const silent = createServer(() => {
    connections += 1;
  });
  await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done));
  const address = silent.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  vi.stubEnv('BELAY_RELEASES_URL', `http://127.0.0.1:${port}`);
  const answers = [await reachableRelease('kubectl'), await reachableRelease('etcd')];
  silent.close();
  const gone = { unavailable: `127.0.0.1:${port} cannot be reached` };
  expect(answers).toEqual([gone, gone]);
  expect(connections).toBe(1);
});

test('without a release it is built, with the pinned flags, for this machine, and its assets are kept beside it', async () => {
  standInGo(box);
  vi.stubEnv('GOOS', 'plan9');
  box.script(join(box.bin, 'module', 'kwok', 'charts', 'crds', 'pool.yaml'), 'kind: CustomResourceDefinition');
  box.script(join(box.bin, 'module', 'kwok', 'apis', 'crds', 'class.yaml'), 'kind: CustomResourceDefinition');
  const tool = (await ensureTools(['karpenter'])).get('karpenter');
  expect(tool).toMatchObject({ from: 'build', version: '1.12.0' });
  const log = readFileSync(join(box.bin, 'go.log'), 'utf8');
  expect(log).toMatch(
    /build -v -trimpath .*gitVersion=v1\.37\.2.* sigs\.k8s\.io\/karpenter\/kwok CGO=0 GOFLAGS=-mod=readonly GOOS=\n/,
  );
  await expect(toolAsset('karpenter', 'kwok/charts/crds/pool.yaml')).resolves.toBe(
    join(toolsFolder(), 'karpenter-1.12.0', 'assets', 'kwok', 'charts', 'crds', 'pool.yaml'),
  );
  await expect(toolAsset('karpenter', 'kwok/charts/nothing')).rejects.toThrow(
    /a build by Belay keeps kwok\/charts\/crds, kwok\/apis\/crds there, but it was built, without this one$/,
  );
});

test('assets of a tool that was named by its variable come from the module cache', async () => {
  standInGo(box);
  box.script(join(box.bin, 'module', 'kwok', 'charts', 'crds', 'pool.yaml'), 'kind: CustomResourceDefinition');
  await expect(toolAsset('karpenter', 'kwok/charts/crds')).resolves.toBe(
    join(box.bin, 'module', 'kwok', 'charts', 'crds'),
  );
  await expect(toolAsset('karpenter', 'kwok/charts/nothing')).rejects.toThrow(
    'there, but it was not built yet; "./belay setup --all" does that unless BELAY_TOOL_KARPENTER names a program',
  );
  await expect(toolAsset('karpenter', '../elsewhere')).rejects.toThrow('leads out of');
});

test("a build that fails says the compiler's last words and leaves nothing", async () => {
  standInGo(box, 'echo "main.go:7: undefined: x" >&2; exit 1');
  const run = ensureTools(['etcd']);
  await expect(run).rejects.toThrow('main.go:7: undefined: x');
  await expect(run).rejects.toThrow('release: releases are switched off by BELAY_RELEASES_URL');
  expect(existsSync(join(toolsFolder(), 'etcd-3.7.0'))).toBe(false);
  expect(leftovers()).toEqual([]);
});

test('a stop ends the build and leaves nothing', async () => {
  standInGo(box, 'exec sleep 60');
  const stop = new AbortController();
  const run = ensureTools(['etcd'], {
    signal: stop.signal,
    onProgress: ({ step, done }) => {
      if (step === 'building' && done === 1) stop.abort(new Error('stopped by hand'));
    },
  });
  await expect(run).rejects.toThrow('stopped by hand');
  expect(leftovers()).toEqual([]);
});

test('a Go that is too old is named with the version that is needed', async () => {
  standInGo(box, 'exit 1', 'go1.21.3');
  await expect(ensureTools(['etcd'])).rejects.toThrow(/Go 1\.21\.3 is too old: install 1\.\d+\.\d+ or newer/);
});
