import { bundleWorkflowCode } from '@temporalio/worker';
import { join } from 'node:path';
import { writeTextFile } from '../host/atomic-file.ts';
import { repositoryFolder } from '../host/folders.ts';

/**
 * Program that makes the workflow code one file, at the path of its argument. It is a process of its own: a worker that had loaded
 * compiler and bundler would keep 100 MB for them.
 */

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error('name the file of the bundle');
const { code } = await bundleWorkflowCode({
  workflowsPath: join(repositoryFolder, 'src/workflows/all.ts'),
  logger: { log: ignore, trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore },
  // Lines are enough for the stack traces of workflows. A worker has bundle and map in memory twice.
  webpackConfigHook: (config) => ({ ...config, devtool: 'inline-nosources-cheap-source-map' }),
});
writeTextFile(path, inAscii(code));

/** Code with an escape for each character beyond ASCII: with a single other one, V8 takes two bytes for every character of a text. */
function inAscii(code: string): string {
  return code.replaceAll(/[\u0080-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function ignore(): void {
  // The bundler reports sizes and timings; what matters it throws.
}
