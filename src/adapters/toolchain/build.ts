import { existsSync } from 'node:fs';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { execa } from 'execa';
import { makeFolder } from '../host/make-folder.ts';
import type { RoomNeeded } from '../../core/plan/disk-room.ts';
import { TOOL_BUILD_MS } from '../../core/plan/limits.ts';
import { requireRoom } from '../host/disk-room.ts';
import { goCaches, goModuleFolder, goToolsFolder, inspectGo } from './go.ts';
import type { StepProgress } from './progress.ts';
import { TOOLS } from './tools.ts';
import type { ToolDefinition, ToolName } from './tools.ts';

const GIB = 2 ** 30;
/** Measured: 6 GB of build cache and 3 GB of modules for all tools together, from nothing. */
const COLD_BUILD_BYTES = 6e9;
const COLD_MODULE_BYTES = 3e9;
const WARM_BYTES = 1.5e9;
const KUBERNETES_VERSION_VARIABLES = [
  'k8s.io/component-base/version.gitVersion',
  'k8s.io/client-go/pkg/version.gitVersion',
];

/** What a build reports and where it ends. */
export interface BuildRequest {
  readonly name: ToolName;
  /** The program to write. */
  readonly file: string;
  /** Folder that receives the module's assets. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onStep: (step: StepProgress) => void;
}

/**
 * Builds a tool from tools/go.mod with the user's Go and its caches, which make an interrupted build cheap to start again.
 * @throws Error with the fix when there is no Go, with both sizes when the disk is too full, else with the compiler's last lines
 */
export async function buildTool(request: BuildRequest): Promise<{ readonly source: string }> {
  const definition = TOOLS[request.name];
  const go = await inspectGo(request.signal);
  if (go.fix !== undefined) throw new Error(`cannot build ${request.name}: ${go.fix}`);
  await requireDisk(request);

  const flags = buildFlags(definition);
  const fetched: string[] = [];
  const list = ['list', ...flags, '-deps', '-f', '{{if .Stale}}{{.ImportPath}}{{end}}', definition.package];
  const stale = await runGo(list, request.signal, (line) => {
    const [, module] = /^go: downloading (\S+)/.exec(line) ?? [];
    if (module === undefined) return false;
    fetched.push(module);
    request.onStep({ step: 'downloading', done: fetched.length, total: 0, unit: 'modules' });
    return true;
  });

  const toCompile = new Set(stale.split('\n').filter((line) => line !== ''));
  let compiled = 0;
  const report = (): void =>
    request.onStep({ step: 'building', done: compiled, total: toCompile.size, unit: 'packages' });
  report();
  await runGo(['build', '-v', ...flags, '-o', request.file, definition.package], request.signal, (line) => {
    if (!toCompile.delete(line)) return false;
    compiled += 1;
    request.onStep({ step: 'building', done: compiled, total: compiled + toCompile.size, unit: 'packages' });
    return true;
  });
  await copyAssets(definition, request.folder, request.signal);
  return { source: `${definition.package}, ${go.version === undefined ? 'go' : `go ${go.version}`}` };
}

/** Arguments that `go list` and `go build` share, so that both look at the same compiled packages. */
export function buildFlags(definition: ToolDefinition): readonly string[] {
  const kubernetes = TOOLS['kube-apiserver'].version;
  const stamps = [
    ...KUBERNETES_VERSION_VARIABLES.map((variable) => `${variable}=v${kubernetes}`),
    ...definition.stamps,
  ];
  const linker = ['-s', '-w', ...stamps.map((stamp) => `-X ${stamp}`)].join(' ');
  const tags = definition.tags === undefined ? [] : ['-tags', definition.tags];
  return ['-trimpath', '-buildvcs=false', ...tags, '-ldflags', linker];
}

/** What a build changes in the user's environment. GOPROXY and the caches stay as they have them. */
export function buildEnvironment(memoryBytes: number): Record<string, string | undefined> {
  return {
    CGO_ENABLED: '0',
    GOFLAGS: '-mod=readonly',
    GOWORK: 'off',
    // For this machine, whatever the user builds for otherwise.
    GOOS: undefined,
    GOARCH: undefined,
    // Uses memory to save time; a small machine has none to spare.
    ...(memoryBytes < 4 * GIB ? {} : { GOGC: '400' }),
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: 'true',
    SSH_ASKPASS: 'true',
  };
}

async function runGo(args: readonly string[], signal: AbortSignal, take: (line: string) => boolean): Promise<string> {
  const last: string[] = [];
  const memory = Math.min(totalmem(), process.constrainedMemory() || Infinity);
  const run = execa('go', [...args], {
    cwd: goToolsFolder,
    env: buildEnvironment(memory),
    stdin: 'ignore',
    reject: false,
    buffer: { stdout: true, stderr: false },
    maxBuffer: 50_000_000,
    timeout: TOOL_BUILD_MS,
    cancelSignal: signal,
    forceKillAfterDelay: 5_000,
  });
  for await (const line of run.iterable({ from: 'stderr' })) {
    if (!take(line)) last.push(line);
    if (last.length > 30) last.shift();
  }
  const result = await run;
  signal.throwIfAborted();
  if (result.exitCode !== 0)
    throw new Error(`go ${args[0] ?? ''} failed:\n${last.join('\n') || result.shortMessage || 'it said nothing'}`);
  return result.stdout;
}

async function requireDisk(request: BuildRequest): Promise<void> {
  const caches = await goCaches(request.signal);
  requireRoom(`the program ${request.name}`, request.folder, roomFor(0.5e9));
  if (caches === undefined) return;
  const kubernetes = join(caches.modules, `k8s.io/kubernetes@v${TOOLS['kube-apiserver'].version}`);
  const cold = !existsSync(kubernetes);
  const modules = cold ? COLD_MODULE_BYTES + COLD_BUILD_BYTES : WARM_BYTES;
  requireRoom('building the tools (Go module and build caches)', caches.modules, roomFor(modules));
  requireRoom('building the tools (Go build cache)', caches.build, roomFor(cold ? COLD_BUILD_BYTES : WARM_BYTES));
}

function roomFor(bytes: number): RoomNeeded {
  return { bytes, files: 0 };
}

async function copyAssets(definition: ToolDefinition, folder: string, signal: AbortSignal): Promise<void> {
  if (definition.assets.length === 0) return;
  const module = await goModuleFolder(definition.module, signal);
  if (module === undefined)
    throw new Error(`the source of ${definition.module} is not in Go's module cache after its build`);
  for (const asset of definition.assets) {
    const from = join(module, asset);
    for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const source = join(entry.parentPath, entry.name);
      const target = join(folder, 'assets', asset, relative(from, source));
      makeFolder(dirname(target));
      // Read and written rather than copied: in the module cache all is read-only, and ours must be removable.
      await writeFile(target, await readFile(source));
    }
  }
}
