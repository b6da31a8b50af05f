import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** An HTTP proxy on loopback. */
export interface ConnectProxy {
  /** `host:port`. */
  readonly address: string;
  /** What it was asked to connect to, with the authorization that came along. */
  readonly asked: { readonly target: string; readonly authorization: string | undefined }[];
  readonly close: () => void;
}

/** A proxy that connects whatever it is asked for to `to`; without `to` it refuses. */
export async function serveConnectProxy(to?: string): Promise<ConnectProxy> {
  const asked: { target: string; authorization: string | undefined }[] = [];
  const server = createServer((request, answer) => {
    asked.push({ target: request.url ?? '', authorization: undefined });
    answer.writeHead(502).end();
  });
  const sockets = new Set<Socket>();
  server.on('connect', (request, outside: Socket) => {
    asked.push({ target: request.url ?? '', authorization: request.headers['proxy-authorization'] });
    sockets.add(outside);
    outside.on('error', () => undefined);
    if (to === undefined) {
      outside.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    const [host = '', port = ''] = to.split(':');
    const inside = connect(Number(port), host, () => outside.write('HTTP/1.1 200 OK\r\n\r\n'));
    outside.pipe(inside).pipe(outside);
    outside.on('close', () => inside.destroy());
    inside.on('error', () => outside.destroy());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
