import { readdirSync, readFileSync } from 'node:fs';
import { stateFolder } from './folders.ts';
import { campaignFolder } from './ledger.ts';
import { startTicksOf } from './processes.ts';
import type { ProcessRecord } from './processes.ts';
import { MARK_VARIABLE } from './tidy-environment.ts';

/** What `markedProcesses` finds. */
type MarkedProcess = Pick<ProcessRecord, 'pid' | 'startTicks'>;

/**
 * The environment to start a campaign's process with. `markedProcesses` finds the process by it, also when the worker that
 * started it died before it recorded the process.
 */
export function markOf(slug: string, name: string): Readonly<Record<string, string>> {
  return markIn(campaignFolder(slug), name);
}

/** Live processes of this user that carry the mark. */
export function markedProcesses(slug: string, name: string): readonly MarkedProcess[] {
  return markedIn(campaignFolder(slug), name);
}

/** The same for a part of the stack: a command may die between its start and its record, too. */
export function stackMark(name: string): Readonly<Record<string, string>> {
  return markIn(stateFolder(), name);
}

/** Live processes of this user that carry the mark of a part of the stack. */
export function stackProcesses(name: string): readonly MarkedProcess[] {
  return markedIn(stateFolder(), name);
}

function markIn(folder: string, name: string): Readonly<Record<string, string>> {
  return { [MARK_VARIABLE]: `${folder}#${name}` };
}

function markedIn(folder: string, name: string): readonly MarkedProcess[] {
  const mark = `${MARK_VARIABLE}=${folder}#${name}`;
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid && environmentOf(pid).includes(mark))
    .flatMap((pid) => {
      const startTicks = startTicksOf(pid);
      return startTicks === undefined ? [] : [{ pid, startTicks }];
    });
}

function environmentOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
