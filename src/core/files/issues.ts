import { withoutPasswords } from '../text/secrets.ts';
import type { z } from 'zod';
import { MAX_ERRORS } from './bounds.ts';
import type { FileError } from './file-error.ts';
import { nearest } from '../text/nearest.ts';
import { isOptional, keysOfFormat, knownKeys, ruleAt, schemaAt, step } from './schema-walk.ts';
import { dotted } from './yaml-text.ts';
import type { Segment } from './yaml-path.ts';
import type { Source } from './yaml-text.ts';

/** An error with its path in steps, before it has a position. */
export interface Finding {
  readonly path: readonly Segment[];
  readonly problem: string;
  readonly found?: string;
  readonly allowed?: string;
  readonly suggestion?: string;
  /** Point at the value rather than at its key. */
  readonly atValue?: boolean;
}

/** Gives a finding its position. An error below an override names the override instead, because that is what the user wrote. */
export function positioned(finding: Finding, source: Source, overridden: ReadonlyMap<string, string>): FileError {
  const path = dotted(finding.path);
  const by = overriddenBy(finding.path, overridden);
  const at =
    by === undefined
      ? source.position(finding.path, finding.atValue === true ? 'value' : 'key')
      : { line: 0, column: 0 };
  return {
    file: by ?? source.file,
    ...at,
    path,
    problem: finding.problem,
    // An override has no line of a file in which its value could be looked up.
    found: finding.found ?? (by === undefined ? '' : describe(valueAt(source.raw, finding.path))),
    allowed: finding.allowed ?? '',
    ...(finding.suggestion === undefined ? {} : { suggestion: finding.suggestion }),
  };
}

/** The override that the value at a path came by. */
export function overriddenBy(path: readonly Segment[], overridden: ReadonlyMap<string, string>): string | undefined {
  for (let length = path.length; length > 0; length--) {
    const by = overridden.get(dotted(path.slice(0, length)));
    if (by !== undefined) return by;
  }
  return undefined;
}

/** Translates what the schema library found into findings, in our own words. */
export function findingsOf(
  issues: readonly z.core.$ZodIssue[],
  root: z.core.$ZodType,
  source: Source,
): readonly Finding[] {
  return issues.flatMap((issue) => findingsOfIssue(issue, root, source));
}

function findingsOfIssue(issue: z.core.$ZodIssue, root: z.core.$ZodType, source: Source): readonly Finding[] {
  const path = issue.path.map((segment) => (typeof segment === 'number' ? segment : String(segment)));
  if (issue.code === 'unrecognized_keys')
    return issue.keys.slice(0, MAX_ERRORS).map((key) => unknownKey(root, path, key));
  const value = valueAt(source.raw, path);
  if (issue.code === 'invalid_key') {
    const own = issue.issues[0];
    return [
      {
        path,
        problem: own?.code === 'custom' ? 'not a valid name' : 'not a known key',
        found: quoted(path.at(-1)),
        allowed: keyAllowed(root, path),
      },
    ];
  }
  if (value === undefined && !present(source.raw, path)) return [missing(root, path)];
  const rule = ruleAt(root, path);
  const explained = rule.explain?.(value);
  const suggestion =
    explained?.suggestion ??
    (rule.choices !== undefined && typeof value === 'string' ? nearest(value, rule.choices) : undefined);
  return [
    {
      path,
      problem: explained?.problem ?? problemOf(issue, value),
      found: describe(value, source.written(path)),
      allowed: rule.allowed,
      atValue: true,
      ...(suggestion === undefined ? {} : { suggestion }),
    },
  ];
}

/** What a key of a map of names may look like. */
export function keyAllowed(root: z.core.$ZodType, path: readonly Segment[]): string {
  const record = schemaAt(root, path.slice(0, -1)) as { keyType?: z.core.$ZodType } | undefined;
  return record?.keyType === undefined ? '' : ruleAt(record.keyType, []).allowed;
}

/** An unknown key: what is known there, what is near, or where that key does belong. */
export function unknownKey(root: z.core.$ZodType, path: readonly Segment[], key: string): Finding {
  const known = knownKeys(root, path);
  const suggestion = nearest(key, known) ?? elsewhere(root, key);
  return {
    path: [...path, key],
    problem: 'unknown key',
    allowed: known.join(', '),
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

/** Where a key belongs that is known in another place, or nearly so. */
function elsewhere(root: z.core.$ZodType, key: string): string | undefined {
  const keys = keysOfFormat(root);
  return (keys.get(key) ?? keys.get(nearest(key, keys.keys()) ?? ''))?.[0];
}

function missing(root: z.core.$ZodType, path: readonly Segment[]): Finding {
  const parent = dotted(path.slice(0, -1));
  const where = parent === '' ? 'at the top of the file' : `under ${parent}`;
  const schema = schemaAt(root, path.slice(0, -1));
  const child = schema === undefined ? undefined : step(schema, path.at(-1) ?? '');
  const needed = child !== undefined && !isOptional(child) ? 'missing' : 'empty';
  return { path, problem: `${needed}, it belongs ${where}`, allowed: ruleAt(root, path).allowed };
}

function problemOf(issue: z.core.$ZodIssue, value: unknown): string {
  switch (issue.code) {
    case 'too_small':
      return typeof value === 'number' ? 'too small' : 'too few';
    case 'too_big':
      return `${typeof value === 'number' ? 'too large' : typeof value === 'string' ? 'too long' : 'too many'}, ${issue.maximum} is the most`;
    case 'invalid_value':
      return typeof value === 'string' ? 'unknown value' : 'wrong type';
    case 'invalid_type':
      if (typeof value === 'number')
        return Number.isFinite(value)
          ? Number.isInteger(value)
            ? 'wrong type'
            : 'not a whole number'
          : 'not a finite number';
      return value === null ? 'no value' : 'wrong type';
    default:
      return 'not allowed here';
  }
}

/** A value for a message: quoted and shortened, with its type. */
export function describe(value: unknown, written?: string): string {
  if (value === undefined) return '';
  if (value === null) return 'nothing (null)';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'a map';
  if (typeof value === 'string') return `${quoted(value)} (string)`;
  const plain = typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
  return `${withoutPasswords(written ?? plain).slice(0, 60)} (${typeof value})`;
}

function quoted(value: unknown): string {
  const text = withoutPasswords(String(value));
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}

/** The value at a path of plain values. */
export function valueAt(root: unknown, path: readonly Segment[]): unknown {
  let value: unknown = root;
  for (const segment of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return undefined;
    value = (value as Record<Segment, unknown>)[segment];
  }
  return value;
}

function present(root: unknown, path: readonly Segment[]): boolean {
  const parent = valueAt(root, path.slice(0, -1));
  return typeof parent === 'object' && parent !== null && Object.hasOwn(parent, path.at(-1) ?? '');
}
