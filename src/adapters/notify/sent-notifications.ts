import { join } from 'node:path';
import { stateFolder } from '../host/folders.ts';
import { readJsonFile, writeJsonFile } from '../host/atomic-file.ts';
import { withProcessLockSync } from '../host/process-lock.ts';
import { LEDGER_LOCK_MS, SENT_KEPT } from '../../core/plan/limits.ts';

/** Which notifications of this host have been sent, or were not to be sent, oldest first. It outlives the worker. */
export class SentNotifications {
  readonly #path = join(stateFolder(), 'notifications.json');
  readonly #keys: Set<string>;
  /** No worker of this host has looked before: what is over already is not news. */
  readonly isFirst: boolean;

  constructor() {
    const stored = storedKeys(this.#path);
    this.isFirst = stored === undefined;
    this.#keys = new Set(stored ?? []);
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  add(keys: readonly string[]): void {
    for (const key of keys) this.#keys.add(key);
    this.#change((stored) => [...stored.filter((key) => !keys.includes(key)), ...keys]);
  }

  /** Forgets what may happen again, such as a schedule that is paused once more. */
  forget(keys: readonly string[]): void {
    const known = keys.filter((key) => this.#keys.delete(key));
    if (known.length > 0) this.#change((stored) => stored.filter((key) => !known.includes(key)));
  }

  /** Keys that begin so. */
  startingWith(prefix: string): readonly string[] {
    return [...this.#keys].filter((key) => key.startsWith(prefix));
  }

  /** A worker that was frozen, and goes on after another one has taken over, drops nothing that that one has sent. */
  #change(change: (stored: readonly string[]) => readonly string[]): void {
    withProcessLockSync(join(stateFolder(), 'locks', 'notifications'), LEDGER_LOCK_MS, () => {
      writeJsonFile(this.#path, change(storedKeys(this.#path) ?? [...this.#keys]).slice(-SENT_KEPT));
    });
  }
}

function storedKeys(path: string): readonly string[] | undefined {
  try {
    const stored = readJsonFile(path);
    return Array.isArray(stored) ? stored.map(String) : undefined;
  } catch {
    // A file that was cut off says nothing about what was sent.
    return undefined;
  }
}
