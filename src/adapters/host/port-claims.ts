import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { makeFolder } from './make-folder.ts';
import { cacheFolder, stateFolder } from './folders.ts';

const LOOPBACK = '127.0.0.1';

/** Lowest port that is claimed; below it sit well-known services. */
const LOWEST_PORT = 12_000;

/** Where Linux starts handing out ports to outgoing connections, when it does not say. */
const DEFAULT_EPHEMERAL_START = 32_768;

/**
 * Claims free TCP ports for a campaign, until they are released. They lie below the range from which the
 * kernel takes the ports of outgoing connections: a component that died finds its port still free when it starts again.
 * A claim is a file made exclusively, and a link to it in the cache that all state folders of this user share, so that campaigns at
 * once on one host never get the same port.
 * @param address where the ports are going to be listened on
 * @throws Error when there are not enough free ports
 */
export async function claimPorts(slug: string, count: number, address = LOOPBACK): Promise<readonly number[]> {
  makeFolder(claimFolder());
  dropStaleClaims();
  const isShared = openSharedClaims();
  const highest = ephemeralStart() - 1;
  const claimed: number[] = [];
  const span = Math.max(highest - LOWEST_PORT, 1);
  const start = LOWEST_PORT + Math.floor(Math.random() * span);
  for (let step = 0; step < span && claimed.length < count; step += 1) {
    const port = LOWEST_PORT + ((start - LOWEST_PORT + step) % span);
    if (!claim(port, slug)) continue;
    if ((!isShared || claimAmongAll(port)) && (await isFree(port, address))) claimed.push(port);
    else releasePorts([port]);
  }
  if (claimed.length < count) {
    releasePorts(claimed);
    throw new Error(
      `${count} free ports are needed between ${LOWEST_PORT} and ${highest}, ${claimed.length} were found`,
    );
  }
  return claimed;
}

/** Gives claimed ports back. Harmless for ports that are not claimed. */
export function releasePorts(ports: Iterable<number>): void {
  for (const port of ports) {
    if (linkedFrom(port) === claimFile(port)) rmSync(sharedLink(port), { force: true });
    rmSync(claimFile(port), { force: true });
  }
}

/** Gives back every port of a campaign. */
export function releasePortsOf(slug: string): void {
  for (const [port, owner] of claims()) if (owner === slug) releasePorts([port]);
}

/** Claims whose campaign left this host without giving them back. */
export function dropStaleClaims(): void {
  const campaigns = join(stateFolder(), 'campaigns');
  for (const [port, owner] of claims()) {
    if (owner !== '' && !existsSync(join(campaigns, owner))) releasePorts([port]);
  }
}

function claims(): readonly (readonly [number, string])[] {
  try {
    return readdirSync(claimFolder()).map((name) => [Number(name), ownerOf(name)] as const);
  } catch {
    return [];
  }
}

function ownerOf(name: string): string {
  try {
    return readFileSync(join(claimFolder(), name), 'utf8');
  } catch {
    return '';
  }
}

function claim(port: number, slug: string): boolean {
  try {
    writeFileSync(claimFile(port), slug, { flag: 'wx' });
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw cause;
  }
}

/** Whether there is a folder for the claims of all state folders. Links to claims that are gone with their state folder are dropped. */
function openSharedClaims(): boolean {
  try {
    makeFolder(sharedFolder());
    for (const name of readdirSync(sharedFolder())) {
      if (!existsSync(join(sharedFolder(), name))) rmSync(join(sharedFolder(), name), { force: true });
    }
    return true;
  } catch {
    // A cache that only others may write.
    return false;
  }
}

function claimAmongAll(port: number): boolean {
  try {
    symlinkSync(claimFile(port), sharedLink(port));
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw cause;
  }
}

function linkedFrom(port: number): string | undefined {
  try {
    return readlinkSync(sharedLink(port));
  } catch {
    return undefined;
  }
}

function sharedFolder(): string {
  return join(cacheFolder(), 'ports');
}

function sharedLink(port: number): string {
  return join(sharedFolder(), String(port));
}

function claimFolder(): string {
  return join(stateFolder(), 'ports');
}

function claimFile(port: number): string {
  return join(claimFolder(), String(port));
}

function ephemeralStart(): number {
  try {
    const start = Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/)[0]);
    return start > LOWEST_PORT + 1_000 ? start : DEFAULT_EPHEMERAL_START;
  } catch {
    return DEFAULT_EPHEMERAL_START;
  }
}

/** Whether nothing listens on a port of an address of this host. */
export function isFree(port: number, address = LOOPBACK): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(port, address, () => server.close(() => done(true)));
  });
}
