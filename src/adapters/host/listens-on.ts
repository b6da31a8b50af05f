import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** State of a socket that listens, in `/proc/net/tcp`. */
const LISTEN = '0A';

/**
 * Whether a process itself listens on a TCP port of IPv4. That something answers there does not say so: another server may have taken the
 * port in the moment before. A process that is gone listens on nothing. @returns undefined where the system does not show it
 */
export function listensOn(pid: number, port: number): boolean | undefined {
  let table: string;
  try {
    table = readFileSync('/proc/net/tcp', 'utf8');
  } catch {
    return undefined;
  }
  const ending = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const inodes = table.split('\n').flatMap((line) => {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
    return local?.endsWith(ending) === true && state === LISTEN && inode !== undefined ? [`socket:[${inode}]`] : [];
  });
  return openedBy(pid).some((name) => inodes.includes(linkOf(`/proc/${pid}/fd/${name}`)));
}

/** The file descriptors of a process; none when it is gone. */
function openedBy(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`);
  } catch {
    return [];
  }
}

/** What a file descriptor is; empty when it was closed meanwhile. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
