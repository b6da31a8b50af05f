import { quoted } from '../text/quoted.ts';
import { isDnsLabel, isSafeName } from './safe-name.ts';

/**
 * Reads values that another version of Belay wrote: results in a history, inputs of activities, files on disk. A field that
 * is missing gets its default if it has one. Everything else is refused with the field's name. Fields that nothing asks for
 * are ignored. It needs no schema library, because workflow code must stay small.
 */

/** The last moment that JavaScript has a date for, ms since the epoch; the first one is as far before it. */
export const LAST_DATE_MS = 8.64e15;
const MOMENT_ALLOWED = `a number of ms since 1970, from -${LAST_DATE_MS} to ${LAST_DATE_MS}`;

/** A recorded value that this version cannot read. The message names the field, what was found, and what is allowed. */
export class UnreadableRecord extends Error {
  override readonly name = 'UnreadableRecord';
}

/** The fields of one recorded object. Every method throws `UnreadableRecord` for a value of another type. */
export interface RecordedFields {
  text(name: string, missing?: string): string;
  /** A name that is safe as the name of a folder. */
  name(name: string, missing?: string): string;
  /** A DNS label. */
  label(name: string): string;
  /** A finite number. */
  number(name: string, missing?: number): number;
  /** A whole number of at least 0. */
  count(name: string, missing?: number): number;
  /** A moment in ms since the epoch: a number that JavaScript has a date for. Without one, whatever shows it as a date fails. */
  moment(name: string): number;
  flag(name: string, missing?: boolean): boolean;
  oneOf<T extends string>(name: string, allowed: readonly T[], missing?: T): T;
  /** The fields of an object inside of this one. */
  object(name: string, missing?: object): RecordedFields;
  list<T>(name: string, read: (item: unknown, where: string) => T, missing?: readonly T[]): readonly T[];
  /** An object as it is, e.g. numbers by name. */
  map(name: string, missing?: object): Readonly<Record<string, unknown>>;
  has(name: string): boolean;
}

/**
 * The fields of a recorded value.
 * @param where what the value is, for messages, e.g. `result of provision`
 * @throws UnreadableRecord when it is not an object
 */
export function recordedFields(where: string, value: unknown): RecordedFields {
  if (!isMap(value)) throw unreadable(where, value, 'an object');
  const field = <T>(name: string, missing: T | undefined, allowed: string, fits: (found: unknown) => boolean): T => {
    const found = value[name];
    if (found === undefined || found === null) {
      if (missing !== undefined) return missing;
    } else if (fits(found)) return found as T;
    throw unreadable(`${where}: ${name}`, found, allowed);
  };
  return {
    text: (name, missing) => field(name, missing, 'a text', (found) => typeof found === 'string'),
    name: (name, missing) =>
      field<string>(name, missing, 'a name of letters, digits, - _ and . (at most 63)', isSafeName),
    label: (name) => field<string>(name, undefined, 'a DNS label', isDnsLabel),
    number: (name, missing) => field(name, missing, 'a number', Number.isFinite),
    count: (name, missing) => field(name, missing, 'a whole number of at least 0', isCount),
    moment: (name) => field<number>(name, undefined, MOMENT_ALLOWED, isMoment),
    flag: (name, missing) => field(name, missing, 'true or false', (found) => typeof found === 'boolean'),
    oneOf: (name, allowed, missing) =>
      field(name, missing, allowed.join(', '), (found) => (allowed as readonly unknown[]).includes(found)),
    object: (name, missing) => recordedFields(`${where}: ${name}`, field(name, missing, 'an object', isMap)),
    list: (name, read, missing) =>
      value[name] === undefined && missing !== undefined
        ? missing
        : field<readonly unknown[]>(name, undefined, 'a list', Array.isArray).map((item, index) =>
            read(item, `${where}: ${name}[${index}]`),
          ),
    map: (name, missing) => field(name, missing as Readonly<Record<string, unknown>> | undefined, 'an object', isMap),
    has: (name) => value[name] !== undefined && value[name] !== null,
  };
}

/** A text in a list. @throws UnreadableRecord for anything else */
export function recordedText(value: unknown, where: string): string {
  if (typeof value !== 'string') throw unreadable(where, value, 'a text');
  return value;
}

/** A value that cannot be read, as an error. */
export function unreadable(where: string, value: unknown, allowed: string): UnreadableRecord {
  return new UnreadableRecord(`${where}: found ${shown(value)}; allowed: ${allowed}`);
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value is a moment in ms since the epoch that JavaScript has a date for. */
export function isMoment(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= LAST_DATE_MS;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  return `${quoted(value).slice(0, 80)} (${value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value})`;
}
