import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { GO_QUESTION_MS } from '../../core/plan/limits.ts';
import { repositoryFolder } from '../host/folders.ts';

/** The one Go module in which every tool's source is pinned. */
export const goToolsFolder: string = join(repositoryFolder, 'tools');

/** The Go command, and whether it can build the tools. */
export interface GoCommand {
  /** Undefined = there is no `go` on PATH. */
  readonly version: string | undefined;
  readonly needed: string;
  /** What to do; undefined = nothing, it will do. */
  readonly fix: string | undefined;
}

/** Looks at the Go that is installed. Downloads nothing, also where Go would fetch a newer toolchain by itself. */
export async function inspectGo(signal?: AbortSignal): Promise<GoCommand> {
  const needed = await neededGo();
  const answer = await askGo(['env', 'GOVERSION', 'GOTOOLCHAIN'], repositoryFolder, signal);
  if (answer === undefined) {
    return { version: undefined, needed, fix: `install Go ${needed} or newer (https://go.dev/dl) and put it on PATH` };
  }
  const [version = '', toolchain = ''] = answer.split('\n').map((line) => line.trim());
  const own = version.replace(/^go/, '');
  if (isAtLeast(own, needed) || toolchain.startsWith('auto') || toolchain.includes('+auto'))
    return { version: own, needed, fix: undefined };
  return {
    version: own,
    needed,
    fix: `Go ${own} is too old: install ${needed} or newer, or let it fetch one itself (go env -w GOTOOLCHAIN=auto)`,
  };
}

/** The folder of a module's source in Go's module cache; undefined when it is not there or there is no Go. Downloads nothing. */
export async function goModuleFolder(module: string, signal?: AbortSignal): Promise<string | undefined> {
  const folder = await askGo(['list', '-m', '-f', '{{.Dir}}', module], goToolsFolder, signal);
  return folder === undefined || folder.trim() === '' ? undefined : folder.trim();
}

/** Where Go keeps compiled packages and modules. */
export async function goCaches(
  signal?: AbortSignal,
): Promise<{ readonly build: string; readonly modules: string } | undefined> {
  const answer = await askGo(['env', 'GOCACHE', 'GOMODCACHE'], repositoryFolder, signal);
  const [build, modules] = (answer ?? '').split('\n').map((line) => line.trim());
  return build && modules ? { build, modules } : undefined;
}

/** Whether version `found` (1.26.8, 1.27rc1) is `needed` or newer. */
export function isAtLeast(found: string, needed: string): boolean {
  const [a, b] = [parts(found), parts(needed)];
  for (let index = 0; index < 3; index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function parts(version: string): readonly number[] {
  return (/^\d+(?:\.\d+)*/.exec(version)?.[0] ?? '0').split('.').map(Number);
}

async function neededGo(): Promise<string> {
  const text = await readFile(join(goToolsFolder, 'go.mod'), 'utf8');
  return /^go (\S+)$/m.exec(text)?.[1] ?? '1.26';
}

async function askGo(
  args: readonly string[],
  cwd: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const answer = await execa('go', [...args], {
    cwd,
    reject: false,
    stdin: 'ignore',
    timeout: GO_QUESTION_MS,
    env: { GOPROXY: 'off', GOFLAGS: '-mod=readonly', GOWORK: 'off' },
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  signal?.throwIfAborted();
  return answer.exitCode === 0 ? answer.stdout : undefined;
}
