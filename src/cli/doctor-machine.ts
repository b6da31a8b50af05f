import { accessSync, constants, existsSync } from 'node:fs';
import { availableParallelism, homedir, totalmem } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import { cacheFolder, stateFolder } from '../adapters/host/folders.ts';
import { freePort } from '../adapters/host/ports.ts';
import { readKubeconfigs } from '../adapters/kube/kubeconfig-files.ts';
import { runningDevServer } from '../adapters/temporal/dev-server.ts';
import { diskRoom } from '../adapters/host/disk-room.ts';
import { bytesText } from '../core/text/bytes.ts';
import { fine } from './doctor-checks.ts';
import type { Check } from './doctor-checks.ts';
import { messageOf } from '../core/text/message-of.ts';

const GIB = 2 ** 30;
const MIN_NODE = 24;
/** Go's caches when every tool has to be built. */
const BUILD_DISK_BYTES = 9e9;
const RUN_DISK_BYTES = 2e9;
/** A small cluster, Prometheus, Temporal and a worker together need less than 2 GB. */
const MEMORY_BYTES = 3 * GIB;

/** Checks the machine. `build`: tools have to be built, which needs more disk. */
export async function checkMachine(options: { readonly build: boolean }): Promise<readonly Check[]> {
  return [
    checkNode(),
    await checkNpm(),
    checkDisk('disk for tools', cacheFolder(), options.build ? BUILD_DISK_BYTES : RUN_DISK_BYTES),
    checkDisk('disk for campaigns', stateFolder(), RUN_DISK_BYTES),
    checkMemory(),
    await checkPorts(),
    checkKubeconfig(),
  ];
}

function checkNode(): Check {
  const version = process.versions.node;
  if (Number(version.split('.')[0]) >= MIN_NODE) return fine('Node.js', version, process.execPath);
  return {
    what: 'Node.js',
    found: version,
    from: process.execPath,
    state: 'problem',
    missing: `older than ${MIN_NODE}`,
    fix: 'start Belay with ./belay, which installs its own',
  };
}

async function checkNpm(): Promise<Check> {
  const answer = await execa('npm', ['--version'], {
    reject: false,
    timeout: 5_000,
    stdin: 'ignore',
    // With Node 22 and later npm would leave a cache in the folder for temporary files.
    env: { NODE_DISABLE_COMPILE_CACHE: '1' },
  });
  if (answer.exitCode === 0) return fine('npm', answer.stdout.trim(), 'PATH');
  return {
    what: 'npm',
    found: '',
    from: '',
    state: 'optional',
    missing: 'not found on PATH',
    fix: 'install Node.js 20 or newer with npm; it is needed when packages change',
  };
}

function checkDisk(what: string, folder: string, needed: number): Check {
  const fix = 'set BELAY_CACHE or BELAY_HOME to another folder';
  const closed = whyNotWritable(folder);
  if (closed !== undefined)
    return { what, found: 'not writable', from: folder, state: 'problem', missing: closed, fix };
  const free = diskRoom(folder).freeBytes;
  if (free >= needed) return fine(what, `${bytesText(free)} free`, folder);
  return {
    what,
    found: `${bytesText(free)} free`,
    from: folder,
    state: 'problem',
    missing: `${bytesText(needed)} are needed`,
    fix: `free disk space, or ${fix}`,
  };
}

/** Why a folder cannot be written to; undefined if it can. The folder need not exist yet. */
function whyNotWritable(folder: string): string | undefined {
  let there = folder;
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  try {
    accessSync(there, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (cause) {
    return `${there}: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}`;
  }
}

function checkMemory(): Check {
  const bytes = Math.min(totalmem(), process.constrainedMemory() || Infinity);
  const found = `${(bytes / GIB).toFixed(1)} GiB, ${availableParallelism()} cores`;
  if (bytes >= MEMORY_BYTES) return fine('memory', found, 'this machine');
  return {
    what: 'memory',
    found,
    from: 'this machine',
    state: 'problem',
    missing: `${MEMORY_BYTES / GIB} GiB are needed`,
    fix: 'use a larger machine, or give this container more memory',
  };
}

async function checkPorts(): Promise<Check> {
  const ours = runningDevServer();
  if (ours !== undefined)
    return fine('ports', `${portOf(ours.address)}, ${portOf(ours.uiUrl)}`, "in use by Belay's own Temporal");
  const taken: number[] = [];
  for (const port of [7233, 8233]) if ((await freePort(port)) !== port) taken.push(port);
  if (taken.length === 0) return fine('ports', '7233, 8233', 'free for Temporal');
  return fine('ports', `${taken.join(', ')} taken`, 'Temporal uses other free ports');
}

function portOf(address: string): string {
  return address.slice(address.lastIndexOf(':') + 1);
}

/** Reads the kubeconfig as a campaign would, and asks no cluster. A substrate file says which contexts are used. */
function checkKubeconfig(): Check {
  const optional = {
    what: 'kubeconfig',
    found: 'none',
    from: process.env['KUBECONFIG'] ?? join(homedir(), '.kube', 'config'),
    state: 'optional',
    fix: 'only for substrates of type kubeconfig: set KUBECONFIG to its path',
  } as const;
  try {
    const files = readKubeconfigs('', process.env, 'shell');
    const contexts = new Set(files.flatMap((file) => file.contexts.map(({ name }) => name)));
    const current = files.map(({ currentContext }) => currentContext).find((name) => name !== '');
    return fine(
      'kubeconfig',
      `${contexts.size} contexts${current === undefined ? '' : `, current: ${current}`}`,
      files.map(({ path }) => path).join(delimiter),
    );
  } catch (cause) {
    return { ...optional, missing: messageOf(cause).split('\n')[0] ?? '' };
  }
}
