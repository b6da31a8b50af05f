import { z } from 'zod';
import {
  DURATION_ALLOWED,
  DURATION_PATTERN,
  durationAllowed,
  explainDuration,
  MAX_DURATION_MS,
  parseDuration,
} from '../text/duration.ts';
import { isSafeName, NAME_PATTERN } from './safe-name.ts';

/** What messages say of a field: what it may hold, and why a value is not that. */
export interface FieldRule {
  readonly allowed: string;
  /** The known values of a choice, for a suggestion. */
  readonly choices?: readonly string[];
  readonly explain?: (value: unknown) => { readonly problem: string; readonly suggestion?: string };
}

/** Rules of the leaves, by schema. Beside the schema, because editors have no use for them. */
export const fieldRules: z.core.$ZodRegistry<FieldRule> = z.registry<FieldRule>();

/** A schema with its description for editors and its rule for messages. */
export function field<T extends z.ZodType>(schema: T, description: string, rule: FieldRule): T {
  const described = schema.meta({ description });
  fieldRules.add(described, rule);
  return described;
}

/** No count of anything comes near; sums and products of such are still exact. */
const MAX_COUNT = 1_000_000_000;

/** A whole number. */
export function count(description: string, min: 0 | 1 = 0, max: number = MAX_COUNT): z.ZodInt {
  return integer(description, min, max);
}

/** A whole number that may be negative. */
export function integer(description: string, min: number, max: number): z.ZodInt {
  return field(z.int().min(min).max(max), description, { allowed: `a whole number from ${min} to ${max}` });
}

/** A number that is not negative, parts allowed. It ends somewhere, because what is computed from it must too. */
export function amount(description: string, max: number = MAX_COUNT): z.ZodNumber {
  return field(z.number().min(0).max(max), description, { allowed: `a number from 0 to ${max}` });
}

/** A time in seconds, parts allowed; as long as a duration may be. */
export function seconds(description: string): z.ZodNumber {
  return amount(description, MAX_DURATION_MS / 1000);
}

/** Any number: nothing is computed from it. */
export function anyNumber(description: string): z.ZodNumber {
  return field(z.number(), description, { allowed: 'a number' });
}

/** A number above 0. */
export function positive(description: string, max: number): z.ZodNumber {
  return field(z.number().positive().max(max), description, { allowed: `a number above 0, at most ${max}` });
}

/** True or false. */
export function flag(description: string): z.ZodBoolean {
  return field(z.boolean(), description, { allowed: 'true or false' });
}

/** Longest text; longer ones belong elsewhere. */
const MAX_LETTERS = 16_384;

/** Free text. */
export function text(description: string, min: 0 | 1 = 0): z.ZodString {
  const allowed = min === 0 ? 'a text' : 'a text that is not empty';
  return field(z.string().min(min).max(MAX_LETTERS), description, {
    allowed: `${allowed}, at most ${MAX_LETTERS} letters`,
  });
}

/** One of a few words. */
export function choice<const T extends readonly [string, ...string[]]>(
  values: T,
  description: string,
): z.ZodEnum<{ [K in T[number]]: K }> {
  return field(z.enum(values), description, {
    allowed: values.length === 1 ? values[0] : `one of ${values.join(', ')}`,
    choices: values,
  });
}

const NAME_ALLOWED =
  'a name of letters, digits, - _ and . (at most 63), looked up in the configured folders, never a path';

/** Why a text is no name. */
export function explainName(value: unknown): string {
  if (typeof value !== 'string')
    return typeof value === 'number' ? 'a name must be text: put it in quotes' : 'not a name';
  if (value === '') return 'a name cannot be empty';
  if (/[/\\]/.test(value)) return 'a name, not a path, belongs here';
  if (value.includes('..')) return 'a name cannot hold ".."';
  return value.length > 63 ? 'a name is at most 63 characters long' : 'not a name';
}

/** A name that is looked up in the configured folders. */
export function name(description: string): z.ZodString {
  const schema = z.string().regex(NAME_PATTERN).refine(isSafeName);
  return field(schema, description, { allowed: NAME_ALLOWED, explain: (value) => ({ problem: explainName(value) }) });
}

/** A duration with its unit, of at least `minMs`; stays text here, becomes milliseconds afterwards. */
export function duration(description: string, minMs = 0): z.ZodString {
  const schema = z
    .string()
    .regex(DURATION_PATTERN)
    .refine((value) => (parseDuration(value) ?? -1) >= minMs);
  return field(schema, description, {
    allowed: durationAllowed(minMs),
    explain: (value) => ({ problem: explainDuration(value, minMs) }),
  });
}

/** A duration, or a word in its place. */
export function durationOr<const W extends readonly [string | number | boolean, ...(string | number | boolean)[]]>(
  words: W,
  description: string,
): z.ZodUnion<readonly [z.ZodLiteral<W[number]>, z.ZodString]> {
  const schema = z.union([
    z.literal([...words]),
    z
      .string()
      .regex(DURATION_PATTERN)
      .refine((value) => parseDuration(value) !== undefined),
  ]);
  return field(schema, description, {
    allowed: `${DURATION_ALLOWED}, or ${words.join(' or ')}`,
    explain: (value) => ({ problem: explainDuration(value) }),
  }) as z.ZodUnion<readonly [z.ZodLiteral<W[number]>, z.ZodString]>;
}

/** A text that must match a pattern. */
export function matching(pattern: RegExp, allowed: string, description: string, problem: string): z.ZodString {
  return field(z.string().regex(pattern), description, { allowed, explain: () => ({ problem }) });
}

/** A text that must pass a test. */
export function passing(
  test: (value: string) => boolean,
  allowed: string,
  description: string,
  problem: string,
): z.ZodString {
  return field(z.string().refine(test), description, { allowed, explain: () => ({ problem }) });
}

/** Anything YAML can say. */
export function anything(description: string): z.ZodUnknown {
  return field(z.unknown(), description, { allowed: 'any value' });
}
