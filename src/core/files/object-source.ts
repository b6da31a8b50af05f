import { MAX_DEPTH, MAX_KEYS, MAX_TEXT, MAX_VALUES } from './bounds.ts';
import type { FileError } from './file-error.ts';
import { dotted } from './yaml-text.ts';
import type { Segment } from './yaml-path.ts';
import type { Read } from './yaml-text.ts';

/**
 * Takes an object that came as a workflow's input into the same form as a file: copied, bounded in depth and size, maps
 * without prototypes. Never throws. Values that JSON cannot carry (functions, symbols, dates) are refused.
 */
export function readObject(value: unknown, file: string): Read {
  const errors: FileError[] = [];
  const open = new Set<object>();
  let values = 0;
  let letters = 0;
  const fail = (path: readonly Segment[], problem: string, allowed: string): undefined => {
    if (errors.length < 5) errors.push({ file, line: 0, column: 0, path: dotted(path), problem, found: '', allowed });
    return undefined;
  };
  const copy = (item: unknown, path: readonly Segment[]): unknown => {
    if (++values > MAX_VALUES)
      return values === MAX_VALUES + 1 ? fail([], `more than ${MAX_VALUES} values`, '') : undefined;
    if (path.length > MAX_DEPTH) return fail(path.slice(0, 8), 'nested too deeply', `at most ${MAX_DEPTH} levels`);
    if (typeof item === 'string') letters += item.length;
    if (letters > MAX_TEXT) return fail([], 'too much text', `at most ${MAX_TEXT} letters in all`);
    if (item === null || typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean') return item;
    if (typeof item !== 'object') return fail(path, 'not a JSON value', 'what JSON can carry');
    if (open.has(item)) return fail(path, 'holds itself', 'values may not go in a circle');
    open.add(item);
    const result = Array.isArray(item)
      ? item.map((entry, index) => copy(entry, [...path, index]))
      : copyMap(item, path);
    open.delete(item);
    return result;
  };
  const copyMap = (item: object, path: readonly Segment[]): unknown => {
    const prototype: unknown = Object.getPrototypeOf(item);
    if (prototype !== null && prototype !== Object.prototype)
      return fail(path, 'not a plain object', 'what JSON can carry');
    const result = Object.create(null) as Record<string, unknown>;
    const entries = Object.entries(item);
    if (entries.length > MAX_KEYS) return fail(path, `a map of ${entries.length} keys`, `at most ${MAX_KEYS} keys`);
    for (const [key, entry] of entries) {
      if (key === '__proto__') fail([...path, key], 'a key that no field may have', '');
      else if (entry !== undefined) result[key] = copy(entry, [...path, key]);
    }
    return result;
  };
  const raw = copy(value, []);
  if (errors.length > 0) return { ok: false, errors };
  return { ok: true, source: { file, raw, position: () => ({ line: 0, column: 0 }), written: () => undefined } };
}
