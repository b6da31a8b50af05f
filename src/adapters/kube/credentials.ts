import { existsSync } from 'node:fs';
import type { KubeConfig } from '@kubernetes/client-node';
import { AUTH_HEADERS_MS } from '../../core/plan/limits.ts';
import { messageOf } from '../../core/text/message-of.ts';

/** How to reach a cluster and authenticate. */
export interface Access {
  /** Base address, without a trailing slash. */
  readonly server: string;
  readonly tls: TlsOptions;
  /** Authorization headers as they are now: tokens of plugins and files are renewed in time. */
  headers(): Promise<Readonly<Record<string, string>>>;
}

/** What Node's TLS needs of a kubeconfig. */
interface TlsOptions {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly pfx?: string | Buffer;
  readonly passphrase?: string;
  readonly rejectUnauthorized?: boolean;
  readonly servername?: string;
}

/**
 * Loads a kubeconfig and selects a context. `path` empty = the user's own ($KUBECONFIG, then ~/.kube/config, then the Pod's
 * service account); `context` empty = its current one.
 * @throws Error when file, context or cluster are missing
 */
export async function loadKubeconfig(path: string, context: string): Promise<KubeConfig> {
  // Loading this library takes about a second: it is loaded when a cluster is called.
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  if (path === '') config.loadFromDefault();
  else if (existsSync(path)) config.loadFromFile(path);
  else throw new Error(`kubeconfig ${path}: there is no such file`);
  const from = nameOf(path);
  if (context !== '') {
    if (config.getContextObject(context) === null) {
      const known = config.getContexts().map(({ name }) => name);
      throw new Error(`${from}: context "${context}" is not in it; it has ${known.join(', ') || 'none'}`);
    }
    config.setCurrentContext(context);
  }
  if (config.getCurrentCluster() === null)
    throw new Error(`${from}: context "${config.getCurrentContext()}" names no cluster`);
  return config;
}

/**
 * How to reach the cluster of a kubeconfig; see `loadKubeconfig`. Exec plugins, token files and OIDC are the library's.
 * @throws Error as `loadKubeconfig`, when authentication fails, or when the cluster is behind a proxy
 */
export async function readAccess(path: string, context: string): Promise<Access> {
  const config = await loadKubeconfig(path, context);
  const from = nameOf(path);
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error(`${from}: context "${config.getCurrentContext()}" names no cluster`);
  if (cluster.proxyUrl !== undefined) {
    throw new Error(
      `${from}: cluster "${cluster.name}" is behind the proxy ${cluster.proxyUrl}; only direct access is supported`,
    );
  }
  const first = await authentication(config).catch((cause: unknown) => {
    throw new Error(`${from}: context "${config.getCurrentContext()}": ${messageOf(cause)}`, { cause });
  });
  let fresh = { headers: first.headers, atMs: Date.now() };
  return {
    server: cluster.server.replace(/\/+$/, ''),
    tls: first.tls,
    async headers() {
      if (Date.now() - fresh.atMs > AUTH_HEADERS_MS) {
        fresh = { headers: (await authentication(config)).headers, atMs: Date.now() };
      }
      return fresh.headers;
    },
  };
}

function nameOf(path: string): string {
  return path === '' ? 'the default kubeconfig' : `kubeconfig ${path}`;
}

async function authentication(config: KubeConfig): Promise<{ tls: TlsOptions; headers: Record<string, string> }> {
  const options: TlsOptions & { headers?: Record<string, string | string[]>; auth?: string | null } = {};
  await config.applyToHTTPSOptions(options as Parameters<KubeConfig['applyToHTTPSOptions']>[0]);
  const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = options;
  const tls = { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername };
  const headers = Object.fromEntries(
    Object.entries(options.headers ?? {}).map(([name, value]) => [name, String(value)]),
  );
  if (typeof options.auth === 'string')
    headers['Authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  return { tls: Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined)), headers };
}
