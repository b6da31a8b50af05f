import { KubeconfigProblem } from './kubeconfig-problem.ts';
import type { Fields, KubeconfigText, Kind, NamedEntry } from './kubeconfig-text.ts';

/** One context with what it names, as it is in its files. */
export interface SelectedContext {
  readonly context: string;
  readonly cluster: string;
  /** Empty: the context names no user. */
  readonly user: string;
  readonly clusterFields: Fields;
  readonly userFields: Fields;
  readonly namespace: string;
  /** The files that hold cluster and user: paths in them are relative to these. */
  readonly clusterFile: string;
  readonly userFile: string;
}

/**
 * Selects a context (`name` empty = the current one) of several files merged as kubectl does: the first file that has an entry of a
 * name wins, for the whole entry, and so does the first current context.
 * @throws KubeconfigProblem naming what is missing, and what there is
 */
export function selectContext(files: readonly KubeconfigText[], name: string): SelectedContext {
  const where = `kubeconfig ${files.map(({ path }) => path).join(', ')}`;
  const context = name === '' ? currentContext(files, where) : name;
  const { entry } = found(files, 'contexts', context, where);
  const clusterName = textOf(entry.fields, 'cluster');
  const user = textOf(entry.fields, 'user');
  if (clusterName === '') throw new KubeconfigProblem(`${where}: context "${context}" names no cluster`);
  const cluster = found(files, 'clusters', clusterName, where);
  const owner = user === '' ? undefined : found(files, 'users', user, where);
  return {
    context,
    cluster: clusterName,
    user,
    namespace: textOf(entry.fields, 'namespace'),
    clusterFields: cluster.entry.fields,
    userFields: owner?.entry.fields ?? {},
    clusterFile: cluster.file,
    userFile: owner?.file ?? cluster.file,
  };
}

/** A text field of an entry; empty where it has none. */
export function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === 'string' ? value : '';
}

function currentContext(files: readonly KubeconfigText[], where: string): string {
  const current = files.find((file) => file.currentContext !== '')?.currentContext;
  if (current !== undefined) return current;
  const known = files.flatMap(({ contexts }) => contexts.map((each) => each.name));
  throw new KubeconfigProblem(
    `${where}: it has no current context; name one of its contexts: ${known.join(', ') || 'there are none'}`,
  );
}

function found(
  files: readonly KubeconfigText[],
  kind: Kind,
  name: string,
  where: string,
): { readonly entry: NamedEntry; readonly file: string } {
  for (const file of files) {
    const entry = file[kind].find((each) => each.name === name);
    if (entry !== undefined) return { entry, file: file.path };
  }
  const known = [...new Set(files.flatMap((file) => file[kind].map((each) => each.name)))];
  const shown = known.length > 12 ? [...known.slice(0, 12), `${known.length - 12} more`] : known;
  throw new KubeconfigProblem(`${where}: no "${name}" in its ${kind}; found: ${shown.join(', ') || 'none'}`);
}
