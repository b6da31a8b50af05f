import { z } from 'zod';
import { MAX_ERRORS, MAX_FILE_BYTES, MAX_HISTORY_ERRORS } from '../../files/bounds.ts';
import { quoted } from '../../text/quoted.ts';

/** A time with its zone, as RFC 3339 writes it. */
const moment = z
  .string()
  .refine((text) => /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}/.test(text) && !Number.isNaN(Date.parse(text)), {
    message: 'not a time such as 2026-07-12T04:05:06Z',
  });

const seconds = z.number().nonnegative();

/** Names of tests, runs, phases and milestones. Longer ones fit no table. */
const name = z.string().min(1).max(500);

/** Real tests have tens of both. A metric is made of each. */
const MAX_PHASES = 1_000;
const MAX_MILESTONES = 100;

/** A line of Grove's `index/runs.ndjson`: what its scale tests keep of a run. Keys that Grove adds are kept out of it. */
const groveRecordSchema = z.object({
  testName: name,
  runID: name,
  runTimestamp: moment,
  commit: z.string().optional(),
  resultPath: z.string().optional(),
  storedAt: z.string().optional(),
  totalSeconds: seconds.optional(),
  phases: z
    .array(
      z.object({
        name,
        valueSeconds: seconds.nullish(),
        milestones: z
          .array(z.object({ name, valueSeconds: seconds.nullish() }))
          .max(MAX_MILESTONES)
          .nullish(),
      }),
    )
    .max(MAX_PHASES),
});

/** A run as Grove keeps it. */
export type GroveRecord = z.output<typeof groveRecordSchema>;

/** A line that is not one, with the field where it has one. */
export interface GroveLineError {
  readonly line: number;
  readonly field: string;
  readonly message: string;
}

/** Reads the lines of a file. The first errors at once, with how many more there are; a file with one has no records. */
export function parseGroveRecords(
  text: string,
):
  | { readonly ok: true; readonly records: readonly GroveRecord[] }
  | { readonly ok: false; readonly errors: readonly GroveLineError[] } {
  const records: GroveRecord[] = [];
  const errors: GroveLineError[] = [];
  const seen = new Map<string, number>();
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (raw.trim() === '') continue;
    if (errors.length > MAX_HISTORY_ERRORS) break;
    const line = index + 1;
    if (raw.length > MAX_FILE_BYTES) {
      errors.push({ line, field: '', message: `found ${raw.length} letters; allowed: at most ${MAX_FILE_BYTES}` });
      continue;
    }
    const json = jsonOf(raw);
    if (json === undefined) {
      errors.push({ line, field: '', message: 'not JSON; allowed: one run per line, as JSON' });
      continue;
    }
    const parsed = groveRecordSchema.safeParse(json);
    if (!parsed.success) {
      for (const { path, message } of parsed.error.issues)
        errors.push({ line, field: fieldText(path), message: `${message}${foundText(json, path)}` });
      continue;
    }
    const { testName, runID, runTimestamp } = parsed.data;
    const key = `${testName} ${runID} ${runTimestamp}`;
    const earlier = seen.get(key);
    if (earlier === undefined) seen.set(key, line);
    else
      errors.push({ line, field: 'runID', message: `found "${runID}" of ${testName}, which line ${earlier} has too` });
    records.push(parsed.data);
  }
  if (errors.length === 0 && records.length === 0)
    errors.push({ line: 1, field: '', message: 'no run; allowed: one run per line, as JSON' });
  return errors.length === 0 ? { ok: true, records } : { ok: false, errors: firstOf(errors) };
}

function firstOf(errors: readonly GroveLineError[]): readonly GroveLineError[] {
  const next = errors[MAX_ERRORS];
  if (next === undefined) return errors;
  const count = errors.length > MAX_HISTORY_ERRORS ? `more than ${MAX_HISTORY_ERRORS}` : errors.length - MAX_ERRORS;
  const message = `here and below ${count} more errors`;
  return [...errors.slice(0, MAX_ERRORS), { line: next.line, field: '', message }];
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

function fieldText(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}

function foundText(json: unknown, path: readonly PropertyKey[]): string {
  const found = path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[part] : undefined,
    json,
  );
  return found === undefined ? '; it is missing' : `; found ${quoted(found).slice(0, 80)}`;
}
