/** An HTTP proxy through which a connection is made by CONNECT. */
export interface Proxy {
  /** `host:port`, an IPv6 address in brackets. */
  readonly address: string;
  /** Decoded; both are set where the proxy asks for a password. */
  readonly user?: string;
  readonly password?: string;
}

/** The variables that name a proxy, the first one that is set counts; each also in upper case. */
const VARIABLES = {
  http: ['http_proxy', 'all_proxy'],
  https: ['https_proxy', 'all_proxy'],
  // As gRPC for Node reads them.
  grpc: ['grpc_proxy', 'https_proxy', 'http_proxy', 'all_proxy'],
} as const;

/** This machine's own parts. */
const LOOPBACK = 'localhost,127.0.0.1,[::1]';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for a connection to `host:port`; undefined = none. A connection to this machine itself uses none, whatever the environment
 * says, and `no_proxy` is respected: names with their subdomains, `*`, addresses, IPv4 networks, each also with a port. A proxy of a
 * kind that cannot be used (SOCKS, TLS) is none.
 */
export function proxyOf(
  kind: keyof typeof VARIABLES,
  { host, port }: { readonly host: string; readonly port: number },
  environment: Environment,
): Proxy | undefined {
  const name = bare(host);
  if (isLoopback(name) || isExcepted(name, port, environment)) return undefined;
  for (const variable of VARIABLES[kind]) {
    const text = valueOf(environment, variable);
    if (text === undefined) continue;
    const proxy = parseProxy(text);
    if (proxy !== undefined) return proxy;
  }
  return undefined;
}

/** Whether a host is this machine itself: `localhost` and the names below it, 127.0.0.0/8, `::1`. */
export function isLoopback(host: string): boolean {
  const name = bare(host);
  if (name === 'localhost' || name.endsWith('.localhost')) return true;
  if (/^(?:0*:)*:?0*1$/.test(name) && name.includes(':')) return true;
  return inNetwork(name.replace(/^::ffff:/, ''), '127.0.0.0/8');
}

/** A proxy as a variable names it: `http://user:password@host:port`, or `host:port`. Undefined where it is none that can be used. */
export function parseProxy(text: string): Proxy | undefined {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url === null || url.protocol !== 'http:' || url.hostname === '') return undefined;
  const address = `${url.hostname}:${url.port === '' ? '80' : url.port}`;
  if (url.username === '') return { address };
  return { address, user: decoded(url.username), password: decoded(url.password) };
}

/**
 * The proxies for downloads, as undici takes them: the variables, with loopback excepted. Kinds that undici does not know are none, where
 * it would throw; an empty text is none.
 */
export function downloadProxies(environment: Environment): {
  readonly httpProxy: string;
  readonly httpsProxy: string;
  readonly noProxy: string;
} {
  const proxyFor = (kind: 'http' | 'https'): string =>
    VARIABLES[kind].flatMap((name) => usable(valueOf(environment, name)))[0] ?? '';
  const excepted = valueOf(environment, 'no_proxy');
  return {
    httpProxy: proxyFor('http'),
    httpsProxy: proxyFor('https'),
    noProxy: excepted === '*' ? '*' : [...(excepted === undefined ? [] : [excepted]), LOOPBACK].join(','),
  };
}

function usable(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  const url = URL.parse(text.includes('://') ? text.replace(/^socks5h:/i, 'socks5:') : `http://${text}`);
  return url !== null && url.hostname !== '' && /^(?:https?|socks5):$/.test(url.protocol) ? [url.href] : [];
}

/** A variable in lower case, else in upper case. Empty is unset. */
function valueOf(environment: Environment, name: string): string | undefined {
  return environment[name]?.trim() || environment[name.toUpperCase()]?.trim() || undefined;
}

function isExcepted(name: string, port: number, environment: Environment): boolean {
  const entries = (valueOf(environment, 'no_proxy') ?? '').toLowerCase().split(/[\s,]+/);
  return entries.some((entry) => {
    const [, only, onlyPort] = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(entry) ?? [];
    if (onlyPort !== undefined && Number(onlyPort) !== port) return false;
    const excepted = bare(only ?? entry).replace(/^\*?\./, '');
    if (excepted === '') return false;
    return excepted === '*' || name === excepted || name.endsWith(`.${excepted}`) || inNetwork(name, excepted);
  });
}

function inNetwork(address: string, network: string): boolean {
  const [base = '', length = ''] = network.split('/');
  const [at, from] = [ipv4(address), ipv4(base)];
  if (at === undefined || from === undefined || !/^(?:[0-9]|[12][0-9]|3[0-2])$/.test(length)) return false;
  const size = 2 ** (32 - Number(length));
  return Math.floor(at / size) === Math.floor(from / size);
}

function ipv4(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return undefined;
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}

function bare(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
