import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { parseIp } from '../../core/kubeconfig/ip-address.ts';
import { HTTP_CONNECT_MS } from '../../core/plan/limits.ts';

const VERSION = 5;
const NO_LOGIN = 0;
const PASSWORD = 2;
const FAILURES: Readonly<Record<number, string>> = {
  1: 'it failed',
  2: 'its rules do not allow the connection',
  3: 'the network cannot be reached',
  4: 'the host cannot be reached',
  5: 'the connection was refused',
  6: 'the connection timed out',
};

/** Connects to a host through a SOCKS 5 proxy (RFC 1928), which resolves the host's name. @throws Error that says why it does not */
export async function connectSocks(
  proxy: URL,
  target: { readonly hostname: string; readonly port: number },
): Promise<Socket> {
  const signal = AbortSignal.timeout(HTTP_CONNECT_MS);
  const host = proxy.hostname.replaceAll(/^\[|\]$/g, '');
  const socket = connect({ host, port: proxy.port === '' ? 1080 : Number(proxy.port) });
  try {
    await once(socket, 'connect', { signal });
    await logIn(socket, proxy, signal);
    const port = Buffer.alloc(2);
    port.writeUInt16BE(target.port);
    socket.write(Buffer.concat([Buffer.from([VERSION, 1, 0]), addressOf(target.hostname), port]));
    const [, reply = 1, , type = 1] = await read(socket, 4, signal);
    if (reply !== 0) throw new Error(FAILURES[reply] ?? `it answers with code ${reply}`);
    const length = type === 1 ? 4 : type === 4 ? 16 : ((await read(socket, 1, signal))[0] ?? 0);
    await read(socket, length + 2, signal);
    return socket;
  } catch (cause) {
    socket.destroy();
    if (signal.aborted) throw new Error(`no connection within ${HTTP_CONNECT_MS} ms`, { cause });
    throw cause;
  }
}

async function logIn(socket: Socket, proxy: URL, signal: AbortSignal): Promise<void> {
  const user = Buffer.from(decodeURIComponent(proxy.username));
  const password = Buffer.from(decodeURIComponent(proxy.password));
  const methods = user.length === 0 ? [NO_LOGIN] : [NO_LOGIN, PASSWORD];
  socket.write(Buffer.from([VERSION, methods.length, ...methods]));
  const [version, method] = await read(socket, 2, signal);
  if (version !== VERSION) throw new Error('it is no SOCKS 5 proxy');
  if (method === NO_LOGIN) return;
  if (method !== PASSWORD || user.length === 0) throw new Error('it wants a login that its address does not have');
  socket.write(Buffer.concat([Buffer.from([1, user.length]), user, Buffer.from([password.length]), password]));
  const [, status] = await read(socket, 2, signal);
  if (status !== 0) throw new Error('it refuses the user name and the password');
}

function addressOf(hostname: string): Buffer {
  const bare = hostname.replaceAll(/^\[|\]$/g, '');
  const ip = parseIp(bare);
  if (ip === undefined) {
    const name = Buffer.from(bare);
    return Buffer.concat([Buffer.from([3, name.length]), name]);
  }
  const hex = ip.value.toString(16).padStart(ip.bits / 4, '0');
  return Buffer.concat([Buffer.from([ip.bits === 32 ? 1 : 4]), Buffer.from(hex, 'hex')]);
}

/** Exactly so many bytes: what comes after them belongs to the server behind the proxy. */
async function read(socket: Socket, count: number, signal: AbortSignal): Promise<Buffer> {
  for (;;) {
    const found = socket.read(count) as Buffer | null;
    if (found !== null) return found;
    if (socket.readableEnded || socket.destroyed) throw new Error('it closes the connection');
    await Promise.race([once(socket, 'readable', { signal }), once(socket, 'end', { signal })]);
  }
}
