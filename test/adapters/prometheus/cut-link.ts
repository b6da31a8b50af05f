import { connect, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A link to a port of loopback that can be cut, as a network is: nothing gets through and nothing is closed. */
export interface CutLink {
  readonly port: number;
  /** From now on nothing gets through, also on connections that are open. */
  cut(): void;
  /** New connections get through again. Those that were open stay silent for ever. */
  mend(): void;
  close(): Promise<void>;
}

/** Opens a link to a port, which may change. */
export async function cutLink(target: () => number): Promise<CutLink> {
  let isCut = false;
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    return socket;
  };
  const server = createServer((near) => {
    keep(near);
    if (isCut) {
      near.pause();
      return;
    }
    const far = keep(connect(target(), '127.0.0.1'));
    near.pipe(far);
    far.pipe(near);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', () => done());
  });
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      isCut = true;
      for (const socket of sockets) {
        socket.unpipe();
        socket.pause();
        socket.removeAllListeners('close');
      }
    },
    mend() {
      isCut = false;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((done) => {
        server.close(() => done());
      });
    },
  };
}
