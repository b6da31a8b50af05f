import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { processesOf } from '../../src/adapters/host/folder-processes.ts';
import { isFree } from '../../src/adapters/host/port-claims.ts';

/** Keeps in mind every port that a state folder has on record from now on, for a look at the end. */
export class PortMemory {
  readonly #home: string;
  readonly #seen = new Set<number>();
  readonly #timer: NodeJS.Timeout;

  constructor(home: string) {
    this.#home = home;
    this.#timer = setInterval(() => this.#look(), 500);
  }

  /**
   * Ends the looking.
   * @returns the ports on record at any time that still are listened on, but for those that somebody else, whose process is
   *   known, has taken since: a developer's own stack wants the same two ports
   */
  async stillOpen(): Promise<readonly number[]> {
    clearInterval(this.#timer);
    this.#look();
    const open: number[] = [];
    for (const port of this.#seen) if (!(await isFree(port)) && !isOfAnother(port, this.#home)) open.push(port);
    return open;
  }

  #look(): void {
    for (const claimed of namesIn(join(this.#home, 'ports'))) this.#seen.add(Number(claimed));
    const records = namesIn(join(this.#home, 'workers')).map((name) => join(this.#home, 'workers', name));
    for (const path of [join(this.#home, 'stack.json'), ...records]) {
      for (const [, port] of textOf(path).matchAll(/(?:127\.0\.0\.1:|"metricsPort": )(\d+)/g))
        this.#seen.add(Number(port));
    }
  }
}

/** Whether a port's listener is a process that has nothing to do with the folder. */
function isOfAnother(port: number, folder: string): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  // Fields of a line: number, local address:port, remote, state (0A = listening), …, inode.
  const sockets = ['/proc/net/tcp', '/proc/net/tcp6']
    .flatMap((path) => textOf(path).split('\n'))
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(`:${hex}`) === true && fields[3] === '0A')
    .map((fields) => `socket:[${fields[9]}]`);
  const own = new Set(processesOf(folder).map(({ pid }) => pid));
  const holders = readdirSync('/proc').filter(
    (pid) => /^\d+$/.test(pid) && descriptorsOf(pid).some((target) => sockets.includes(target)),
  );
  return holders.length > 0 && holders.every((pid) => !own.has(Number(pid)));
}

function descriptorsOf(pid: string): readonly string[] {
  return namesIn(`/proc/${pid}/fd`).map((name) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${name}`);
    } catch {
      return '';
    }
  });
}

/** Names in a folder; none when there is no folder. */
export function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
