import { controlCharacterIn } from '../text/control-character.ts';
import { KubeconfigProblem } from './kubeconfig-problem.ts';
import type { Fields } from './kubeconfig-text.ts';
import { textOf, type SelectedContext } from './select-context.ts';

/** A program that gets credentials, as a kubeconfig names it. */
export interface ExecPlugin {
  readonly command: string;
  readonly args: readonly string[];
  /** Set in addition to the environment of the shell. */
  readonly env: Readonly<Record<string, string>>;
  readonly apiVersion: string;
  /** The program may use a terminal if there is one. */
  readonly interactive: boolean;
  /** Text for people who do not have the program. */
  readonly installHint: string;
  /** Object `spec.cluster` of what the program reads; undefined where it does not ask for it. */
  readonly clusterInfo: Fields | undefined;
  /** Folder and environment of the shell in which the campaign was typed; undefined where that is this process. */
  readonly shell: { readonly folder: string; readonly env: Readonly<Record<string, string>> } | undefined;
}

const PREFIX = 'client.authentication.k8s.io/';
const VERSIONS = [`${PREFIX}v1`, `${PREFIX}v1beta1`];
const MODES = ['Never', 'IfAvailable', 'Always'];
/** Name of the extension of a user in Belay's own copies of kubeconfigs: the shell in which the campaign was typed. */
export const SHELL_EXTENSION = 'belay.dev/shell';
/** Name of the extension of a cluster whose content goes to the program. */
const CONFIG_EXTENSION = `${PREFIX}exec`;

/**
 * The program of a user; undefined where it has none.
 * @throws KubeconfigProblem where kubectl refuses it too, and where it needs a terminal
 */
export function execPluginOf(selected: SelectedContext, what: string): ExecPlugin | undefined {
  const exec = selected.userFields['exec'] as Fields | null | undefined;
  if (exec === null || exec === undefined) return undefined;
  const command = textOf(exec, 'command');
  if (command === '') throw new KubeconfigProblem(`${what}: exec.command: it is empty; expected a program`);
  const apiVersion = textOf(exec, 'apiVersion');
  if (!VERSIONS.includes(apiVersion)) {
    throw new KubeconfigProblem(
      `${what}: exec.apiVersion: ${apiVersion === '' ? 'it is empty' : `it is ${apiVersion}`}; expected ${VERSIONS.join(' or ')}`,
    );
  }
  const mode = modeOf(exec, apiVersion, what);
  if (mode === 'Always') {
    throw new KubeconfigProblem(
      `${what}: exec.interactiveMode: Always: the program ${command} wants a terminal for each login; a campaign goes on for hours without one`,
    );
  }
  const env = listOf(exec, 'env', what).map((variable, index) => {
    const { name, value } = (variable ?? {}) as Fields;
    const [named, set] = [
      typed(name, `${what}: exec.env[${index}].name`),
      typed(value, `${what}: exec.env[${index}].value`),
    ];
    if (named === '') throw new KubeconfigProblem(`${what}: exec.env[${index}].name: it is empty`);
    return [named, set] as const;
  });
  return {
    command,
    args: listOf(exec, 'args', what).map((each, index) => typed(each, `${what}: exec.args[${index}]`)),
    env: Object.fromEntries(env),
    apiVersion,
    interactive: mode === 'IfAvailable',
    installHint: textOf(exec, 'installHint').trim(),
    clusterInfo: exec['provideClusterInfo'] === true ? clusterInfo(selected) : undefined,
    shell: extensionOf(selected.userFields, SHELL_EXTENSION) as ExecPlugin['shell'],
  };
}

/** What the program reads in KUBERNETES_EXEC_INFO. `ca`: the certificates of the cluster, which it gets as data if they are a file. */
export function execInfo({ apiVersion, clusterInfo }: ExecPlugin, ca: string, interactive: boolean): string {
  const data = ca === '' ? {} : { 'certificate-authority-data': btoa(ca) };
  const spec = { ...(clusterInfo === undefined ? {} : { cluster: { ...clusterInfo, ...data } }), interactive };
  return JSON.stringify({ kind: 'ExecCredential', apiVersion, spec });
}

/** What a program answers with. */
export interface ExecCredential {
  /** Empty: it has a certificate only. */
  readonly token: string;
  readonly certificate: { readonly cert: string; readonly key: string } | undefined;
  /** ms since the epoch; undefined: it does not expire. */
  readonly expiresAtMs: number | undefined;
}

/** Reads the answer of a program. @throws Error that says what is wrong with it, without quoting it: it may hold a secret */
export function parseExecCredential(stdout: string, apiVersion: string): ExecCredential {
  const answer = parseJson(stdout);
  if (answer === undefined) throw new Error(stdout.trim() === '' ? 'it printed nothing' : 'it printed no JSON object');
  if (answer['kind'] !== 'ExecCredential')
    throw new Error(`it printed kind ${shown(answer['kind'])}; expected ExecCredential`);
  if (answer['apiVersion'] !== apiVersion)
    throw new Error(`it printed apiVersion ${shown(answer['apiVersion'])}; the kubeconfig says ${apiVersion}`);
  const status = answer['status'] as Fields | null | undefined;
  if (status === null || status === undefined) throw new Error('it printed no status');
  const token = textOf(status, 'token');
  if (controlCharacterIn(token) !== undefined)
    throw new Error('it printed a token with a line end or another control character');
  const [cert, key] = [textOf(status, 'clientCertificateData'), textOf(status, 'clientKeyData')];
  if ((cert === '') !== (key === ''))
    throw new Error('it printed a certificate without its key, or a key without its certificate');
  if (token === '' && cert === '') throw new Error('it printed neither a token nor a certificate');
  const expires = textOf(status, 'expirationTimestamp');
  const expiresAtMs = expires === '' ? undefined : Date.parse(expires);
  if (Number.isNaN(expiresAtMs))
    throw new Error(`it printed expirationTimestamp ${shown(expires)}; expected a time as in RFC 3339`);
  return { token, certificate: cert === '' ? undefined : { cert, key }, expiresAtMs };
}

function modeOf(exec: Fields, apiVersion: string, what: string): string {
  const mode = textOf(exec, 'interactiveMode');
  // v1 made the field required; before it, a terminal was used where there was one.
  if (mode === '' && apiVersion !== `${PREFIX}v1`) return 'IfAvailable';
  if (MODES.includes(mode)) return mode;
  throw new KubeconfigProblem(
    `${what}: exec.interactiveMode: ${mode === '' ? 'it is empty' : `it is ${mode}`}; expected ${MODES.join(', ')}`,
  );
}

/** The cluster as programs get it. Empty fields are left out. */
function clusterInfo({ clusterFields }: SelectedContext): Fields {
  const fields = ['server', 'tls-server-name', 'insecure-skip-tls-verify', 'proxy-url', 'disable-compression'].map(
    (name) => [name, clusterFields[name]] as const,
  );
  const config = extensionOf(clusterFields, CONFIG_EXTENSION);
  const set = fields.filter(([, value]) => value !== undefined && value !== null && value !== '' && value !== false);
  return { ...Object.fromEntries(set), ...(config === undefined ? {} : { config }) };
}

/** The extensions of an entry; what is none in their list is passed over. */
export function extensionsOf(fields: Fields): readonly Fields[] {
  const listed = (fields['extensions'] ?? []) as readonly unknown[];
  return listed.filter((each): each is Fields => typeof each === 'object' && each !== null);
}

function extensionOf(fields: Fields, name: string): unknown {
  return extensionsOf(fields).find((each) => each['name'] === name)?.['extension'];
}

function listOf(exec: Fields, name: string, what: string): readonly unknown[] {
  const list = exec[name] ?? [];
  if (Array.isArray(list)) return list as readonly unknown[];
  throw new KubeconfigProblem(`${what}: exec.${name}: expected a list`);
}

/** A text; nothing is an empty one. What it is else stays out of the message: it may be a secret. */
function typed(value: unknown, what: string): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  throw new KubeconfigProblem(`${what}: it is a ${typeof value}; expected a text (in quotes)`);
}

function parseJson(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}

function shown(value: unknown): string {
  return typeof value === 'string' && value.length < 80 ? `"${value}"` : typeof value;
}
