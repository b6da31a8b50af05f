import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A way to a server on a port of its own, which can be cut. */
export interface CutLink {
  readonly port: number;
  cut(): Promise<void>;
  /** Listens again on the same port. */
  mend(): Promise<void>;
  close(): Promise<void>;
}

/** Opens one to `host:port`. */
export async function cutLink(host: string, port: number): Promise<CutLink> {
  const sockets = new Set<Socket>();
  const opened = async (own: number): Promise<Server> => {
    const server = createServer((client) => {
      const upstream = connect({ host, port });
      for (const socket of [client, upstream]) {
        sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          sockets.delete(socket);
          client.destroy();
          upstream.destroy();
        });
      }
      client.pipe(upstream).pipe(client);
    });
    await new Promise<void>((done) => server.listen(own, '127.0.0.1', done));
    return server;
  };
  let server = await opened(0);
  const own = (server.address() as AddressInfo).port;
  const cut = async (): Promise<void> => {
    const closed = new Promise<void>((done) => server.close(() => done()));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return {
    port: own,
    cut,
    async mend() {
      if (!server.listening) server = await opened(own);
    },
    close: cut,
  };
}
