import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import { clusterAccess, nameOfAccess, type ClusterAccess, type Held } from '../../core/kubeconfig/cluster-access.ts';
import { KubeconfigProblem } from '../../core/kubeconfig/kubeconfig-problem.ts';
import type { ExecCredential } from '../../core/kubeconfig/exec-plugin.ts';
import { headerText, type Headers } from '../../core/kubeconfig/impersonation.ts';
import { AUTH_HEADERS_MS, CREDENTIAL_BYTES } from '../../core/plan/limits.ts';
import { messageOf } from '../../core/text/message-of.ts';
import { readLimitedFile } from '../host/limited-text.ts';
import { execLogin, type ExecOptions } from './exec-login.ts';
import { readContext } from './kubeconfig-files.ts';
import { oidcToken } from './oidc-token.ts';
import { checkAuthority, checkClientCertificate } from './tls-material.ts';
import { systemCertificates } from './system-certificates.ts';

/** How to reach a cluster and authenticate. */
export interface Access {
  /** Base address as people read it, without a trailing slash. */
  readonly server: string;
  readonly origin: string;
  /** Path below which the API is served. */
  readonly basePath: string;
  readonly proxy: URL | undefined;
  /** Name of what gets the credentials, where it may take its time. */
  readonly loginProgram: string | undefined;
  /**
   * The credentials as they are now: those of programs and files are renewed in time.
   * @throws Error naming what they come from
   */
  credentials(options?: Partial<ExecOptions>): Promise<Credentials>;
  /** The server has refused credentials. @returns others, if there are any by now */
  others(refused: Credentials): Promise<Credentials | undefined>;
}

/** Credentials at a moment. */
export interface Credentials {
  readonly headers: Headers;
  /** The same object for as long as nothing of it changes: connections opened with another one are not used any more. */
  readonly tls: TlsOptions;
}

/** What Node's TLS needs of a kubeconfig. */
interface TlsOptions {
  readonly ca?: string | readonly string[];
  readonly cert?: string;
  readonly key?: string;
  readonly rejectUnauthorized?: boolean;
  readonly allowPartialTrustChain?: boolean;
  readonly servername?: string;
  readonly checkServerIdentity?: typeof checkServerIdentity;
}

/**
 * How to reach the cluster of a kubeconfig (`path` empty = the user's own, `context` empty = its current one). Proxies of this
 * process' environment do not count: Belay's own copies of kubeconfigs name the proxy of the shell that the campaign is from.
 * @throws KubeconfigProblem when it cannot be used; Error when its credentials cannot be read
 */
export async function readAccess(path: string, context: string): Promise<Access> {
  const access = accessTo(clusterAccess(readContext(path, context), {}));
  // A program takes its time: it is asked when its credentials are needed, within the limits of the request.
  if (access.loginProgram === undefined) await access.credentials();
  return access;
}

/** How to reach a cluster, for an access that was checked. Nothing is read or asked before its credentials are needed. */
export function accessTo(found: ClusterAccess): Access {
  const identity = new Identity(found);
  return {
    server: nameOfAccess(found).server,
    origin: found.server.origin,
    basePath: found.server.basePath,
    proxy: found.proxy,
    loginProgram: found.exec === undefined ? undefined : `exec plugin ${found.exec.command}`,
    credentials: (options) => identity.current(options),
    others: (refused) => identity.others(refused),
  };
}

/** Credentials of one client. What lies in files is read again every half minute, and when the server refuses it. */
class Identity {
  readonly #found: ClusterAccess;
  #login: ExecCredential | undefined;
  #current: Credentials | undefined;
  #readAtMs = -Infinity;
  /** What of the certificates was found good. */
  #checked = '';

  constructor(found: ClusterAccess) {
    this.#found = found;
  }

  async current(options: Partial<ExecOptions> = {}): Promise<Credentials> {
    const login = await this.#loginNow(options);
    const isFresh = performance.now() - this.#readAtMs < AUTH_HEADERS_MS;
    if (this.#current !== undefined && isFresh && login === this.#login) return this.#current;
    return await this.#read(login);
  }

  async others(refused: Credentials): Promise<Credentials | undefined> {
    if (this.#current === refused) {
      if (this.#login !== undefined) await this.#execLogin()?.refused(this.#login);
      await this.#read(await this.#loginNow({}));
    }
    const now = this.#current;
    const same = now === undefined || (now.tls === refused.tls && sameText(now.headers, refused.headers));
    return same ? undefined : now;
  }

  async #read(login: ExecCredential | undefined): Promise<Credentials> {
    const { tls, headers } = this.#current ?? {};
    const nowTls = this.#tls(login);
    const nowHeaders = inUtf8({ ...(await this.#authorization(login)), ...this.#found.impersonation });
    const current = {
      tls: tls !== undefined && sameText(tls, nowTls) ? tls : nowTls,
      headers: headers !== undefined && sameText(headers, nowHeaders) ? headers : nowHeaders,
    };
    this.#login = login;
    this.#readAtMs = performance.now();
    this.#current = current;
    return current;
  }

  async #loginNow(options: Partial<ExecOptions>): Promise<ExecCredential | undefined> {
    return await this.#execLogin()?.current(options);
  }

  #execLogin(): ReturnType<typeof execLogin> | undefined {
    const { exec, tls, token, tokenFile, user } = this.#found;
    // As for kubectl, a token of the kubeconfig counts before the program.
    if (exec === undefined || token !== '' || tokenFile !== '') return undefined;
    return execLogin(
      exec,
      exec.clusterInfo === undefined ? '' : (textOf(tls.ca, `user "${user}": certificate-authority`) ?? ''),
    );
  }

  async #authorization(login: ExecCredential | undefined): Promise<Headers> {
    const { token, tokenFile, oidc, context, user } = this.#found;
    const what = `context ${context}: user "${user}"`;
    const now = tokenFile === '' ? token : tokenOf(tokenFile, token, what);
    if (now !== '') return { Authorization: `Bearer ${now}` };
    if (oidc !== undefined)
      return {
        Authorization: `Bearer ${headerText(await oidcToken(oidc, what), `${what}: auth-provider oidc: id-token`)}`,
      };
    return login === undefined || login.token === '' ? {} : { Authorization: `Bearer ${login.token}` };
  }

  #tls(login: ExecCredential | undefined): TlsOptions {
    const { tls, server, context, cluster, user } = this.#found;
    if (!server.secure) return {};
    const ofCluster = `context ${context}: cluster "${cluster}"`;
    const ofUser = `context ${context}: user "${user}"`;
    const ca = textOf(tls.ca, `${ofCluster}: certificate-authority`);
    const cert = login?.certificate?.cert ?? textOf(tls.cert, `${ofUser}: client-certificate`);
    const key = login?.certificate?.key ?? textOf(tls.key, `${ofUser}: client-key`);
    this.#check([ca, cert, key], ofCluster, ofUser);
    return {
      // As for kubectl, an authority may be one in the middle of a chain, or the server's own certificate.
      ...(tls.insecure
        ? { rejectUnauthorized: false }
        : { ca: ca ?? systemCertificates(), allowPartialTrustChain: true }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(tls.serverName === '' ? {} : named(tls.serverName)),
    };
  }

  /** Certificates and keys are checked whenever they are others than before. */
  #check(found: readonly (string | undefined)[], ofCluster: string, ofUser: string): void {
    const text = JSON.stringify(found);
    if (text === this.#checked) return;
    const [ca, cert = '', key = ''] = found;
    if (ca !== undefined) checkAuthority(ca, `${ofCluster}: certificate-authority`);
    if (cert !== '' || key !== '') checkClientCertificate(cert, key, ofUser);
    this.#checked = text;
  }
}

function textOf(held: Held | undefined, what: string): string | undefined {
  if (held === undefined) return undefined;
  if ('text' in held) return held.text;
  try {
    return readLimitedFile(held.file, CREDENTIAL_BYTES);
  } catch (cause) {
    throw new KubeconfigProblem(`${what}: ${messageOf(cause)}`, { cause });
  }
}

/** The token of a file; what the kubeconfig itself has where the file cannot be read. */
function tokenOf(path: string, otherwise: string, what: string): string {
  try {
    const token = readLimitedFile(path, CREDENTIAL_BYTES).trim();
    if (token !== '') return headerText(token, path);
    if (otherwise === '') throw new Error(`${path} is empty`);
  } catch (cause) {
    if (otherwise === '') throw new KubeconfigProblem(`${what}: tokenFile: ${messageOf(cause)}`, { cause });
  }
  return otherwise;
}

/** The name that a certificate is checked for. An address is never sent as the name that is asked for. */
function named(serverName: string): Pick<TlsOptions, 'servername' | 'checkServerIdentity'> {
  if (isIP(serverName) === 0) return { servername: serverName };
  return { servername: '', checkServerIdentity: (_, certificate) => checkServerIdentity(serverName, certificate) };
}

function bytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Headers whose bytes are UTF-8: Node writes a letter as a byte. */
function inUtf8(headers: Headers): Headers {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? bytes(value) : value.map(bytes)]),
  );
}

function sameText(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
