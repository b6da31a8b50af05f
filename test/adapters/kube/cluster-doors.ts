import { createServer as createHttp, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createHttps, request } from 'node:https';
import { connect, createServer as createTcp, type AddressInfo, type Server, type Socket } from 'node:net';
import { generate } from 'selfsigned';
import type { Access } from '../../../src/adapters/kube/credentials.ts';

/** A way to an API server, on a free port of this machine. */
export interface Door {
  readonly port: number;
  /** What came through it: paths, or names and addresses that were asked for. */
  readonly seen: readonly string[];
  close(): Promise<void>;
}

/** Serves the API below a path, by TLS with a certificate of its own or in the clear, with the credentials of `access`. */
export async function reverseProxy(
  access: Access,
  options: { readonly below: string; readonly tls: boolean },
): Promise<Door & { readonly ca: string }> {
  const seen: string[] = [];
  const listener: RequestListener = (asked, answered) => {
    const path = asked.url ?? '';
    seen.push(path);
    if (path.startsWith(`${options.below}/`)) void passOn(access, path.slice(options.below.length), asked, answered);
    else answered.writeHead(404).end('no cluster here');
  };
  if (!options.tls) return { ...(await opened(createHttp(listener), seen)), ca: '' };
  const { key, cert } = await ofThisMachine();
  return { ...(await opened(createHttps({ key, cert }, listener), seen)), ca: cert };
}

async function ofThisMachine(): Promise<{ readonly key: string; readonly cert: string }> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  });
  return { key, cert };
}

async function passOn(access: Access, path: string, asked: IncomingMessage, answered: ServerResponse): Promise<void> {
  const { tls, headers } = await access.credentials();
  const { host: _, ...own } = asked.headers;
  const all = { ...own, ...headers } as NodeJS.Dict<string>;
  const upstream = request(
    `${access.server}${path}`,
    { ...(tls as object), method: asked.method, headers: all },
    (answer) => {
      answered.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(answered);
    },
  );
  upstream.on('error', () => answered.destroy());
  asked.pipe(upstream);
}

/** An HTTP proxy that takes CONNECT, to `port` of this machine whatever name is asked for. `login`: `user:password` that it wants. */
export async function connectProxy(port: number, login?: string): Promise<Door> {
  const seen: string[] = [];
  return await opened(takesConnect(createHttp(refused), port, login, seen), seen);
}

/** The same, reached by TLS with a certificate of its own. */
export async function connectProxyOverTls(port: number, login?: string): Promise<Door & { readonly ca: string }> {
  const seen: string[] = [];
  const { key, cert } = await ofThisMachine();
  return { ...(await opened(takesConnect(createHttps({ key, cert }, refused), port, login, seen), seen)), ca: cert };
}

function refused(_: IncomingMessage, answered: ServerResponse): void {
  answered.writeHead(405).end();
}

function takesConnect(server: Server, port: number, login: string | undefined, seen: string[]): Server {
  server.on('connect', (asked: IncomingMessage, client: Socket, head: Buffer) => {
    seen.push(asked.url ?? '');
    const wanted = login === undefined ? undefined : `Basic ${Buffer.from(login).toString('base64')}`;
    if (asked.headers['proxy-authorization'] !== wanted) return client.end('HTTP/1.1 407 Login\r\n\r\n');
    const upstream = connect({ host: '127.0.0.1', port }, () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.write(head);
      joined(client, upstream);
    });
    upstream.on('error', () => client.destroy());
    return undefined;
  });
  return server;
}

/** A SOCKS 5 proxy, to `port` of this machine whatever name is asked for. `login`: `user:password` that it wants. */
export async function socksProxy(port: number, login?: string): Promise<Door> {
  const seen: string[] = [];
  const server = createTcp((client) => {
    client.once('data', (offered: Buffer) => {
      if (login === undefined) {
        client.write(Buffer.from([5, 0]));
        return passOnNext();
      }
      if (!offered.subarray(2).includes(2)) return client.end(Buffer.from([5, 255]));
      client.write(Buffer.from([5, 2]));
      client.once('data', (sent: Buffer) => {
        const user = sent.subarray(2, 2 + (sent[1] ?? 0)).toString();
        const ok = `${user}:${sent.subarray(3 + (sent[1] ?? 0)).toString()}` === login;
        client.write(Buffer.from([1, ok ? 0 : 1]));
        if (ok) passOnNext();
        else client.end();
      });
    });
    const passOnNext = (): void => {
      client.once('data', (asked: Buffer) => {
        const name =
          asked[3] === 3 ? asked.subarray(5, 5 + (asked[4] ?? 0)).toString() : asked.subarray(4, 8).join('.');
        seen.push(name);
        const upstream = connect({ host: '127.0.0.1', port }, () => {
          client.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]));
          joined(client, upstream);
        });
        upstream.on('error', () => client.destroy());
      });
    };
    client.on('error', () => undefined);
  });
  return await opened(server, seen);
}

/** An issuer of OpenID Connect tokens at `/realm`. @param tokens by `client:secret` */
export async function issuer(tokens: Readonly<Record<string, string>>): Promise<Door & { readonly ca: string }> {
  const seen: string[] = [];
  const { key, cert } = await ofThisMachine();
  const server = createHttps({ key, cert }, (asked, answered) => {
    seen.push(asked.url ?? '');
    const say = (status: number, body: object): unknown => answered.writeHead(status).end(JSON.stringify(body));
    if (asked.url === '/realm/.well-known/openid-configuration')
      return say(200, { token_endpoint: `https://${asked.headers.host}/token` });
    const [, login = ''] = /^Basic (.*)$/.exec(asked.headers.authorization ?? '') ?? [];
    const client = decodeURIComponent(Buffer.from(login, 'base64').toString());
    const token = tokens[client];
    return token === undefined ? say(401, { error: 'invalid_client' }) : say(200, { id_token: token });
  });
  return { ...(await opened(server, seen)), ca: cert };
}

/** Passes connections on from the IPv6 loopback address. */
export async function ipv6Door(port: number): Promise<Door> {
  const server = createTcp((client) => {
    const upstream = connect({ host: '127.0.0.1', port });
    upstream.on('error', () => client.destroy());
    joined(client, upstream);
  });
  return await opened(server, [], '::1');
}

function joined(client: Socket, upstream: Socket): void {
  client.on('error', () => upstream.destroy());
  client.on('close', () => upstream.destroy());
  upstream.on('close', () => client.destroy());
  client.pipe(upstream).pipe(client);
}

async function opened(server: Server, seen: readonly string[], host = '127.0.0.1'): Promise<Door> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((done) => server.listen(0, host, done));
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    close: () =>
      new Promise<void>((done) => {
        server.close(() => done());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
