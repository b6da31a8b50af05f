import { join } from 'node:path';
import { LEDGER_LOCK_MS } from '../../core/plan/limits.ts';
import { readJsonFile, writeJsonFile } from './atomic-file.ts';
import { stateFolder } from './folders.ts';
import { withProcessLockSync } from './process-lock.ts';
import { isAlive, type ProcessRecord } from './processes.ts';

/** A worker of this host. */
type WorkerId = Pick<ProcessRecord, 'pid' | 'startTicks'>;

/** The settings that the workers of a state folder have in common, by the names of their variables. */
type Settings = Readonly<Record<string, string>>;

/** In `<state>/host.json`. */
interface SharedRecord {
  readonly settings: Settings;
  /** The workers that began with these settings; dead ones among them do not count. */
  readonly workers: readonly WorkerId[];
}

/**
 * Settles what a worker that begins has in common with the other workers of its state folder: they lease one capacity, and are one
 * host to others. The first worker decides. One that begins while others live has their settings, or it is refused: which of them
 * answers a placement is chance.
 *
 * @param given what this worker was set to, by variable; undefined = nothing was said
 * @param usual what the first worker has where nothing was said
 * @returns the settings by variable
 * @throws Error naming the variable, the value found, the one allowed, and the worker that has it
 */
export function shareSettings(
  worker: WorkerId,
  given: Readonly<Record<string, string | undefined>>,
  usual: Settings,
): Settings {
  return withProcessLockSync(join(stateFolder(), 'locks', 'host-settings'), LEDGER_LOCK_MS, () => {
    const path = join(stateFolder(), 'host.json');
    const { settings: shared, workers } = (readJsonFile(path) ?? { settings: {}, workers: [] }) as SharedRecord;
    const [other, ...others] = workers.filter(isAlive);
    const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Settings;
    const settings = other === undefined ? { ...usual, ...said } : { ...said, ...shared };
    for (const [name, value] of Object.entries(said)) {
      if (settings[name] === value) continue;
      throw new Error(
        `${name}: found "${value}"; allowed: "${settings[name]}", which the worker with pid ${other?.pid} of this host has, ` +
          'because all workers of a host have the same; "./belay down" stops them',
      );
    }
    writeJsonFile(path, { settings, workers: [...(other === undefined ? [] : [other, ...others]), worker] });
    return settings;
  });
}
