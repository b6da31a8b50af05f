import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { KubeconfigProblem } from '../../core/kubeconfig/kubeconfig-problem.ts';
import { readKubeconfigText, type Fields, type KubeconfigText } from '../../core/kubeconfig/kubeconfig-text.ts';
import type { Environment } from '../../core/kubeconfig/proxy-of.ts';
import { selectContext, type SelectedContext } from '../../core/kubeconfig/select-context.ts';
import { EXEC_PLUGIN_MS, KUBECONFIG_BYTES } from '../../core/plan/limits.ts';
import { messageOf } from '../../core/text/message-of.ts';
import { readLimitedFile, readTypedFile } from '../host/limited-text.ts';

/** Fields that hold paths, relative to the file that they are in. */
const PATH_FIELDS = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'];

/** Who names a kubeconfig: on a command line it may be a pipe of the shell, `<(command)`. */
type NamedBy = 'shell' | 'worker';

/**
 * Selects a context (empty = the current one) of a kubeconfig, with the paths in it made absolute.
 * @param file its path (`~` = the home folder); empty = the files of KUBECONFIG, else ~/.kube/config
 * @throws KubeconfigProblem when a file cannot be read, or context, cluster or user are missing
 */
export function readContext(
  file: string,
  context: string,
  environment: Environment = process.env,
  namedBy: NamedBy = 'worker',
): SelectedContext {
  const selected = selectContext(readKubeconfigs(file, environment, namedBy), context);
  return {
    ...selected,
    clusterFields: withAbsolutePaths(selected.clusterFields, dirname(selected.clusterFile)),
    userFields: withAbsolutePaths(selected.userFields, dirname(selected.userFile)),
  };
}

/**
 * The files of a kubeconfig. Of those that KUBECONFIG lists some may be missing, as for kubectl.
 * @param file its path; empty = the files of KUBECONFIG, else ~/.kube/config
 * @throws KubeconfigProblem when there is none, or one cannot be read
 */
export function readKubeconfigs(
  file: string,
  environment: Environment,
  namedBy: NamedBy = 'worker',
): readonly KubeconfigText[] {
  const home = environment['HOME'] ?? homedir();
  if (file !== '') return [readKubeconfig(resolve(file.replace(/^~(?=\/)/, home)), namedBy)];
  const listed = (environment['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  const paths = listed.length > 0 ? listed.map((path) => resolve(path)) : [join(home, '.kube', 'config')];
  const read = [...new Set(paths)].flatMap((path) => {
    try {
      return [readKubeconfig(path, namedBy)];
    } catch (error) {
      if (error instanceof KubeconfigProblem && isMissing(error.cause)) return [];
      throw error;
    }
  });
  if (read.length > 0) return read;
  const from = listed.length > 0 ? 'KUBECONFIG' : 'KUBECONFIG is not set';
  throw new KubeconfigProblem(`there is no kubeconfig: ${paths.join(', ')} (${from}); name one`);
}

function readKubeconfig(path: string, namedBy: NamedBy): KubeconfigText {
  let text: string;
  try {
    text =
      namedBy === 'shell'
        ? readTypedFile(path, KUBECONFIG_BYTES, EXEC_PLUGIN_MS)
        : readLimitedFile(path, KUBECONFIG_BYTES);
  } catch (cause) {
    const why = isMissing(cause) ? 'there is no such file' : messageOf(cause);
    throw new KubeconfigProblem(`kubeconfig ${path} cannot be read: ${why}`, { cause });
  }
  return readKubeconfigText(text, path);
}

function isMissing(cause: unknown): boolean {
  return (cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}

function withAbsolutePaths(fields: Fields, folder: string): Fields {
  const absolute: Record<string, unknown> = { ...fields };
  for (const name of PATH_FIELDS) {
    const path = absolute[name];
    if (typeof path === 'string' && path !== '' && !isAbsolute(path)) absolute[name] = join(folder, path);
  }
  const exec = absolute['exec'] as { readonly command?: unknown } | null | undefined;
  // A bare name is looked up on PATH; one with a slash is relative to the file.
  if (typeof exec?.command === 'string' && exec.command.includes('/') && !isAbsolute(exec.command)) {
    absolute['exec'] = { ...exec, command: join(folder, exec.command) };
  }
  return absolute;
}
