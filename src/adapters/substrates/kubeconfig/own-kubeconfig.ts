import { mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { writeTextFile } from '../../host/atomic-file.ts';
import { messageOf } from '../../../core/text/message-of.ts';

/** An entry of a kubeconfig, as it is in the file. */
interface Named {
  readonly name: string;
  readonly [field: string]: unknown;
}

interface KubeconfigFile {
  readonly path: string;
  readonly contexts: readonly Named[];
  readonly clusters: readonly Named[];
  readonly users: readonly Named[];
}

/** Fields of a kubeconfig that hold paths, relative to the file they stand in. */
const PATH_FIELDS = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'];

/**
 * The files a kubeconfig is read from: the one given (`~` = the home folder), else those of KUBECONFIG, else the user's
 * own.
 */
export function kubeconfigFiles(file: string): readonly string[] {
  if (file !== '') return [resolve(file.replace(/^~(?=\/)/, homedir()))];
  const listed = (process.env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  return listed.length > 0 ? listed.map((path) => resolve(path)) : [join(homedir(), '.kube', 'config')];
}

/**
 * Writes a kubeconfig that holds one context and what belongs to it, readable only by this user, with that context as its
 * current one. The files it is taken from are only read.
 * @throws Error naming the context or the entry that is missing, and what there is
 */
export function writeOwnKubeconfig(files: readonly string[], context: string, path: string): void {
  const read = files.map(readKubeconfig);
  const found = entry(read, 'contexts', context);
  const { cluster, user } = (found.entry['context'] ?? {}) as { cluster?: string; user?: string };
  const clusterEntry = entry(read, 'clusters', cluster ?? '');
  const userEntry = user === undefined ? undefined : entry(read, 'users', user);
  const own = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': context,
    contexts: [found.entry],
    clusters: [withAbsolutePaths(clusterEntry, 'cluster')],
    users: userEntry === undefined ? [] : [withAbsolutePaths(userEntry, 'user')],
  };
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeTextFile(path, stringify(own), { mode: 0o600 });
}

function readKubeconfig(path: string): KubeconfigFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Error(`kubeconfig ${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
  const content = parse(text) as Partial<Record<'contexts' | 'clusters' | 'users', readonly Named[] | null>> | null;
  return {
    path,
    contexts: content?.contexts ?? [],
    clusters: content?.clusters ?? [],
    users: content?.users ?? [],
  };
}

/** The first file that has an entry of this name wins, as kubectl has it. */
function entry(
  files: readonly KubeconfigFile[],
  kind: 'contexts' | 'clusters' | 'users',
  name: string,
): { readonly entry: Named; readonly folder: string } {
  for (const file of files) {
    const found = file[kind].find((each) => each.name === name);
    if (found !== undefined) return { entry: found, folder: dirname(file.path) };
  }
  const known = files.flatMap((file) => file[kind].map((each) => each.name));
  const where = files.map((file) => file.path).join(', ');
  throw new Error(`kubeconfig ${where}: no "${name}" in its ${kind}; found: ${known.join(', ') || 'none'}`);
}

function withAbsolutePaths({ entry, folder }: { entry: Named; folder: string }, field: 'cluster' | 'user'): Named {
  const inner = { ...(entry[field] as Record<string, unknown> | null) };
  for (const name of PATH_FIELDS) {
    const path = inner[name];
    if (typeof path === 'string' && path !== '' && !isAbsolute(path)) inner[name] = join(folder, path);
  }
  const exec = inner['exec'] as { command?: string } | null | undefined;
  // A bare name is looked up on PATH; one with a slash is relative to the file.
  if (typeof exec?.command === 'string' && exec.command.includes('/') && !isAbsolute(exec.command)) {
    inner['exec'] = { ...exec, command: join(folder, exec.command) };
  }
  return { ...entry, [field]: inner };
}
