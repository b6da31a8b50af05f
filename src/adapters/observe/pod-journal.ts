import { closeSync, existsSync, openSync, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../host/make-folder.ts';
import { JOURNAL_FLUSH_MS } from '../../core/plan/limits.ts';
import { campaignFolder } from '../host/ledger.ts';
import { firstLine, linesOf, wholeLineBytes } from './line-file.ts';
import { factOf, lineOf, type PodFact } from './pod-facts.ts';

/** How many bytes of each earlier file belong to the journal, by the number of the file. */
type Taken = Readonly<Record<string, number>>;

/** Folder of the journal of a cluster's Pods. It is removed with the campaign's folder. */
export function journalFolder(slug: string, cluster: string): string {
  return join(campaignFolder(slug), 'pods', cluster);
}

/**
 * The journal of a cluster's Pods on the host's disk: one fact a line, only ever appended to. A worker that takes a campaign over
 * continues it.
 *
 * Every writer has a file of its own. Its first line says how many bytes of the files before it took over. What a writer adds to
 * its file after that, because it does not know yet that another one has begun, is no part of the journal: two writers never
 * both account for a Pod. A fact is on the disk within `JOURNAL_FLUSH_MS`, or when `flush` returns. It is not lost when the worker
 * is killed; a crash of the host may lose it.
 */
export class PodJournal {
  readonly #next: string;
  #file: number | undefined;
  #lines: string[] = [];
  #rest: Buffer = Buffer.alloc(0);
  #timer: NodeJS.Timeout | undefined;
  #superseded = false;

  /**
   * Opens the journal in a folder, and reads what earlier writers left.
   * @param onFact called with each fact so far, in order
   * @throws Error of the file system
   */
  static open(folder: string, onFact: (fact: PodFact) => void): PodJournal {
    makeFolder(folder);
    for (;;) {
      const number = 1 + Math.max(0, ...numbersIn(folder));
      let file: number;
      try {
        file = openSync(pathOf(folder, number), 'ax');
      } catch (cause) {
        // Another worker was faster.
        if ((cause as NodeJS.ErrnoException).code === 'EEXIST') continue;
        throw cause;
      }
      // This comes after the file exists: what a writer adds before it sees the file is read here.
      const taken = takenBefore(folder, number);
      for (const [earlier, bytes] of taken) for (const fact of factsOf(folder, earlier, bytes)) onFact(fact);
      writeSync(file, `${JSON.stringify(['after', Object.fromEntries(taken)])}\n`);
      return new PodJournal(folder, number, file);
    }
  }

  private constructor(folder: string, number: number, file: number) {
    this.#next = pathOf(folder, number + 1);
    this.#file = file;
  }

  /** Another writer has taken over: what this one appends is dropped. */
  get superseded(): boolean {
    return this.#superseded;
  }

  append(fact: PodFact): void {
    if (this.#superseded || this.#file === undefined) return;
    this.#lines.push(lineOf(fact));
    this.#timer ??= setTimeout(() => this.flush(), JOURNAL_FLUSH_MS).unref();
  }

  /**
   * Writes what has been appended. What cannot be written now, e.g. because the disk is full, is kept for the next time.
   * @returns whether all of it is written, and belongs to the journal
   */
  flush(): boolean {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#superseded) return false;
    if (this.#file === undefined) return this.#lines.length === 0;
    if (this.#lines.length > 0) {
      this.#rest = Buffer.concat([this.#rest, Buffer.from(`${this.#lines.join('\n')}\n`)]);
      this.#lines = [];
    }
    try {
      while (this.#rest.length > 0) this.#rest = this.#rest.subarray(writeSync(this.#file, this.#rest));
    } catch {
      return false;
    }
    // Checked after the writing: a writer whose file does not exist yet will read what was written.
    if (!existsSync(this.#next)) return true;
    this.#superseded = true;
    this.#rest = Buffer.alloc(0);
    return false;
  }

  close(): void {
    if (this.#file === undefined) return;
    this.flush();
    closeSync(this.#file);
    this.#file = undefined;
  }
}

/** The files before a writer's own, and how many bytes of each it takes over. */
function takenBefore(folder: string, number: number): readonly (readonly [number, number])[] {
  const before = numbersIn(folder)
    .filter((each) => each < number)
    .toSorted((a, b) => a - b);
  const last = before.at(-1);
  if (last === undefined) return [];
  const bytes = wholeLineBytes(pathOf(folder, last));
  const known = headerOf(folder, last);
  // A writer that was killed before its first line took nothing over, and left nothing.
  if (known === undefined) return takenBefore(folder, last);
  return [...Object.entries(known).map(([earlier, size]) => [Number(earlier), size] as const), [last, bytes]];
}

function headerOf(folder: string, number: number): Taken | undefined {
  const line = firstLine(pathOf(folder, number));
  try {
    const parts = JSON.parse(line) as readonly unknown[];
    return parts[0] === 'after' ? (parts[1] as Taken) : undefined;
  } catch {
    return undefined;
  }
}

function* factsOf(folder: string, number: number, bytes: number): Generator<PodFact> {
  for (const line of linesOf(pathOf(folder, number), bytes)) {
    const fact = factOf(line);
    if (fact !== undefined) yield fact;
  }
}

function numbersIn(folder: string): readonly number[] {
  return readdirSync(folder).flatMap((name) => {
    const number = /^(\d+)\.jsonl$/.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
}

function pathOf(folder: string, number: number): string {
  return join(folder, `${number}.jsonl`);
}
