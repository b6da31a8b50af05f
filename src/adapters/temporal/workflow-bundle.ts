import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, repositoryFolder } from '../host/folders.ts';

const MAKE = join(import.meta.dirname, 'make-workflow-bundle.ts');

/**
 * The workflow code as one file, made once per state of the sources and kept in the user's cache: a worker then starts
 * without a compiler. The key holds the SDK's version too, because bundle and worker must be made by the same one.
 * @returns path of the bundle
 * @throws Error with what the bundler wrote when it cannot be made
 */
export async function workflowBundlePath(): Promise<string> {
  const path = join(cacheFolder(), 'bundles', `${bundleKey()}.js`);
  if (!existsSync(path)) await promisify(execFile)(process.execPath, [MAKE, path]);
  return path;
}

function bundleKey(): string {
  const hash = createHash('sha256');
  hash.update(readFileSync(join(repositoryFolder, 'node_modules/@temporalio/worker/package.json')));
  hash.update(readFileSync(MAKE));
  for (const room of ['src/core', 'src/workflows']) {
    const files = readdirSync(join(repositoryFolder, room), { recursive: true, encoding: 'utf8' });
    for (const file of files.filter((name) => name.endsWith('.ts')).sort()) {
      hash.update(file).update(readFileSync(join(repositoryFolder, room, file)));
    }
  }
  return hash.digest('hex').slice(0, 24);
}
