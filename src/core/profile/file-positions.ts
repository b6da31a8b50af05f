import type { FileError, Notice } from '../files/file-error.ts';
import { positioned, valueAt } from '../files/issues.ts';
import type { Finding } from '../files/issues.ts';
import type { Remark } from '../model/file-format.ts';
import { applyOverrides } from './overrides.ts';
import type { Overridden, Overrides } from './overrides.ts';
import { readYaml } from '../files/yaml-text.ts';
import type { Source } from '../files/yaml-text.ts';
import type { Segment } from '../files/yaml-path.ts';

/** Positions in a file that is valid by itself, for errors that appear when it is combined with other files. It is read once, on demand. */
export class FilePositions {
  /** The file as messages name it. */
  readonly file: string;
  readonly #text: string | undefined;
  readonly #overrides: Overrides;
  #read: Read | undefined;

  /** @param text undefined = it was given as an object and has no lines */
  constructor(file: string, overrides: Overrides, text?: string) {
    this.file = file;
    this.#overrides = overrides;
    this.#text = text;
  }

  /** The error of a finding, at its position in the file or naming its override. */
  errorAt(finding: Finding): FileError {
    const { source, changed } = this.#known();
    return positioned(finding, source, changed.from);
  }

  /** A remark on a field, at its position in the file or naming its override. */
  noticeAt({ path, message }: Remark): Notice {
    const { file, line, column, path: field } = this.errorAt({ path, problem: message });
    return { file, line, column, path: field, message };
  }

  /** Whether the file, or an override of it, has the first field of a path. */
  speaksOf(path: readonly Segment[]): boolean {
    return valueAt(this.#known().changed.raw, path.slice(0, 1)) !== undefined;
  }

  #known(): Read {
    this.#read ??= this.#readNow();
    return this.#read;
  }

  #readNow(): Read {
    const read = this.#text === undefined ? undefined : readYaml(this.#text, this.file);
    const source = read?.ok === true ? read.source : withoutLines(this.file);
    const changed = applyOverrides(source.raw, this.#overrides);
    // What is found at a field is what its override says.
    return { source: { ...source, raw: changed.raw }, changed };
  }
}

/** A file's text, and what it holds with its overrides. */
interface Read {
  readonly source: Source;
  readonly changed: Overridden;
}

/** `runnerActions[0].action` -> runnerActions, 0, action. */
export function pathOf(field: string): readonly Segment[] {
  return field
    .replaceAll(/\[(\d+)\]/g, '.$1')
    .split('.')
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}

function withoutLines(file: string): Source {
  return { file, raw: Object.create(null), position: () => ({ line: 0, column: 0 }), written: () => undefined };
}
