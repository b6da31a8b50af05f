import { execa } from 'execa';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { cacheFolder, repositoryFolder } from '../../src/adapters/host/folders.ts';
import { withProcessLock } from '../../src/adapters/host/process-lock.ts';
import { buildEnvironment } from '../../src/adapters/toolchain/build.ts';

/** A program that only tests need. */
interface TestTool {
  /** Folder below tools/ whose go.mod pins it; empty: tools/ itself. */
  readonly in: string;
  readonly name: string;
  readonly module: string;
  readonly package: string;
  /** Build tags, e.g. those of a program that shares most of its packages. */
  readonly tags?: string;
}

/** The path of a program of a Go module. It is built when it is not in the cache of tools. */
export async function built({ in: folderName, name, module, package: main, tags = '' }: TestTool): Promise<string> {
  const source = join(repositoryFolder, 'tools', folderName);
  const version = versionOf(module, readFileSync(join(source, 'go.mod'), 'utf8'));
  const folder = join(cacheFolder(), 'tools', `${name}-${version}`);
  const binary = join(folder, name);
  return await withProcessLock(join(cacheFolder(), 'locks', `${name}-${version}`), { waitMs: 1_800_000 }, async () => {
    if (existsSync(binary)) return binary;
    mkdirSync(folder, { recursive: true });
    const flags = ['-trimpath', '-buildvcs=false', '-tags', tags, '-ldflags', '-s -w'];
    await execa('go', ['build', ...flags, '-o', `${binary}.tmp`, main], {
      cwd: source,
      env: buildEnvironment(totalmem()),
      stdin: 'ignore',
    });
    renameSync(`${binary}.tmp`, binary);
    return binary;
  });
}

function versionOf(module: string, goMod: string): string {
  const line = goMod.split('\n').find((each) =>
    each
      .replace(/^require /, '')
      .trim()
      .startsWith(`${module} v`),
  );
  const [, version] = / v(\S+)/.exec(line ?? '') ?? [];
  if (version === undefined) throw new Error(`go.mod does not name the version of ${module}`);
  return version;
}
