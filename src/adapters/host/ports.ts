import { createServer } from 'node:net';

/** Ports handed out by this process and perhaps not bound yet: not handed out twice. */
const handedOut = new Set<number>();

/** A TCP port on loopback that was free a moment ago. `preferred` is given if it is free. */
export async function freePort(preferred?: number): Promise<number> {
  if (preferred !== undefined && (await canListen(preferred))) return preferred;
  for (;;) {
    const port = await listenOn(0);
    if (!handedOut.has(port)) {
      handedOut.add(port);
      return port;
    }
  }
}

async function canListen(port: number): Promise<boolean> {
  try {
    await listenOn(port);
    return true;
  } catch {
    return false;
  }
}

function listenOn(port: number): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') done(address.port);
        else fail(new Error(`listening on port ${port} gave no address`));
      });
    });
  });
}
