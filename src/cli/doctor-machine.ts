import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { availableParallelism, homedir, totalmem } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import { parse } from 'yaml';
import { cacheFolder, stateFolder } from '../adapters/host/folders.ts';
import { freePort } from '../adapters/host/ports.ts';
import { runningDevServer } from '../adapters/temporal/dev-server.ts';
import { freeBytes, gigabytes } from '../adapters/toolchain/disk.ts';
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
    await checkDisk('disk for tools', cacheFolder(), options.build ? BUILD_DISK_BYTES : RUN_DISK_BYTES),
    await checkDisk('disk for campaigns', stateFolder(), RUN_DISK_BYTES),
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
  const answer = await execa('npm', ['--version'], { reject: false, timeout: 5_000, stdin: 'ignore' });
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

async function checkDisk(what: string, folder: string, needed: number): Promise<Check> {
  const fix = 'set BELAY_CACHE or BELAY_HOME to another folder';
  const closed = whyNotWritable(folder);
  if (closed !== undefined)
    return { what, found: 'not writable', from: folder, state: 'problem', missing: closed, fix };
  const free = await freeBytes(folder);
  if (free >= needed) return fine(what, `${gigabytes(free)} free`, folder);
  return {
    what,
    found: `${gigabytes(free)} free`,
    from: folder,
    state: 'problem',
    missing: `${gigabytes(needed)} are needed`,
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

/** Reads the kubeconfig and asks no cluster. A substrate file says which contexts are used. */
function checkKubeconfig(): Check {
  const named = (process.env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  const paths = named.length > 0 ? named : [join(homedir(), '.kube', 'config')];
  const optional = {
    what: 'kubeconfig',
    found: 'none',
    from: paths.join(delimiter),
    state: 'optional',
    fix: 'only for substrates of type kubeconfig: set KUBECONFIG to its path',
  } as const;
  const there = paths.filter((path) => existsSync(path));
  if (there.length === 0) return { ...optional, missing: 'no such file' };
  try {
    const contexts = there.flatMap((path) => contextsOf(path));
    const current = there.map((path) => currentOf(path)).find((context) => context !== '') ?? '';
    return fine(
      'kubeconfig',
      `${contexts.length} contexts${current === '' ? '' : `, current: ${current}`}`,
      there.join(delimiter),
    );
  } catch (cause) {
    return { ...optional, missing: `not readable: ${messageOf(cause).split('\n')[0] ?? ''}` };
  }
}

function contextsOf(path: string): readonly unknown[] {
  const { contexts } = (parse(readFileSync(path, 'utf8')) ?? {}) as { contexts?: readonly unknown[] | null };
  return contexts ?? [];
}

function currentOf(path: string): string {
  const config = (parse(readFileSync(path, 'utf8')) ?? {}) as { 'current-context'?: string };
  return config['current-context'] ?? '';
}
