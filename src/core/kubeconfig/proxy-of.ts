import { isInNetwork, isLoopback, parseIp } from './ip-address.ts';
import { KubeconfigProblem } from './kubeconfig-problem.ts';
import type { ServerAddress } from './server-address.ts';

/** Variables by name, as a process has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Bytes of a user name and of a password that SOCKS 5 takes (RFC 1929). */
const SOCKS_LOGIN_BYTES = 255;
const SCHEMES = ['http', 'https', 'socks5', 'socks5h'];

/**
 * The proxy in front of an API server: the one of its kubeconfig (empty = none is set), else what HTTPS_PROXY and NO_PROXY of the
 * environment say, read as kubectl reads them. Undefined: it is reached directly. What the environment says is never used for
 * addresses of this machine.
 * @throws KubeconfigProblem when it is no address of a proxy, without its password
 */
export function proxyOf(
  server: ServerAddress,
  ofCluster: string,
  environment: Environment,
  what: string,
): URL | undefined {
  if (ofCluster !== '') {
    // Through a proxy the server is another machine's, and its answers and our credentials would be in the clear.
    if (!server.secure)
      throw new KubeconfigProblem(`${what}: proxy-url: its server is plain http, which is reached directly only`);
    return proxyUrl(ofCluster, `${what}: proxy-url`);
  }
  if (!server.secure || isLoopback(server.hostname)) return undefined;
  const [name, value] = firstSet(environment, ['HTTPS_PROXY', 'https_proxy']);
  if (value === '' || isExcepted(server, firstSet(environment, ['NO_PROXY', 'no_proxy'])[1])) return undefined;
  return proxyUrl(value, name);
}

/** A proxy as people read it: without its password. */
export function shownProxy(proxy: URL): string {
  return `${proxy.protocol}//${proxy.host}`;
}

function proxyUrl(text: string, what: string): URL {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url === null || url.hostname === '')
    throw new KubeconfigProblem(`${what}: it is no address; expected e.g. http://proxy.example:3128`);
  if (!SCHEMES.includes(url.protocol.slice(0, -1)))
    throw new KubeconfigProblem(
      `${what}: its scheme is ${url.protocol.slice(0, -1)}; expected one of ${SCHEMES.join(', ')}`,
    );
  checkLogin(url, what);
  return url;
}

/** A login that the proxy would not get as it is written is refused here, without it in the message. */
function checkLogin({ protocol, username, password }: URL, what: string): void {
  let login: readonly string[];
  try {
    login = [username, password].map(decodeURIComponent);
  } catch (cause) {
    throw new KubeconfigProblem(`${what}: its login has a % that begins no code; expected %25 for a %`, { cause });
  }
  const [user = ''] = login;
  if (user === '' && password !== '') throw new KubeconfigProblem(`${what}: it has a password and no user name`);
  if (!protocol.startsWith('socks')) {
    if (user.includes(':'))
      throw new KubeconfigProblem(`${what}: its user name has a colon, which no login of an HTTP proxy can have`);
  } else if (login.some((each) => new TextEncoder().encode(each).length > SOCKS_LOGIN_BYTES)) {
    throw new KubeconfigProblem(`${what}: its login is too long; SOCKS takes ${SOCKS_LOGIN_BYTES} bytes for each part`);
  }
}

function firstSet(environment: Environment, names: readonly [string, ...string[]]): readonly [string, string] {
  for (const name of names) {
    const value = environment[name] ?? '';
    if (value !== '') return [name, value];
  }
  return [names[0], ''];
}

/** NO_PROXY: `*`, networks, addresses and domains, the latter two with a port perhaps. */
function isExcepted({ hostname, port }: ServerAddress, exceptions: string): boolean {
  const host = hostname.toLowerCase().replace(/\.$/, '');
  const ip = parseIp(host);
  return exceptions.split(',').some((written) => {
    const exception = written.trim().toLowerCase();
    if (exception === '*') return true;
    const inNetwork = isInNetwork(ip, exception);
    if (inNetwork !== undefined) return inNetwork;
    const [name, ofPort] = splitPort(exception);
    if (name === '' || (ofPort !== '' && Number(ofPort) !== port)) return false;
    const address = parseIp(name);
    if (address !== undefined) return ip?.bits === address.bits && ip.value === address.value;
    const domain = name.replace(/^\*(?=\.)/, '');
    return domain.startsWith('.') ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
  });
}

function splitPort(text: string): readonly [string, string] {
  const [, bracketed, portOfBracketed = ''] = /^\[(.*)\](?::(\d+))?$/.exec(text) ?? [];
  if (bracketed !== undefined) return [bracketed, portOfBracketed];
  if (parseIp(text) !== undefined) return [text, ''];
  const [, name = text, port = ''] = /^(.*):(\d+)$/.exec(text) ?? [];
  return [name, port];
}
