import type { z } from 'zod';
import { MAX_ERRORS } from '../files/bounds.ts';
import type { FileError, Notice, Parsed } from '../files/file-error.ts';
import { sortFileErrors } from '../files/file-error.ts';
import { describe, findingsOf, keyAllowed, overriddenBy, positioned, unknownKey, valueAt } from '../files/issues.ts';
import type { Finding } from '../files/issues.ts';
import type { Catalogue } from '../model/catalogue.ts';
import { FILE_KINDS } from '../model/file-format.ts';
import type { FileFormat, FileKind, Remark } from '../model/file-format.ts';
import type { Ladder } from '../model/ladder.ts';
import type { Profile } from '../model/profile.ts';
import type { Substrate } from '../model/substrate.ts';
import type { System } from '../model/system.ts';
import { readObject } from '../files/object-source.ts';
import { checkRemoval } from './check-removal.ts';
import { formatOf, refuseRetired } from './formats.ts';
import { gatesTooCostly } from './gates-cost.ts';
import { applyOverrides } from './overrides.ts';
import type { Overrides } from './overrides.ts';
import { catalogueContradictions } from './rules-catalogue.ts';
import { substrateContradictions } from './rules-substrate.ts';
import { systemContradictions } from './rules-system.ts';
import { profileContradictions } from './rules-profile.ts';
import { catalogueSchema } from './schema-catalogue.ts';
import { substrateSchema } from './schema-substrate.ts';
import { profileSchema } from './schema-profile.ts';
import { ladderSchema, systemSchema } from './schema-system.ts';
import { toCatalogue, toLadder, toProfile, toSubstrate, toSystem } from './to-model.ts';
import { dotted, readYaml } from '../files/yaml-text.ts';
import type { Read, Source, Unread } from '../files/yaml-text.ts';

/** How a text is parsed. */
export interface ParseOptions {
  /** The file as the user named it; in every message. */
  readonly file?: string;
  /** Changes applied before validation; an error in one names it. */
  readonly overrides?: Overrides;
}

/** What is specific to one kind of file. */
interface Kind<F, T> {
  readonly kind: FileKind;
  readonly schema: z.ZodType<F>;
  readonly contradictions: (raw: unknown, format: FileFormat) => readonly Finding[];
  readonly toModel: (file: F, format: FileFormat, fileName: string) => T;
}

const PROFILE: Kind<z.output<typeof profileSchema>, Profile> = {
  kind: 'Profile',
  schema: profileSchema,
  contradictions: profileContradictions,
  toModel: toProfile,
};

const SUBSTRATE: Kind<z.output<typeof substrateSchema>, Substrate> = {
  kind: 'Substrate',
  schema: substrateSchema,
  contradictions: substrateContradictions,
  toModel: toSubstrate,
};

const SYSTEM: Kind<z.output<typeof systemSchema>, System> = {
  kind: 'System',
  schema: systemSchema,
  contradictions: systemContradictions,
  toModel: toSystem,
};

const LADDER: Kind<z.output<typeof ladderSchema>, Ladder> = {
  kind: 'Ladder',
  schema: ladderSchema,
  contradictions: () => [],
  toModel: toLadder,
};

const CATALOGUE: Kind<z.output<typeof catalogueSchema>, Catalogue> = {
  kind: 'Catalogue',
  schema: catalogueSchema,
  contradictions: catalogueContradictions,
  toModel: (file, _, fileName) => toCatalogue(file, file.metadata?.name ?? baseName(fileName)),
};

/** Parses the text of a profile file, `belay.dev/v1` or `bigfleet.io/scaletest/v1`. Never throws; reports every error at once. */
export function parseProfile(text: string, options: ParseOptions = {}): Parsed<Profile> {
  return parseKind(PROFILE, (file) => readYaml(text, file), options);
}

/** Parses the text of a substrate file, Belay's or BigFleet's. */
export function parseSubstrate(text: string, options: ParseOptions = {}): Parsed<Substrate> {
  return parseKind(SUBSTRATE, (file) => readYaml(text, file), options);
}

/** Parses the text of a system file. */
export function parseSystem(text: string, options: ParseOptions = {}): Parsed<System> {
  return parseKind(SYSTEM, (file) => readYaml(text, file), options);
}

/** Parses the text of a ladder file. */
export function parseLadder(text: string, options: ParseOptions = {}): Parsed<Ladder> {
  return parseKind(LADDER, (file) => readYaml(text, file), options);
}

/** Parses the text of a catalogue file; without `metadata` it gets the name of its file. */
export function parseCatalogue(text: string, options: ParseOptions = {}): Parsed<Catalogue> {
  return parseKind(CATALOGUE, (file) => readYaml(text, file), options);
}

/** Validates a profile given as an object, the same way as a file. */
export function profileFromObject(value: unknown, options: ParseOptions = {}): Parsed<Profile> {
  return parseKind(PROFILE, (file) => readObject(value, file), {
    ...options,
    file: options.file ?? labelOf('profile', value),
  });
}

/** Validates a substrate given as an object. */
export function substrateFromObject(value: unknown, options: ParseOptions = {}): Parsed<Substrate> {
  return parseKind(SUBSTRATE, (file) => readObject(value, file), {
    ...options,
    file: options.file ?? labelOf('substrate', value),
  });
}

/** Validates a catalogue given as an object. */
export function catalogueFromObject(value: unknown, options: ParseOptions = {}): Parsed<Catalogue> {
  return parseKind(CATALOGUE, (file) => readObject(value, file), {
    ...options,
    file: options.file ?? labelOf('catalogue', value),
  });
}

function labelOf(kind: string, value: unknown): string {
  const name = valueAt(value, ['metadata', 'name']) ?? valueAt(value, ['name']);
  return `${kind} ${typeof name === 'string' && name !== '' ? name.slice(0, 80) : '<unnamed>'}`;
}

function parseKind<F, T>(kind: Kind<F, T>, read: (file: string) => Read, options: ParseOptions): Parsed<T> {
  const file = options.file ?? kind.kind.toLowerCase();
  const first = read(file);
  const unread: Unread = first.ok ? { ok: false, errors: [] } : first;
  let { source } = first;
  if (source === undefined) return { ok: false, errors: capped(unread.errors, 0, file) };
  let from: ReadonlyMap<string, string> = new Map();
  const errors: FileError[] = unread.errors.map((error) => explained(error, unread, kind.schema));
  if (options.overrides !== undefined) {
    const changed = applyOverrides(source.raw, options.overrides);
    errors.push(...changed.errors);
    from = changed.from;
    const before: Source = source;
    for (const { path, label } of changed.absent) {
      const finding = checkRemoval(kind.schema, before.raw, path);
      if (finding !== undefined) errors.push(positioned(finding, before, new Map([[dotted(finding.path), label]])));
    }
    // The text of the file at the path of an override is not the value that was found.
    source = {
      ...source,
      raw: changed.raw,
      written: (path) => (overriddenBy(path, from) === undefined ? before.written(path) : undefined),
    };
  }
  const wrong = refuseKind(kind, source.raw);
  if (wrong !== undefined) {
    return { ok: false, errors: capped(sortFileErrors([...errors, positioned(wrong, source, from)]), 0, file) };
  }
  const format = formatOf(kind.kind, valueAt(source.raw, ['apiVersion']));
  const raw = format.normalise(kind.schema, source.raw, baseName(file));
  const seen: Source = { ...source, raw };
  const parsed = kind.schema.safeParse(raw);
  // A file may have ten thousand errors: only those that are reported are worked out.
  const issues = parsed.success ? [] : parsed.error.issues;
  // A value that could not be read is not missing.
  const reported = new Set(unread.errors.map((error) => error.path));
  const findings = [
    ...distinct(findingsOf(issues.slice(0, MAX_ERRORS), kind.schema, seen)),
    ...kind.contradictions(raw, format),
  ].filter((finding) => valueAt(raw, finding.path) !== undefined || !reported.has(dotted(finding.path)));
  errors.push(...findings.slice(0, MAX_ERRORS).map((finding) => positioned(finding, seen, from)));
  const keys = issues.map((issue) => (issue.code === 'unrecognized_keys' ? issue.keys.length : 1));
  const beyond = [issues.length, findings.length, ...keys].map((count) => Math.max(0, count - MAX_ERRORS));
  const unreported = beyond.reduce((sum, count) => sum + count, 0);
  if (errors.length > 0 || !parsed.success)
    return { ok: false, errors: capped(sortFileErrors(errors), unreported, file) };
  return {
    ok: true,
    value: kind.toModel(parsed.data, format, file),
    notices: format.notices(kind.kind, raw).map((remark) => noticeOf(remark, seen)),
  };
}

/** An error of the text, with what only the format knows: the keys that may stand in the place of a forbidden one. */
function explained(error: FileError, { forbidden }: Unread, schema: z.core.$ZodType): FileError {
  const path = forbidden?.get(error);
  if (path === undefined) return error;
  const { problem, allowed = '' } = unknownKey(schema, path.slice(0, -1), String(path.at(-1)));
  return allowed === '' ? { ...error, allowed: keyAllowed(schema, path) } : { ...error, problem, allowed };
}

/** Where a file of each kind belongs, for the message about one that was named elsewhere. */
const USE_OF_KIND: Readonly<Record<FileKind, string>> = {
  Profile: 'a Profile is run by "belay run"',
  System: 'a System is named by "system" of a profile',
  Substrate: 'a Substrate is named by "--substrate"',
  Ladder: 'a Ladder is climbed by "belay climb"',
  Catalogue: 'a Catalogue is named by "catalog.archetypes" of a profile',
};

/** What makes further checks pointless, or too long: no map, another kind of file, a retired format, too many and long queries. */
function refuseKind<F, T>(kind: Kind<F, T>, raw: unknown): Finding | undefined {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    return {
      path: [],
      problem: 'not a map',
      found: describe(raw),
      allowed: `a ${kind.kind} file: a map with apiVersion, kind and metadata`,
    };
  }
  const own = valueAt(raw, ['kind']);
  if (typeof own === 'string' && own !== kind.kind && FILE_KINDS.some((known) => known === own)) {
    const allowed = `${kind.kind} (${USE_OF_KIND[own as FileKind]})`;
    return { path: ['kind'], problem: 'another kind of file', found: describe(own), allowed, atValue: true };
  }
  return refuseRetired(kind.kind, raw) ?? gatesTooCostly(raw);
}

function noticeOf(remark: Remark, source: Source): Notice {
  const path = remark.path.map((segment) => (typeof segment === 'number' ? `[${segment}]` : `.${segment}`)).join('');
  return { file: source.file, ...source.position(remark.path), path: path.replace(/^\./, ''), message: remark.message };
}

/** The schema may find one value wrong twice (by pattern and by test, too large twice over): the last says most. */
function distinct(findings: readonly Finding[]): readonly Finding[] {
  return [...new Map(findings.map((finding) => [JSON.stringify(finding.path), finding])).values()];
}

function capped(errors: readonly FileError[], unreported: number, file: string): readonly FileError[] {
  const reported = errors.slice(0, MAX_ERRORS);
  const rest = errors.length - reported.length + unreported;
  if (rest === 0) return reported;
  return [...reported, { file, line: 0, column: 0, path: '', problem: `and ${rest} more`, found: '', allowed: '' }];
}

/** `profiles/dev-50.yaml` -> `dev-50`. */
function baseName(file: string): string {
  return (file.split(/[/\\]/).at(-1) ?? file).replace(/\.ya?ml$/, '');
}
