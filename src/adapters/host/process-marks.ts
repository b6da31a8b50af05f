import { readdirSync, readFileSync } from 'node:fs';
import { campaignFolder } from './ledger.ts';
import { startTicksOf } from './processes.ts';
import type { ProcessRecord } from './processes.ts';

/** Environment variable that says what a process was started for. */
const MARK_VARIABLE = 'BELAY_STARTED_FOR';

/**
 * The environment to start a campaign's process with. `markedProcesses` finds the process by it, also when the worker that
 * started it died before it recorded the process.
 */
export function markOf(slug: string, name: string): Readonly<Record<string, string>> {
  return { [MARK_VARIABLE]: `${campaignFolder(slug)}#${name}` };
}

/** Live processes of this user that carry the mark. */
export function markedProcesses(slug: string, name: string): readonly Pick<ProcessRecord, 'pid' | 'startTicks'>[] {
  const mark = `${MARK_VARIABLE}=${campaignFolder(slug)}#${name}`;
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
