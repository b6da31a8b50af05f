import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml';
import type { Document, Node, YAMLMap } from 'yaml';
import { MAX_DEPTH, MAX_KEYS, MAX_TEXT, MAX_VALUES } from './bounds.ts';
import type { FileError } from './file-error.ts';
import { refuseText } from './yaml-guard.ts';
import { descend, isMergeKey, keyOf, locate, MERGE, resolveAnchors } from './yaml-path.ts';
import type { Anchors, Segment } from './yaml-path.ts';

/** 1-based position in a text. */
interface Position {
  readonly line: number;
  readonly column: number;
}

/** A document as plain values, and a way back from a path to its position in the text. */
export interface Source {
  readonly file: string;
  readonly raw: unknown;
  /** Position of the key (or of the value, where there is no key) at a path, or of the nearest thing around it. */
  position(path: readonly Segment[], what?: 'key' | 'value'): Position;
  /** The scalar at a path as it is written, for numbers whose text says more than their value (`1e999`). */
  written(path: readonly Segment[]): string | undefined;
}

/** A {@link Source}, or what is wrong. */
export type Read = { readonly ok: true; readonly source: Source } | Unread;

/** What is wrong with a text. */
export interface Unread {
  readonly ok: false;
  readonly errors: readonly FileError[];
  /** The rest of the text where it can be read, so that its errors are reported too. */
  readonly source?: Source;
  /** Errors of keys that no map may have, with their path: who knows the format can say what is known there. */
  readonly forbidden?: ReadonlyMap<FileError, readonly Segment[]>;
}

/**
 * Parses YAML text into plain values. Bounded in time and memory whatever comes in, never throws: not YAML, several
 * documents, duplicate keys, circular anchors, alias bombs and unknown tags are errors with their position. Maps have no
 * prototype, so a key `__proto__` is a key like any other.
 */
export function readYaml(text: string, file: string): Read {
  const refusal = refuseText(text);
  if (refusal !== undefined) return { ok: false, errors: [{ file, path: '', ...refusal }] };
  const counter = new LineCounter();
  let documents: Document.Parsed[];
  let anchors: Anchors = new Map();
  try {
    const parsed = parseAllDocuments(text, {
      lineCounter: counter,
      prettyErrors: false,
      uniqueKeys: false,
      merge: true,
      logLevel: 'silent',
    });
    documents = [...(parsed as Document.Parsed[])];
    if (documents[0] !== undefined) anchors = resolveAnchors(documents[0]);
  } catch (cause) {
    return { ok: false, errors: [whole(file, cause instanceof RangeError ? 'nested too deeply' : 'not YAML', '', '')] };
  }
  const positionOf = (offset: number): Position => {
    const { line, col } = counter.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const [document, second] = documents;
  if (document === undefined || (document.contents === null && document.errors.length === 0)) {
    return { ok: false, errors: [whole(file, 'empty', '', 'a map with apiVersion, kind and metadata')] };
  }
  const syntax = [...document.errors, ...document.warnings];
  if (syntax.length > 0) {
    const errors = syntax.slice(0, 5).map((error) => ({
      file,
      ...positionOf(error.pos[0]),
      path: '',
      problem: `${error.code === 'TAG_RESOLVE_FAILED' ? 'a tag that means nothing here' : 'not YAML'}: ${shortened(error.message)}`,
      found: '',
      allowed: '',
    }));
    return { ok: false, errors };
  }
  const converter = new Converter(document, anchors, file, positionOf);
  const raw = converter.convert();
  if (second !== undefined) converter.errors.push(secondDocument(file, positionOf(second.range[0])));
  const source: Source = {
    file,
    raw,
    position: (path, what = 'key') => positionOf(locate(document, anchors, path, what)),
    written: (path) => {
      const node = descend(document, anchors, path);
      return isScalar(node) && typeof node.source === 'string' ? node.source : undefined;
    },
  };
  const { errors, forbidden, stopped } = converter;
  if (errors.length === 0) return { ok: true, source };
  return stopped ? { ok: false, errors } : { ok: false, errors, source, forbidden };
}

function secondDocument(file: string, position: Position): FileError {
  return { file, ...position, path: '', problem: 'a second document', found: '', allowed: 'one document a file' };
}

/** Words that may quote a megabyte. */
function shortened(message: string): string {
  const start = message.slice(0, 400).replaceAll(/\s+/g, ' ');
  return start.length > 160 ? `${start.slice(0, 157)}...` : start;
}

function whole(file: string, problem: string, found: string, allowed: string): FileError {
  return { file, line: 1, column: 1, path: '', problem, found, allowed };
}

/** Turns nodes into plain values, with a budget, aliases filled in. */
class Converter {
  readonly errors: FileError[] = [];
  readonly forbidden = new Map<FileError, readonly Segment[]>();
  /** Whether the rest was not looked at. */
  stopped = false;
  readonly #document: Document.Parsed;
  readonly #anchors: Anchors;
  readonly #file: string;
  readonly #positionOf: (offset: number) => Position;
  readonly #open = new Set<unknown>();
  #values = 0;
  #letters = 0;

  constructor(document: Document.Parsed, anchors: Anchors, file: string, positionOf: (offset: number) => Position) {
    this.#document = document;
    this.#anchors = anchors;
    this.#file = file;
    this.#positionOf = positionOf;
  }

  convert(): unknown {
    return this.#value(this.#document.contents, []);
  }

  #fail(node: unknown, path: readonly Segment[], problem: string, allowed: string, stop = false): undefined {
    this.errors.push(this.#error(node, path, problem, allowed));
    this.stopped ||= stop;
    return undefined;
  }

  #error(node: unknown, path: readonly Segment[], problem: string, allowed: string): FileError {
    const offset = (node as Node | null)?.range?.[0] ?? 0;
    return {
      file: this.#file,
      ...this.#positionOf(offset),
      path: dotted(path),
      problem: shortened(problem),
      found: '',
      allowed,
    };
  }

  #value(node: unknown, path: readonly Segment[]): unknown {
    if (this.stopped) return undefined;
    if (++this.#values > MAX_VALUES) {
      return this.#fail(node, [], `more than ${MAX_VALUES} values`, 'anchors count each time they are used', true);
    }
    if (path.length > MAX_DEPTH) return this.#fail(node, [], 'nested too deeply', `at most ${MAX_DEPTH} levels`, true);
    if (isAlias(node)) {
      const target = this.#anchors.get(node);
      if (target === undefined) return this.#fail(node, path, `no anchor &${node.source} before *${node.source}`, '');
      if (this.#open.has(target)) {
        return this.#fail(
          node,
          path,
          `the anchor &${node.source} holds itself`,
          'anchors may not go in a circle',
          true,
        );
      }
      return this.#value(target, path);
    }
    if (isMap(node)) return this.#within(node, () => this.#map(node, path));
    if (isSeq(node))
      return this.#within(node, () => node.items.map((item, index) => this.#value(item, [...path, index])));
    const value = isScalar(node) ? plainScalar(node.value) : null;
    if (typeof value === 'string') this.#letters += value.length;
    if (this.#letters > MAX_TEXT)
      return this.#fail(node, path, 'too much text', `at most ${MAX_TEXT} letters in a file`, true);
    return value;
  }

  #within<T>(node: unknown, convert: () => T): T {
    this.#open.add(node);
    const value = convert();
    this.#open.delete(node);
    return value;
  }

  #map(map: YAMLMap, path: readonly Segment[]): Record<string, unknown> {
    const result = Object.create(null) as Record<string, unknown>;
    const merged: object[] = [];
    if (map.items.length > MAX_KEYS)
      this.#fail(map, path, `a map of ${map.items.length} keys`, `at most ${MAX_KEYS} keys`, true);
    for (const pair of map.items) {
      const key = keyOf(pair);
      if (key === undefined) {
        this.#fail(pair.key, path, 'a key that is no plain word', 'keys are words or numbers');
      } else if (key === '__proto__') {
        const error = this.#error(pair.key, [...path, key], 'a key that no field may have', '');
        this.errors.push(error);
        this.forbidden.set(error, [...path, key]);
      } else if (key === MERGE && isMergeKey(pair)) {
        merged.push(...this.#merged(pair.value, [...path, key]));
      } else if (Object.hasOwn(result, key)) {
        this.#fail(pair.key, [...path, key], 'a duplicate key', 'each key once');
      } else {
        result[key] = this.#value(pair.value, [...path, key]);
      }
    }
    for (const source of merged) {
      for (const [key, value] of Object.entries(source)) if (!Object.hasOwn(result, key)) result[key] = value;
    }
    return result;
  }

  /** The maps that a key `<<` takes in. */
  #merged(node: unknown, path: readonly Segment[]): readonly object[] {
    const before = this.errors.length;
    const value = this.#value(node, path);
    const maps = (Array.isArray(value) ? value : [value]).filter(isObject);
    const all = Array.isArray(value) ? maps.length === value.length : maps.length === 1;
    // A missing anchor was reported already.
    if (!all && this.errors.length === before) {
      const error = this.#error(node, path, 'takes in what is no map', 'a map, or a list of maps');
      this.errors.push({ ...error, found: JSON.stringify(value).slice(0, 60) });
    }
    return maps;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function plainScalar(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  // Only tags that are refused before make anything but plain scalars.
  return typeof value === 'object' || typeof value === 'symbol' ? null : value;
}

/** Writes a path the way messages show it: `runnerActions[0].action`. */
export function dotted(path: readonly Segment[]): string {
  return path
    .map((segment, index) => (typeof segment === 'number' ? `[${segment}]` : index === 0 ? segment : `.${segment}`))
    .join('');
}
