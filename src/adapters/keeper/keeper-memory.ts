import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeTextFile } from '../host/atomic-file.ts';
import { campaignFolder } from '../host/ledger.ts';

/** What a keeper knows about one part of the infrastructure. It is kept on disk, and the next keeper continues from it. */
export interface Remembered {
  readonly startTicks: string;
  /** When it was last healthy. */
  readonly lastAliveMs: number;
  /** It has not been healthy since `startMs`, and that is reported. */
  readonly gap?: { readonly startMs: number; readonly why: 'died' | 'frozen' };
  /** Times of the recent restarts. */
  readonly restartsMs: readonly number[];
  readonly gaveUp: boolean;
}

/** The memory of a campaign's keeper: parts of the infrastructure by key, in `keeper.json` of the campaign's folder. */
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

  /** Writes it to disk, unless a teardown has removed the campaign's folder. */
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
