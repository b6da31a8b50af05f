import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { DUTY_STALE_MS } from '../../core/plan/limits.ts';
import { stateFolder } from './folders.ts';
import { tryProcessLock, type ProcessLock } from './process-lock.ts';

/**
 * Work that goes on in rounds and that one of the workers of a state folder does: the others take over when that one is dead, or has
 * begun no round for `DUTY_STALE_MS`. A worker that is frozen or hangs lives, and its successor must not wait for it.
 */
export class Duty {
  readonly #path: string;
  #lock: ProcessLock | undefined;

  /** @param name of its file `<state>/<name>.lock` */
  constructor(name: string) {
    this.#path = join(stateFolder(), `${name}.lock`);
  }

  /**
   * To be called before each round.
   * @returns whether this process does it; `first` when it did not do the round before
   * @throws the error of a disk that has no room for a lock
   */
  take(): 'no' | 'first' | 'again' {
    if (this.goesOn()) return 'again';
    this.#lock = tryProcessLock(this.#path, DUTY_STALE_MS);
    return this.#lock === undefined ? 'no' : 'first';
  }

  /**
   * Whether the round that was begun is still this process's, with a sign of life. Otherwise another one has done rounds since, and may
   * have ended: the next round of this process is a first one.
   */
  goesOn(): boolean {
    return this.#lock?.isHeld() === true && touched(this.#path);
  }

  /** Leaves it to the others. */
  release(): void {
    this.#lock?.release();
  }
}

/** Notes a round as the time of a file. False if the file is gone: another one is taking it over. */
function touched(path: string): boolean {
  const now = new Date();
  try {
    utimesSync(path, now, now);
    return true;
  } catch {
    return false;
  }
}
