import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeTextFile } from './atomic-file.ts';
import { campaignFolder } from './ledger.ts';

/** What a keeper knows of one part of the ground. Kept on disk, so that the next keeper goes on from it. */
export interface Remembered {
  readonly startTicks: string;
  /** When it was last seen well. */
  readonly lastAliveMs: number;
  /** It is not well since `startMs`, and that has been told. */
  readonly gap?: { readonly startMs: number; readonly why: 'died' | 'frozen' };
  /** When it was started again, lately. */
  readonly restartsMs: readonly number[];
  readonly gaveUp: boolean;
}

/** The memory of a campaign's keeper: parts of the ground by key, in `keeper.json` of the campaign's folder. */
export class KeeperMemory {
  readonly #path: string;
  readonly #parts: Map<string, Remembered>;

  constructor(slug: string) {
    this.#path = join(campaignFolder(slug), 'keeper.json');
    this.#parts = new Map(Object.entries(readParts(this.#path)));
  }

  get(key: string): Remembered | undefined {
    return this.#parts.get(key);
  }

  set(key: string, remembered: Remembered): void {
    this.#parts.set(key, remembered);
  }

  /** Writes it to disk, unless the campaign's folder is gone: a teardown must not find it made again. */
  save(): void {
    try {
      writeTextFile(this.#path, JSON.stringify(Object.fromEntries(this.#parts)), { createFolder: false });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    }
  }
}

function readParts(path: string): Record<string, Remembered> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, Remembered>;
  } catch {
    return {};
  }
}
