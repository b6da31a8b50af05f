import { TRIGGERS } from '../model/trigger.ts';
import type { Trigger } from '../model/trigger.ts';
import { parseDuration, durationAllowed, explainDuration, DURATION_ALLOWED } from '../text/duration.ts';
import { MIN_HOST_WAIT_MS } from '../model/host-wait.ts';
import { explainName } from '../files/fields.ts';
import { isSafeName } from '../files/safe-name.ts';
import type { FileError, Parsed } from '../files/file-error.ts';
import { describe } from '../files/issues.ts';
import type { Catalogue } from '../model/catalogue.ts';
import type { Profile } from '../model/profile.ts';
import { nearest } from '../text/nearest.ts';
import { readObject } from '../files/object-source.ts';
import type { Overrides } from './overrides.ts';
import { parseTargets, type CampaignTargets } from './targets.ts';
import { catalogueFromObject, profileFromObject } from './parse.ts';

/** What a campaign is started with, checked in form. Names are not looked up yet. */
export interface CampaignInput {
  /** A profile to look up, to which `overrides` are still to be applied, or a complete one with them applied. */
  readonly profile: { readonly name: string } | { readonly inline: Profile };
  readonly catalogue?: Catalogue;
  readonly substrate?: string;
  /** The existing clusters that it uses, as the command line has found them. */
  readonly targets?: CampaignTargets;
  readonly overrides: Overrides;
  /** Undefined = decided by the profile, else by who starts it. */
  readonly holdMs?: number;
  /** Undefined = decided by the profile, else the default. */
  readonly hostWaitMs?: number;
  /** How long to wait for borrowed clusters that another campaign uses. Undefined = not at all. */
  readonly targetWaitMs?: number;
  readonly keepMs?: number;
  readonly trigger?: Trigger;
}

/** What a ladder is started with. */
export interface LadderInput {
  readonly ladder: string;
  /** The existing clusters of each rung, as the command line has found them; null for a rung with clusters of its own. */
  readonly targets?: readonly (CampaignTargets | null)[];
  /** The same for second runs of the rungs. */
  readonly targetsAgain?: readonly (CampaignTargets | null)[];
  /** Whether a rung that is flagged by its trend runs once more. Undefined = decided by the ladder's file. */
  readonly runAgain?: boolean;
  readonly holdMs?: number;
  readonly trigger?: Trigger;
}

const CAMPAIGN_KEYS = [
  'profile',
  'catalogue',
  'substrate',
  'targets',
  'overrides',
  'hostWait',
  'targetWait',
  'keep',
  'hold',
  'trigger',
] as const;
/** Keys that may hold a whole file. It is bounded like a file, whatever else the input holds. */
const DOCUMENT_KEYS = ['profile', 'catalogue'] as const;
const LADDER_KEYS = ['ladder', 'targets', 'targetsAgain', 'runAgain', 'hold', 'trigger'] as const;
const DEFAULT_PROFILE = 'quickstart';
const DEFAULT_LADDER = 'nightly';

/**
 * Reads the argument of the workflow `campaign`: nothing (the quickstart), the name of a profile, or an object of profile
 * (a name, or a whole profile), catalogue, substrate, targets, overrides, hostWait, targetWait, keep, hold and trigger. Never throws; every error at once.
 */
export function parseCampaignInput(input: unknown): Parsed<CampaignInput> {
  if (input === undefined || input === null) return ok({ profile: { name: DEFAULT_PROFILE }, overrides: {} });
  const reader = new InputReader();
  if (typeof input === 'string') {
    return reader.finish(() => ({ profile: { name: reader.nameOf('', input) }, overrides: {} }));
  }
  const map = reader.map(input, CAMPAIGN_KEYS, 'the name of a profile, or a map', DOCUMENT_KEYS);
  if (map === undefined) return reader.finish(() => never());
  const overrides = reader.overrides(map['overrides']);
  const profile = reader.profile(map['profile'], overrides);
  const catalogue =
    map['catalogue'] === undefined
      ? undefined
      : reader.take(catalogueFromObject(map['catalogue'], { file: 'input catalogue' }));
  const substrate = map['substrate'] === undefined ? undefined : reader.nameOf('substrate', map['substrate']);
  const targets = reader.targets(map['targets'], substrate);
  const hostWait = map['hostWait'];
  const hostWaitMs =
    hostWait === undefined || hostWait === null ? undefined : reader.wait('hostWait', hostWait, MIN_HOST_WAIT_MS);
  const targetWait = map['targetWait'];
  const targetWaitMs =
    targetWait === undefined || targetWait === null ? undefined : reader.wait('targetWait', targetWait, 0);
  const keep = map['keep'];
  const keepMs = keep === undefined || keep === null ? undefined : reader.wait('keep', keep, 0);
  const common = reader.common(map);
  return reader.finish(() => ({
    profile,
    ...(catalogue === undefined ? {} : { catalogue }),
    ...(substrate === undefined ? {} : { substrate }),
    ...(targets === undefined ? {} : { targets }),
    overrides,
    ...(hostWaitMs === undefined ? {} : { hostWaitMs }),
    ...(targetWaitMs === undefined ? {} : { targetWaitMs }),
    ...(keepMs === undefined ? {} : { keepMs }),
    ...common,
  }));
}

/** Reads the argument of the workflow `ladder`: nothing (nightly), a name, or an object of ladder, targets, targetsAgain, runAgain, hold and trigger. */
export function parseLadderInput(input: unknown): Parsed<LadderInput> {
  if (input === undefined || input === null) return ok({ ladder: DEFAULT_LADDER });
  const reader = new InputReader();
  if (typeof input === 'string') return reader.finish(() => ({ ladder: reader.nameOf('', input) }));
  const map = reader.map(input, LADDER_KEYS, 'the name of a ladder, or a map');
  if (map === undefined) return reader.finish(() => never());
  const ladder = map['ladder'] === undefined ? DEFAULT_LADDER : reader.nameOf('ladder', map['ladder']);
  const targets = reader.targetsOfRungs('targets', map['targets']);
  const targetsAgain = reader.targetsOfRungs('targetsAgain', map['targetsAgain']);
  const runAgain = reader.flag('runAgain', map['runAgain']);
  const common = reader.common(map);
  return reader.finish(() => ({
    ladder,
    ...(targets === undefined ? {} : { targets }),
    ...(targetsAgain === undefined ? {} : { targetsAgain }),
    ...(runAgain === undefined ? {} : { runAgain }),
    ...common,
  }));
}

function ok<T>(value: T): Parsed<T> {
  return { ok: true, value, notices: [] };
}

/** A placeholder where an error has been added already, so its value is never used. */
function never(): never {
  throw new RangeError('an input without errors was expected');
}

/** Collects what is wrong while the parts are read; a part that is wrong gives a stand-in. */
class InputReader {
  readonly #errors: FileError[] = [];

  finish<T>(build: () => T): Parsed<T> {
    if (this.#errors.length > 0) return { ok: false, errors: this.#errors };
    const value = build();
    return this.#errors.length > 0 ? { ok: false, errors: this.#errors } : ok(value);
  }

  fail(path: string, problem: string, value: unknown, allowed: string, suggestion?: string): void {
    const error = { file: 'input', line: 0, column: 0, path, problem, found: describe(value), allowed };
    this.#errors.push(suggestion === undefined ? error : { ...error, suggestion });
  }

  take<T>(parsed: Parsed<T>): T | undefined {
    if (parsed.ok) return parsed.value;
    this.#errors.push(...parsed.errors);
    return undefined;
  }

  map(
    input: unknown,
    known: readonly string[],
    allowed: string,
    documents: readonly string[] = [],
  ): Readonly<Record<string, unknown>> | undefined {
    if (typeof input !== 'object' || input === null || Array.isArray(input)) {
      this.fail('', 'cannot be read', input, `${allowed} of ${known.join(', ')}`);
      return undefined;
    }
    const entries = Object.entries(input);
    const read = readObject(Object.fromEntries(entries.filter(([key]) => !documents.includes(key))), 'input');
    if (!read.ok) {
      this.#errors.push(...read.errors);
      return undefined;
    }
    const map = read.source.raw as Record<string, unknown>;
    for (const [key, value] of entries) if (documents.includes(key)) map[key] = value;
    for (const key of Object.keys(map)) {
      if (!known.includes(key)) this.fail(key, 'unknown key', undefined, known.join(', '), nearest(key, known));
    }
    return map;
  }

  nameOf(path: string, value: unknown): string {
    if (typeof value === 'string' && isSafeName(value)) return value;
    this.fail(path, explainName(value), value, 'a name, looked up in the configured folders');
    return '';
  }

  targets(value: unknown, substrate: string | undefined): CampaignTargets | undefined {
    if (value === undefined || value === null) return undefined;
    const targets = parseTargets(value);
    if (targets === undefined) this.fail('targets', 'cannot be read', value, 'what "belay run" writes');
    if (targets?.lent !== true || substrate === undefined) return targets;
    this.fail('targets', 'are lent on the command line', value, 'with a substrate: those that its file names');
    return undefined;
  }

  targetsOfRungs(path: string, value: unknown): readonly (CampaignTargets | null)[] | undefined {
    if (value === undefined) return undefined;
    if (Array.isArray(value)) return value.map((each: unknown) => this.targets(each, undefined) ?? null);
    this.fail(path, 'wrong type', value, 'a list with the clusters of each rung, or null');
    return undefined;
  }

  flag(path: string, value: unknown): boolean | undefined {
    if (value === undefined || value === null || typeof value === 'boolean') return value ?? undefined;
    this.fail(path, 'wrong type', value, 'true or false');
    return undefined;
  }

  overrides(value: unknown): Overrides {
    if (value === undefined || value === null) return {};
    if (typeof value === 'object' && !Array.isArray(value)) return value as Overrides;
    this.fail('overrides', 'wrong type', value, 'a map, such as {"loadProfile.soakSeconds": 10}');
    return {};
  }

  profile(value: unknown, overrides: Overrides): CampaignInput['profile'] {
    if (value === undefined || value === null) return { name: DEFAULT_PROFILE };
    if (typeof value !== 'object') return { name: this.nameOf('profile', value) };
    const inline = this.take(profileFromObject(value, { file: 'input profile', overrides }));
    return inline === undefined ? { name: '' } : { inline };
  }

  common(map: Readonly<Record<string, unknown>>): { readonly holdMs?: number; readonly trigger?: Trigger } {
    const { hold, trigger } = map;
    const holdMs = hold === undefined || hold === null ? undefined : this.hold(hold);
    const known = TRIGGERS.find((candidate) => candidate === trigger);
    if (trigger !== undefined && known === undefined) {
      const near = typeof trigger === 'string' ? nearest(trigger, TRIGGERS) : undefined;
      this.fail('trigger', 'unknown value', trigger, `one of ${TRIGGERS.join(', ')}`, near);
    }
    return { ...(holdMs === undefined ? {} : { holdMs }), ...(known === undefined ? {} : { trigger: known }) };
  }

  wait(key: string, value: unknown, leastMs: number): number {
    const ms = typeof value === 'string' ? parseDuration(value) : undefined;
    if (ms !== undefined && ms >= leastMs) return ms;
    this.fail(key, explainDuration(value, leastMs), value, durationAllowed(leastMs));
    return 0;
  }

  hold(value: unknown): number {
    const ms = value === false || value === 0 ? 0 : typeof value === 'string' ? parseDuration(value) : undefined;
    if (ms === undefined) this.fail('hold', explainDuration(value), value, `${DURATION_ALLOWED}, or 0 or false`);
    return ms ?? 0;
  }
}
