import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { listensOn } from '../../../src/adapters/host/listens-on.ts';

test.skipIf(!existsSync('/proc/net/tcp'))(
  'a process listens on its own ports, and on those of no other process',
  async () => {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    expect(listensOn(process.pid, port)).toBe(true);
    expect(listensOn(process.ppid, port)).toBe(false);
    expect(listensOn(2 ** 22 + 1, port)).toBe(false);
    await new Promise((closed) => server.close(closed));
    expect(listensOn(process.pid, port)).toBe(false);
  },
);
