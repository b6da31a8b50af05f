import { parseAllDocuments } from 'yaml';
import { messageOf } from '../text/message-of.ts';
import { KubeconfigProblem } from './kubeconfig-problem.ts';

/** The fields of an entry, as far as Belay uses them; the rest is kept as it is. */
export type Fields = Readonly<Record<string, unknown>>;

/** An entry of a kubeconfig: a context, a cluster or a user. */
export interface NamedEntry {
  readonly name: string;
  /** What is in its field `context`, `cluster` or `user`. */
  readonly fields: Fields;
}

/** The lists of a kubeconfig, each with the field that its entries have. */
const KINDS = { contexts: 'context', clusters: 'cluster', users: 'user' } as const;

/** The name of one of these lists. */
export type Kind = keyof typeof KINDS;

/** One file. */
export interface KubeconfigText extends Readonly<Record<Kind, readonly NamedEntry[]>> {
  readonly path: string;
  /** Empty where the file sets none. */
  readonly currentContext: string;
}

type FieldType = 'text' | 'flag' | 'list' | 'map';

/** Types of the fields that Belay reads. A text that is not one would be a name, a token or a switch that its owner does not mean. */
const TYPES: Readonly<Record<Kind, Readonly<Record<string, FieldType>>>> = {
  contexts: { cluster: 'text', user: 'text', namespace: 'text' },
  clusters: {
    server: 'text',
    'tls-server-name': 'text',
    'insecure-skip-tls-verify': 'flag',
    'certificate-authority': 'text',
    'certificate-authority-data': 'text',
    'proxy-url': 'text',
    extensions: 'list',
  },
  users: {
    'client-certificate': 'text',
    'client-certificate-data': 'text',
    'client-key': 'text',
    'client-key-data': 'text',
    token: 'text',
    tokenFile: 'text',
    username: 'text',
    password: 'text',
    as: 'text',
    'as-uid': 'text',
    'as-groups': 'list',
    'as-user-extra': 'map',
    'auth-provider': 'map',
    exec: 'map',
    extensions: 'list',
  },
};

/**
 * Reads one kubeconfig as kubectl does: fields that it does not know are ignored, the last of two equal keys counts, merge keys are
 * followed, and of several documents the first counts.
 * @throws KubeconfigProblem naming the file, the entry and the field
 */
export function readKubeconfigText(text: string, path: string): KubeconfigText {
  const content = parsed(text, path);
  if (content === null || content === undefined)
    return { path, currentContext: '', contexts: [], clusters: [], users: [] };
  if (!isMap(content)) throw new KubeconfigProblem(`kubeconfig ${path}: it is ${kindOf(content)}; expected a map`);
  const { kind = 'Config', apiVersion = 'v1' } = content;
  if (kind !== 'Config' || apiVersion !== 'v1') {
    throw new KubeconfigProblem(
      `kubeconfig ${path}: it is ${String(kind)} of ${String(apiVersion)}; expected Config of v1`,
    );
  }
  const current = content['current-context'] ?? '';
  if (typeof current !== 'string')
    throw new KubeconfigProblem(`kubeconfig ${path}: current-context: ${wrongType(current, 'text')}`);
  return {
    path,
    currentContext: current,
    contexts: entries(content, 'contexts', path),
    clusters: entries(content, 'clusters', path),
    users: entries(content, 'users', path),
  };
}

function parsed(text: string, path: string): unknown {
  try {
    const options = { merge: true, uniqueKeys: false, prettyErrors: true, logLevel: 'silent' } as const;
    const [first] = [...parseAllDocuments(text, options)];
    const [error] = first?.errors ?? [];
    // Its first line names the position; the others quote the file, which may hold a secret.
    if (error !== undefined) throw new Error(error.message.split('\n')[0]);
    return first?.toJS() as unknown;
  } catch (cause) {
    throw new KubeconfigProblem(`kubeconfig ${path} is not YAML: ${messageOf(cause)}`, { cause });
  }
}

function entries(content: Fields, kind: Kind, path: string): readonly NamedEntry[] {
  const list = content[kind] ?? [];
  if (!Array.isArray(list)) {
    throw new KubeconfigProblem(`kubeconfig ${path}: ${kind} is ${kindOf(list)}; expected a list`);
  }
  const names = new Set<string>();
  return list.map((entry: unknown, index) => {
    if (!isMap(entry)) throw new KubeconfigProblem(`kubeconfig ${path}: ${kind}[${index}] is ${kindOf(entry)}`);
    const { name = '' } = entry;
    if (typeof name !== 'string')
      throw new KubeconfigProblem(`kubeconfig ${path}: ${kind}[${index}].name: ${wrongType(name, 'text')}`);
    if (names.has(name))
      throw new KubeconfigProblem(
        `kubeconfig ${path}: ${kind}[${index}].name: "${name}" comes twice; expected one entry`,
      );
    names.add(name);
    const fields = entry[KINDS[kind]] ?? {};
    if (!isMap(fields))
      throw new KubeconfigProblem(`kubeconfig ${path}: ${kind} "${name}" holds ${kindOf(fields)}; expected a map`);
    for (const [field, type] of Object.entries(TYPES[kind])) {
      const value = fields[field];
      if (value === undefined || value === null || isOf(value, type)) continue;
      throw new KubeconfigProblem(`kubeconfig ${path}: ${kind} "${name}": ${field}: ${wrongType(value, type)}`);
    }
    return { name, fields };
  });
}

function isOf(value: unknown, type: FieldType): boolean {
  if (type === 'text') return typeof value === 'string';
  if (type === 'flag') return typeof value === 'boolean';
  return type === 'list' ? Array.isArray(value) : isMap(value);
}

/** The value itself stays out of the message: it may be a secret. */
function wrongType(value: unknown, type: FieldType): string {
  const expected = { text: 'a text (in quotes)', flag: 'true or false', list: 'a list', map: 'a map' }[type];
  return `it is ${kindOf(value)}; expected ${expected}`;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  return typeof value === 'string' ? 'a text' : `a ${typeof value}`;
}

function isMap(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
