import type { z } from 'zod';
import { MAX_ERRORS } from '../files/bounds.ts';
import type { FileError, Notice, Parsed } from '../files/file-error.ts';
import { sortFileErrors } from '../files/file-error.ts';
import { describe, findingsOf, keyAllowed, overriddenBy, placed, unknownKey, valueAt } from '../files/issues.ts';
import type { Finding } from '../files/issues.ts';
import { legacyProblem } from '../bigfleet/format/legacy-marks.ts';
import type { Catalogue } from '../model/catalogue.ts';
import type { Ladder } from '../model/ladder.ts';
import type { Profile } from '../model/profile.ts';
import type { Substrate } from '../model/substrate.ts';
import type { System } from '../model/system.ts';
import { readObject } from '../files/object-source.ts';
import { applyOverrides } from './overrides.ts';
import type { Overrides } from './overrides.ts';
import { catalogueContradictions, substrateContradictions, systemContradictions } from './rules-place.ts';
import { profileContradictions, upstreamNotices } from './rules-profile.ts';
import type { Remark } from './rules-profile.ts';
import { catalogueSchema, substrateSchema } from './schema-place.ts';
import { BIGFLEET_VERSION, profileSchema } from './schema-profile.ts';
import { ladderSchema, systemSchema } from './schema-system.ts';
import { toCatalogue, toLadder, toProfile, toSubstrate, toSystem } from './to-model.ts';
import { asUpstreamReads } from '../bigfleet/format/empty-fields.ts';
import { dotted, readYaml } from '../files/yaml-text.ts';
import type { Read, Source, Unread } from '../files/yaml-text.ts';

/** How a text is parsed. */
export interface ParseOptions {
  /** The file as the user named it; in every message. */
  readonly file?: string;
  /** Changes applied before validation; an error in one names it. */
  readonly overrides?: Overrides;
}

/** What is special of a kind of file. */
interface Kind<F, T> {
  readonly kind: string;
  readonly schema: z.ZodType<F>;
  /** The kind exists upstream too. */
  readonly upstream: boolean;
  /** Upstream's files of the kind do not say their version. */
  readonly versionless?: true;
  readonly contradictions: (raw: unknown, upstream: boolean) => readonly Finding[];
  readonly toModel: (file: F, upstream: boolean, fileName: string) => T;
  readonly notices?: (raw: unknown) => readonly Remark[];
}

const PROFILE: Kind<z.output<typeof profileSchema>, Profile> = {
  kind: 'Profile',
  schema: profileSchema,
  upstream: true,
  contradictions: profileContradictions,
  toModel: toProfile,
  notices: upstreamNotices,
};

const SUBSTRATE: Kind<z.output<typeof substrateSchema>, Substrate> = {
  kind: 'Substrate',
  schema: substrateSchema,
  upstream: true,
  contradictions: substrateContradictions,
  toModel: toSubstrate,
};

const SYSTEM: Kind<z.output<typeof systemSchema>, System> = {
  kind: 'System',
  schema: systemSchema,
  upstream: false,
  contradictions: systemContradictions,
  toModel: toSystem,
};

const LADDER: Kind<z.output<typeof ladderSchema>, Ladder> = {
  kind: 'Ladder',
  schema: ladderSchema,
  upstream: false,
  contradictions: () => [],
  toModel: toLadder,
};

const CATALOGUE: Kind<z.output<typeof catalogueSchema>, Catalogue> = {
  kind: 'Catalogue',
  schema: catalogueSchema,
  upstream: true,
  versionless: true,
  contradictions: catalogueContradictions,
  toModel: (file, _, fileName) => toCatalogue(file, file.metadata?.name ?? baseName(fileName)),
};

/** Parses the text of a profile file, `belay.dev/v1` or `bigfleet.io/scaletest/v1`. Never throws; tells every error at once. */
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

/** Parses the text of a catalogue file; one without `metadata` is called by its file's name. */
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
    // What stands in the file at the place of an override is not what was found.
    source = {
      ...source,
      raw: changed.raw,
      written: (path) => (overriddenBy(path, from) === undefined ? before.written(path) : undefined),
    };
  }
  const wrong = refuseKind(kind, source.raw);
  if (wrong !== undefined) {
    return { ok: false, errors: capped(sortFileErrors([...errors, placed(wrong, source, from)]), 0, file) };
  }
  const version = valueAt(source.raw, ['apiVersion']);
  const upstream = kind.upstream && version === BIGFLEET_VERSION;
  const raw =
    upstream || (kind.versionless === true && version === undefined)
      ? asUpstreamReads(kind.schema, source.raw, baseName(file))
      : source.raw;
  const seen: Source = { ...source, raw };
  const parsed = kind.schema.safeParse(raw);
  // A file may be wrong in ten thousand places: only what is told is worked out.
  const issues = parsed.success ? [] : parsed.error.issues;
  // A value that could not be read is not missing.
  const told = new Set(unread.errors.map((error) => error.path));
  const findings = [
    ...distinct(findingsOf(issues.slice(0, MAX_ERRORS), kind.schema, seen)),
    ...kind.contradictions(raw, upstream),
  ].filter((finding) => valueAt(raw, finding.path) !== undefined || !told.has(dotted(finding.path)));
  errors.push(...findings.slice(0, MAX_ERRORS).map((finding) => placed(finding, seen, from)));
  const keys = issues.map((issue) => (issue.code === 'unrecognized_keys' ? issue.keys.length : 1));
  const beyond = [issues.length, findings.length, ...keys].map((count) => Math.max(0, count - MAX_ERRORS));
  const untold = beyond.reduce((sum, count) => sum + count, 0);
  if (errors.length > 0 || !parsed.success) return { ok: false, errors: capped(sortFileErrors(errors), untold, file) };
  const remarks = upstream ? [...(kind.notices?.(raw) ?? []), ...inertFields(raw)] : [];
  return {
    ok: true,
    value: kind.toModel(parsed.data, upstream, file),
    notices: remarks.map((remark) => noticeOf(remark, seen)),
  };
}

/** An error of the text, with what only the format knows: the keys that may stand in the place of a forbidden one. */
function explained(error: FileError, { forbidden }: Unread, schema: z.core.$ZodType): FileError {
  const path = forbidden?.get(error);
  if (path === undefined) return error;
  const { problem, allowed = '' } = unknownKey(schema, path.slice(0, -1), String(path.at(-1)));
  return allowed === '' ? { ...error, allowed: keyAllowed(schema, path) } : { ...error, problem, allowed };
}

/** What makes it pointless to look further: no map, another kind of file, upstream's legacy format. */
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
  if (
    typeof own === 'string' &&
    own !== kind.kind &&
    ['Profile', 'Substrate', 'System', 'Ladder', 'Catalogue'].includes(own)
  ) {
    return { path: ['kind'], problem: 'another kind of file', found: describe(own), allowed: kind.kind, atValue: true };
  }
  return kind.kind === 'Profile' ? legacyProblem(raw) : undefined;
}

/** Substrate fields upstream reads and never renders. */
function inertFields(raw: unknown): readonly Remark[] {
  return valueAt(raw, ['apiserver', 'extraFlags']) === undefined
    ? []
    : [{ path: ['apiserver', 'extraFlags'], message: 'has no effect: upstream reads it and never passes it on' }];
}

function noticeOf(remark: Remark, source: Source): Notice {
  const path = remark.path.map((segment) => (typeof segment === 'number' ? `[${segment}]` : `.${segment}`)).join('');
  return { file: source.file, ...source.place(remark.path), path: path.replace(/^\./, ''), message: remark.message };
}

/** The schema may find one value wrong twice (by pattern and by test, too large twice over): the last says most. */
function distinct(findings: readonly Finding[]): readonly Finding[] {
  return [...new Map(findings.map((finding) => [JSON.stringify(finding.path), finding])).values()];
}

function capped(errors: readonly FileError[], untold: number, file: string): readonly FileError[] {
  const told = errors.slice(0, MAX_ERRORS);
  const rest = errors.length - told.length + untold;
  if (rest === 0) return told;
  return [...told, { file, line: 0, column: 0, path: '', problem: `and ${rest} more`, found: '', allowed: '' }];
}

/** `profiles/dev-50.yaml` -> `dev-50`. */
function baseName(file: string): string {
  return (file.split(/[/\\]/).at(-1) ?? file).replace(/\.ya?ml$/, '');
}
