import { Agent, request } from 'undici';
import { isLoopback } from '../../core/kubeconfig/ip-address.ts';
import { KubeconfigProblem } from '../../core/kubeconfig/kubeconfig-problem.ts';
import { CREDENTIAL_BYTES, EXEC_PLUGIN_MS } from '../../core/plan/limits.ts';
import { messageOf } from '../../core/text/message-of.ts';
import { limitedText, readLimitedFile } from '../host/limited-text.ts';
import { systemCertificates } from './system-certificates.ts';

/** Settings of the `oidc` provider of old kubeconfigs, by name. */
type Config = Readonly<Record<string, string>>;

/** Tokens by what their kubeconfig says: an issuer may give a refresh token that is good for one time only. */
const renewed = new WeakMap<Config, Config>();

/**
 * The token of a user with the `oidc` provider of old kubeconfigs; it is refreshed when it has expired.
 * @throws KubeconfigProblem when there is none, and nothing to refresh it with; Error naming the issuer when it does not refresh it
 */
export async function oidcToken(written: Config, what: string): Promise<string> {
  const config = renewed.get(written) ?? written;
  const { 'id-token': token = '', 'idp-issuer-url': issuer = '' } = config;
  if (expiryOf(token) > Date.now()) return token;
  const where = `${what}: auth-provider oidc: ${token === '' ? 'it has no id-token' : 'its id-token has expired'}`;
  const lacks = ['refresh-token', 'client-id', 'idp-issuer-url'].filter((name) => (config[name] ?? '') === '');
  if (lacks.length > 0)
    throw new KubeconfigProblem(`${where} and no ${lacks.join(', ')} to refresh it with; log in again`);
  try {
    const tokens = await refresh(config, AbortSignal.timeout(EXEC_PLUGIN_MS));
    renewed.set(written, { ...config, ...tokens });
    return tokens['id-token'];
  } catch (cause) {
    const late = cause instanceof Error && cause.name === 'TimeoutError';
    const why = late ? `no answer within ${EXEC_PLUGIN_MS / 1_000} s` : messageOf(cause);
    throw new Error(`${where}, and ${issuer} does not refresh it: ${why}; log in again`, { cause });
  }
}

interface Tokens {
  readonly 'id-token': string;
  readonly 'refresh-token': string;
}

/** Asks the issuer for new tokens (OpenID Connect Core, section 12). What it answers with stays out of messages. */
async function refresh(config: Config, signal: AbortSignal): Promise<Tokens> {
  const dispatcher = new Agent({ connect: { ca: certificatesOf(config) } });
  const ask = async (url: URL, init: Pick<Parameters<typeof request>[1] & object, 'method' | 'headers' | 'body'>) => {
    const { statusCode, body } = await request(url, { ...init, dispatcher, signal });
    return { statusCode, answer: fieldsOf(await limitedText(body, CREDENTIAL_BYTES, 'its answer')) };
  };
  try {
    const issuer = secureUrl(config['idp-issuer-url'] ?? '', 'idp-issuer-url');
    const known = new URL(`${issuer.href.replace(/\/$/, '')}/.well-known/openid-configuration`);
    const { statusCode: found, answer: provider } = await ask(known, { method: 'GET' });
    if (found !== 200) throw new Error(`${known.pathname} answers ${found}`);
    const endpoint = secureUrl(textOf(provider, 'token_endpoint'), 'token_endpoint');
    const { 'client-id': id = '', 'client-secret': secret = '', 'refresh-token': old = '' } = config;
    const form = { grant_type: 'refresh_token', refresh_token: old };
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    const login = Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64');
    // A secret belongs into the header, but some issuers read it in the form only. A client without one has no header.
    const ways = [
      ...(secret === '' ? [] : [{ headers: { ...type, authorization: `Basic ${login}` }, more: {} }]),
      { headers: type, more: { client_id: id, ...(secret === '' ? {} : { client_secret: secret }) } },
    ];
    let refused = '';
    for (const { headers, more } of ways) {
      const body = new URLSearchParams({ ...form, ...more }).toString();
      const { statusCode, answer } = await ask(endpoint, { method: 'POST', headers, body });
      const token = textOf(answer, 'id_token');
      if (statusCode === 200 && token !== '')
        return { 'id-token': token, 'refresh-token': textOf(answer, 'refresh_token') || old };
      refused = statusCode === 200 ? 'it answers without an id_token' : `it answers ${statusCode} ${errorOf(answer)}`;
    }
    throw new Error(refused.trim());
  } finally {
    await dispatcher.close();
  }
}

function certificatesOf(config: Config): string[] {
  const { 'idp-certificate-authority': file = '', 'idp-certificate-authority-data': data = '' } = config;
  const own =
    data !== ''
      ? Buffer.from(data, 'base64').toString('utf8')
      : file === ''
        ? ''
        : readLimitedFile(file, CREDENTIAL_BYTES);
  return own === '' ? [...systemCertificates()] : [own];
}

function secureUrl(text: string, name: string): URL {
  const url = URL.parse(text);
  if (url === null || url.hostname === '') throw new Error(`${name} is no address`);
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return url;
  throw new Error(`${name} is ${url.protocol.slice(0, -1)}, which would send its tokens in the clear; expected https`);
}

function fieldsOf(text: string): Config {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Config) : {};
  } catch {
    return {};
  }
}

function textOf(fields: Readonly<Record<string, unknown>>, name: string): string {
  const value = fields[name];
  return typeof value === 'string' ? value : '';
}

/** The code of an error, as RFC 6749 has them. */
function errorOf(answer: Config): string {
  const code = textOf(answer, 'error');
  return /^[a-z_]{1,40}$/.test(code) ? code : '';
}

/** When a token expires, ms; 0 where it does not say. */
function expiryOf(token: string): number {
  try {
    const [, payload = ''] = token.split('.');
    const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as { readonly exp?: unknown };
    return typeof exp === 'number' ? exp * 1_000 : 0;
  } catch {
    return 0;
  }
}
