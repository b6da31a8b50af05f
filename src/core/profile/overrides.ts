import type { FileError } from '../files/file-error.ts';
import { describe, valueAt } from '../files/issues.ts';
import { dotted, readYaml } from '../files/yaml-text.ts';
import type { Segment } from '../files/yaml-path.ts';

/**
 * Changes to a document: nested, or with dotted keys, e.g. `{"loadProfile.soakSeconds": 10}`. A null takes a key out. A field is
 * changed once.
 */
export type Overrides = Readonly<Record<string, unknown>>;

/** A field to take out, and the override that asks for it. */
interface TakenOut {
  readonly path: readonly Segment[];
  readonly label: string;
}

/** A changed copy, with the override that each changed path came from. */
export interface Overridden {
  readonly raw: unknown;
  /** Dotted path -> the override as the user wrote it, e.g. `override "gates.x.max"`. */
  readonly from: ReadonlyMap<string, string>;
  /** Fields that were to be taken out of a document that does not have them. Whether that is an error depends on its format. */
  readonly absent: readonly TakenOut[];
  readonly errors: readonly FileError[];
}

const FORBIDDEN: ReadonlySet<string> = new Set(['__proto__', 'prototype', 'constructor']);

/**
 * Changes a raw document, before anything in it is validated. Maps are merged, everything else replaced; lists are reached
 * into by index (`runnerActions[0].atSeconds`, or `.0.`). The document itself stays as it is.
 */
export function applyOverrides(raw: unknown, overrides: Overrides): Overridden {
  const errors: FileError[] = [];
  const from = new Map<string, string>();
  const absent: TakenOut[] = [];
  const changed = new Set<string>();
  const root: { value: unknown } = { value: structuredCopy(raw) };
  for (const { path, value, label } of flatten(overrides)) {
    const refuse = ({ problem, allowed = ALLOWED }: Refusal, at = ''): void => {
      errors.push({ file: label, line: 0, column: 0, path: at, problem, found: describe(value), allowed });
    };
    if (path === undefined) {
      refuse({ problem: 'not a path to a field' });
      continue;
    }
    const segments = normal(root.value, path);
    if (changed.has(dotted(segments))) {
      refuse({ problem: 'changed twice', allowed: 'one change of a field' }, dotted(segments));
      continue;
    }
    const prefixes = segments.map((_, depth) => segments.slice(0, depth + 1));
    const missing = prefixes.find((prefix) => valueAt(root.value, prefix) === undefined);
    const refusal = set(root, path, value);
    if (refusal !== undefined) {
      refuse(refusal);
      continue;
    }
    if (missing !== undefined && value === null) absent.push({ path: segments, label });
    // The maps on the way to the field came by this override, too.
    if (missing !== undefined && !from.has(dotted(missing))) from.set(dotted(missing), label);
    from.set(dotted(segments), label);
    for (const prefix of prefixes) changed.add(dotted(prefix));
  }
  return { raw: root.value, from, absent, errors };
}

const ALLOWED = 'a dotted path of the profile, such as loadProfile.soakSeconds or gates.NAME.max';

/** Why a change cannot be made. */
interface Refusal {
  readonly problem: string;
  readonly allowed?: string;
}

/**
 * Reads `gates.x.max=5` of a command line: the value as in a file (`5`, `true`, `10m`, `[a, b]`; nothing = null).
 * @throws SyntaxError when there is no `=`, no path, or a file could not have the value
 */
export function parseSet(text: string): { readonly path: string; readonly value: unknown } {
  const equals = text.indexOf('=');
  const path = text.slice(0, Math.max(0, equals)).trim();
  if (equals < 0 || split(path) === undefined) {
    throw new SyntaxError(
      `--set ${JSON.stringify(text)}: found no path and value; allowed: PATH=VALUE, such as gates.podBindP99.max=5`,
    );
  }
  if (text.length > 10_000)
    throw new SyntaxError(`--set ${path}: the value is too long; allowed: at most 10000 characters`);
  const written = text.slice(equals + 1);
  // As in a file, nothing and a comment are null.
  if (/^\s*(?:#.*)?$/.test(written)) return { path, value: null };
  const read = readYaml(written, '--set');
  if (read.ok) return { path, value: read.source.raw };
  const [{ problem, allowed } = { problem: 'it cannot be read', allowed: '' }] = read.errors;
  const refused = problem.startsWith('not YAML') ? `is ${problem}` : `cannot be used: ${problem}`;
  throw new SyntaxError(`--set ${path}: the value ${refused}${allowed === '' ? '' : `; allowed: ${allowed}`}`);
}

interface Change {
  readonly path: readonly string[] | undefined;
  readonly value: unknown;
  readonly label: string;
}

function flatten(overrides: Overrides): readonly Change[] {
  const changes: Change[] = [];
  const walk = (value: unknown, path: readonly string[], label: string): void => {
    if (isMap(value) && Object.keys(value).length > 0 && path.length < 40) {
      for (const [key, entry] of Object.entries(value)) {
        const steps = split(key);
        const written = label === '' ? key : `${label}.${key}`;
        if (steps === undefined)
          changes.push({ path: undefined, value: entry, label: `override ${JSON.stringify(written)}` });
        else walk(entry, [...path, ...steps], written);
      }
    } else if (path.length > 0)
      changes.push({ path: withWholeKeys(path), value, label: `override ${JSON.stringify(label)}` });
  };
  walk(overrides, [], '');
  return changes;
}

/** Maps of a profile whose keys have dots, such as `kueue.x-k8s.io/queue-name`. */
const DOTTED_KEYS: ReadonlySet<string> = new Set(['labels', 'annotations', 'nodeSelector']);

/** In such a map, everything that follows is one key. */
function withWholeKeys(path: readonly string[]): readonly string[] {
  const [part, map, ...key] = path;
  if (part !== 'pods' || map === undefined || !DOTTED_KEYS.has(map) || key.length < 2) return path;
  return [part, map, key.join('.')];
}

/** `a.b[0].c` -> a, b, 0, c; undefined where it is no path. */
function split(path: string): readonly string[] | undefined {
  if (path.length > 300) return undefined;
  const steps = path.replaceAll(/\[(\d{1,6})\]/g, '.$1').split('.');
  return steps.some((step) => step === '' || FORBIDDEN.has(step)) ? undefined : steps;
}

function set(root: { value: unknown }, path: readonly string[], value: unknown): Refusal | undefined {
  let parent: Record<string, unknown> | unknown[] = root;
  let key: string | number = 'value';
  for (const [depth, step] of path.entries()) {
    let here: unknown = Array.isArray(parent) ? parent[Number(key)] : parent[key];
    if (here === undefined || here === null) {
      if (value === null) return undefined;
      here = Object.create(null) as Record<string, unknown>;
      put(parent, key, here);
    }
    if (Array.isArray(here)) {
      const index = /^(?:0|[1-9]\d*)$/.test(step) ? Number(step) : NaN;
      // One behind the last adds an entry.
      const last = value === null ? here.length - 1 : here.length;
      if (!(index <= last)) {
        const problem = `${path.slice(0, depth).join('.')} is a list of ${here.length}, ${step} is no index of it`;
        return { problem, allowed: last < 0 ? 'nothing, because the list is empty' : `an index from 0 to ${last}` };
      }
      parent = here;
      key = index;
    } else if (isMap(here)) {
      parent = here;
      key = step;
    } else return { problem: `${path.slice(0, depth).join('.')} holds ${describe(here)} and has no fields` };
  }
  if (value !== null) put(parent, key, structuredCopy(value));
  else if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else delete parent[key];
  return undefined;
}

function put(parent: Record<string, unknown> | unknown[], key: string | number, value: unknown): void {
  if (Array.isArray(parent)) parent[Number(key)] = value;
  else parent[key] = value;
}

/** Steps into lists become numbers, so that paths compare with those of errors. */
function normal(root: unknown, path: readonly string[]): readonly Segment[] {
  let here: unknown = root;
  return path.map((step) => {
    const segment = Array.isArray(here) ? Number(step) : step;
    here = typeof here === 'object' && here !== null ? (here as Record<Segment, unknown>)[segment] : undefined;
    return segment;
  });
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function structuredCopy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(structuredCopy);
  if (!isMap(value)) return value;
  const copy = Object.create(null) as Record<string, unknown>;
  for (const [key, entry] of Object.entries(value)) copy[key] = structuredCopy(entry);
  return copy;
}
