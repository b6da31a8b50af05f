import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { buildConnector } from 'undici';
import { shownProxy } from '../../core/kubeconfig/proxy-of.ts';
import { HTTP_CONNECT_MS } from '../../core/plan/limits.ts';
import { messageOf } from '../../core/text/message-of.ts';
import { connectSocks } from './socks.ts';
import { systemCertificates } from './system-certificates.ts';

/**
 * Opens connections to a server over TLS through a proxy. What fails names the proxy, without its password. A proxy that is itself
 * reached by TLS is verified as kubectl does it: by the certificates that the cluster is verified with, or not at all where the
 * cluster is not.
 */
export function throughProxy(proxy: URL, tls: buildConnector.BuildOptions): buildConnector.connector {
  const overTls = buildConnector({ ...tls, allowH2: false, timeout: HTTP_CONNECT_MS });
  return (options, callback) => {
    const target = { hostname: options.hostname, port: options.port === '' ? 443 : Number(options.port) };
    const opened = async (): Promise<Socket> => {
      try {
        return await tunnel(proxy, target, tls as Tls);
      } catch (cause) {
        throw new Error(`proxy ${shownProxy(proxy)}: ${messageOf(cause)}`, { cause });
      }
    };
    void connected(
      opened(),
      (httpSocket) => overTls({ ...options, httpSocket }, callback),
      (error) => callback(error, null),
    );
  };
}

/** Hands over what came of a connection. What the receiver throws is its own. */
async function connected(
  opening: Promise<Socket>,
  use: (socket: Socket) => void,
  fail: (error: Error) => void,
): Promise<void> {
  let socket: Socket;
  try {
    socket = await opening;
  } catch (error) {
    return fail(error as Error);
  }
  return use(socket);
}

interface Target {
  readonly hostname: string;
  readonly port: number;
}

type Tls = Pick<ConnectionOptions, 'ca' | 'rejectUnauthorized' | 'allowPartialTrustChain'>;

async function tunnel(proxy: URL, target: Target, tls: Tls): Promise<Socket> {
  return proxy.protocol.startsWith('socks5')
    ? await connectSocks(proxy, target)
    : await connectHttp(proxy, target, proxy.protocol === 'https:' ? trusted(tls) : {});
}

/** What a proxy is verified with: neither the name nor the certificate that are for the cluster alone. */
function trusted({ ca = [], rejectUnauthorized }: Tls): Tls {
  if (rejectUnauthorized === false) return { rejectUnauthorized };
  // Those of the cluster first: of two certificates for one name OpenSSL may look at the first one only.
  return { ca: [...[ca].flat(), ...systemCertificates()], allowPartialTrustChain: true };
}

/** What OpenSSL and a closed connection mean where one side speaks TLS and the other does not. */
function explained(cause: NodeJS.ErrnoException): Error {
  if (cause.code === 'EPROTO')
    return new Error('it does not answer by TLS; expected http:// for such a proxy', { cause });
  if (cause.code === 'ECONNRESET' && cause.message === 'socket hang up')
    return new Error('it closes the connection; expected https:// if it is reached by TLS', { cause });
  return cause;
}

function connectHttp(proxy: URL, { hostname, port }: Target, tls: Tls): Promise<Socket> {
  const bare = hostname.replaceAll(/^\[|\]$/g, '');
  const path = `${bare.includes(':') ? `[${bare}]` : bare}:${port}`;
  const user = decodeURIComponent(proxy.username);
  const login = Buffer.from(`${user}:${decodeURIComponent(proxy.password)}`).toString('base64');
  const own = proxy.hostname.replaceAll(/^\[|\]$/g, '');
  const send = proxy.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((done, fail) => {
    const asked = send({
      ...tls,
      method: 'CONNECT',
      hostname: own,
      // Node would check its certificate for the name in the header `host`.
      ...(proxy.protocol === 'https:' ? { servername: isIP(own) === 0 ? own : '' } : {}),
      port: proxy.port === '' ? (proxy.protocol === 'https:' ? 443 : 80) : Number(proxy.port),
      path,
      headers: { host: path, ...(user === '' ? {} : { 'proxy-authorization': `Basic ${login}` }) },
      agent: false,
      signal: AbortSignal.timeout(HTTP_CONNECT_MS),
    });
    asked.once('connect', ({ statusCode, statusMessage }, socket) => {
      if (statusCode === 200) return done(socket);
      socket.destroy();
      fail(new Error(`it answers ${statusCode} ${statusMessage ?? ''} to CONNECT ${path}`));
    });
    asked.once('response', (response) => {
      response.destroy();
      fail(new Error(`it answers ${response.statusCode} to CONNECT ${path}`));
    });
    asked.once('error', (cause) => {
      const late = cause.name === 'TimeoutError' || cause.name === 'AbortError';
      fail(late ? new Error(`no answer to CONNECT ${path} within ${HTTP_CONNECT_MS} ms`) : explained(cause));
    });
    asked.end();
  });
}
