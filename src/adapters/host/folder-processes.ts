import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { PROCESS_POLL_MS } from '../../core/plan/limits.ts';
import { isAlive, startTicksOf } from './processes.ts';
import { pause } from './poll-until.ts';

/** A process that has to do with a folder. */
export interface FoundProcess {
  readonly pid: number;
  readonly command: string;
}

/** Live processes whose command line, working directory or environment names the folder: all that run for it. */
export function processesOf(folder: string): readonly FoundProcess[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid && startTicksOf(pid) !== undefined)
    .filter((pid) => [commandOf(pid), workingFolderOf(pid), environmentOf(pid)].some((text) => text.includes(folder)))
    .map((pid) => ({ pid, command: commandOf(pid) }));
}

/**
 * Kills every process that has to do with the folder, and waits until their last threads, which hold the ports, have ended.
 * A process whose first thread is a zombie no longer shows its folder, so each one found is kept in mind.
 * @returns how many there were
 */
export async function endProcessesOf(folder: string): Promise<number> {
  const found = new Map<number, string>();
  for (;;) {
    for (const { pid } of processesOf(folder)) {
      const startTicks = startTicksOf(pid);
      if (startTicks !== undefined) found.set(pid, startTicks);
    }
    const left = [...found].filter(([pid, startTicks]) => isAlive({ pid, startTicks }));
    if (left.length === 0) return found.size;
    for (const [pid] of left) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended in between.
      }
    }
    await pause(2 * PROCESS_POLL_MS);
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
