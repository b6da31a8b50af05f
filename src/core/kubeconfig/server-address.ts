import { isLoopback } from './ip-address.ts';
import { KubeconfigProblem } from './kubeconfig-problem.ts';

/** Where an API server is. */
export interface ServerAddress {
  /** E.g. `https://[::1]:6443`. */
  readonly origin: string;
  /** Path below which the API is served, without a trailing slash: servers such as Rancher and kcp have one. */
  readonly basePath: string;
  readonly secure: boolean;
  /** Without the brackets of an IPv6 address. */
  readonly hostname: string;
  readonly port: number;
}

/**
 * Reads the field `server` of a cluster. Without a scheme it is `https` where the cluster has settings of TLS, as for kubectl.
 * @param what whose server it is, for the message
 * @throws KubeconfigProblem when it is no address, or plain HTTP to another machine
 */
export function serverAddress(server: string, hasTls: boolean, what: string): ServerAddress {
  if (server === '') throw new KubeconfigProblem(`${what}: it has no server`);
  const url = urlOf(server, hasTls, what);
  const shown = `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`;
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new KubeconfigProblem(`${what}: server ${shown}: its scheme is ${url.protocol.slice(0, -1)}; expected https`);
  if (url.username !== '' || url.password !== '')
    throw new KubeconfigProblem(
      `${what}: server ${shown}: it holds a user name; API servers take none since Kubernetes 1.19`,
    );
  if (url.search !== '' || url.hash !== '')
    throw new KubeconfigProblem(
      `${what}: server ${shown}: it has a query or a fragment; expected scheme, host, port and path`,
    );
  const hostname = url.hostname.replaceAll(/^\[|\]$/g, '');
  const secure = url.protocol === 'https:';
  if (!secure && !isLoopback(hostname)) {
    throw new KubeconfigProblem(
      `${what}: server ${shown}: plain http would send its credentials in the clear; expected https, or http on this machine (kubectl proxy)`,
    );
  }
  return {
    origin: url.origin,
    basePath: url.pathname.replace(/\/+$/, ''),
    secure,
    hostname,
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
  };
}

/** The address as people read it: never with a secret. */
export function shownAddress({ origin, basePath }: ServerAddress): string {
  return `${origin}${basePath}`;
}

function urlOf(server: string, hasTls: boolean, what: string): URL {
  const full = server.includes('://') ? server : `${hasTls ? 'https' : 'http'}://${server}`;
  const url = URL.parse(full);
  const isPair = server.includes('://') || (url?.pathname ?? '/') === '/';
  if (url === null || url.hostname === '' || !isPair)
    throw new KubeconfigProblem(`${what}: its server is no address; expected e.g. https://192.0.2.1:6443`);
  return url;
}
