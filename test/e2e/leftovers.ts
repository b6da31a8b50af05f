import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isFree } from '../../src/adapters/host/port-claims.ts';
import { isAlive, startTicksOf } from '../../src/adapters/host/processes.ts';

/** A process that has to do with a folder. */
export interface FoundProcess {
  readonly pid: number;
  readonly command: string;
}

/** Live processes whose command line, working directory or environment names the folder: whoever runs for it. */
export function processesOf(folder: string): readonly FoundProcess[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid && startTicksOf(pid) !== undefined)
    .filter((pid) => [commandOf(pid), workingFolderOf(pid), environmentOf(pid)].some((text) => text.includes(folder)))
    .map((pid) => ({ pid, command: commandOf(pid) }));
}

/**
 * Ends every process that has to do with the folder, and waits until their last threads, which hold the ports, have ended.
 * A process whose first thread is a zombie no longer tells its folder, so each one found is kept in mind.
 */
export async function endProcessesOf(folder: string): Promise<void> {
  const found = new Map<number, string>();
  for (;;) {
    for (const { pid } of processesOf(folder)) {
      const startTicks = startTicksOf(pid);
      if (startTicks !== undefined) found.set(pid, startTicks);
    }
    const left = [...found].filter(([pid, startTicks]) => isAlive({ pid, startTicks }));
    if (left.length === 0) return;
    for (const [pid] of left) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended in between.
      }
    }
    await sleep(50);
  }
}

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

function commandOf(pid: number): string {
  return textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
}

function environmentOf(pid: number): string {
  return textOf(`/proc/${pid}/environ`);
}

function workingFolderOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
