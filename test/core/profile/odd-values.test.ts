import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import {
  parseCatalogue,
  parseLadder,
  parseProfile,
  parseSubstrate,
  parseSystem,
} from '../../../src/core/profile/parse.ts';

/** The files that Belay comes with, by the parser of their kind. */
const parsers = {
  profiles: parseProfile,
  substrates: parseSubstrate,
  systems: parseSystem,
  ladders: parseLadder,
  'profiles/archetypes': parseCatalogue,
};

const files = Object.entries(parsers).flatMap(([folder, parser]) => {
  const path = join(import.meta.dirname, '../../..', folder);
  return readdirSync(path)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => ({ name, parser, content: parse(readFileSync(join(path, name), 'utf8')) as unknown }));
});

type Path = readonly (string | number)[];

function pathsOf(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const inner: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
    ? value.map((one: unknown, index) => [index, one] as const)
    : Object.entries(value);
  return [path, ...inner.flatMap(([key, one]) => pathsOf(one, [...path, key]))];
}

function replaced(value: unknown, [key, ...rest]: Path, by: unknown): unknown {
  if (key === undefined) return by;
  // A change before this one may have left nothing at the place.
  if (typeof value !== 'object' || value === null || !(key in value)) return value;
  const inner = replaced((value as Record<string | number, unknown>)[key], rest, by);
  return Array.isArray(value) ? value.with(Number(key), inner) : { ...value, [key]: inner };
}

const odd = fc.constantFrom<unknown>(
  null,
  true,
  false,
  -1,
  0,
  0.5,
  1e12,
  1e300,
  NaN,
  Infinity,
  '',
  ' ',
  'x',
  '10',
  '1h',
  '../..',
  '${port.x}',
  'a'.repeat(300),
  [],
  ['x', 'x'],
  [[]],
  [null],
  {},
  [{}],
  { x: 1 },
  { x: { x: {} } },
);

describe('fields of the files that Belay comes with, replaced', () => {
  const mutant = fc.constantFrom(...files).chain(({ name, parser, content }) =>
    fc.record({
      name: fc.constant(name),
      parser: fc.constant(parser),
      content: fc
        .array(fc.tuple(fc.constantFrom(...pathsOf(content)), odd), { minLength: 1, maxLength: 3 })
        .map((changes) => changes.reduce((all, [path, by]) => replaced(all, path, by), content)),
    }),
  );

  it('are taken, or refused with the place and what is allowed', () => {
    fc.assert(
      fc.property(mutant, ({ name, parser, content }) => {
        const parsed = parser(stringify(content), { file: name });
        for (const error of parsed.ok ? [] : parsed.errors) {
          expect(error).toMatchObject({ file: name, line: expect.any(Number), problem: expect.stringMatching(/\S/) });
          expect(`${error.path}: ${error.allowed}`).toMatch(/\S.*: \S/);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
