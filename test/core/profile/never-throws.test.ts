import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { convertLegacy } from '../../../src/core/bigfleet/legacy/convert-legacy.ts';
import { formatFileErrors } from '../../../src/core/files/file-error.ts';
import type { Parsed } from '../../../src/core/files/file-error.ts';
import { parseCampaignInput, parseLadderInput } from '../../../src/core/profile/input.ts';
import {
  catalogueFromObject,
  parseCatalogue,
  parseLadder,
  parseProfile,
  parseSubstrate,
  parseSystem,
  profileFromObject,
} from '../../../src/core/profile/parse.ts';

const parsers = [parseProfile, parseSubstrate, parseSystem, parseLadder, parseCatalogue];

/** Right or wrong, with a message that can be shown. */
function answers(parsed: Parsed<unknown>): void {
  if (parsed.ok) return;
  expect(parsed.errors.length).toBeGreaterThan(0);
  expect(formatFileErrors(parsed.errors)).not.toContain('undefined');
}

/** Lines of files that exist, in any order and indentation: nearer to YAML than random text is. */
const profiles = join(import.meta.dirname, '../../../profiles');
const lines = readdirSync(profiles)
  .filter((file) => file.endsWith('.yaml'))
  .flatMap((file) => readFileSync(join(profiles, file), 'utf8').split('\n'));

const yamlLike = fc
  .array(
    fc.tuple(
      fc.nat({ max: 3 }),
      fc.constantFrom(...lines, '- &a x', '*a', '<<: *a', '"', '{', '[', '? x', '---', '!t 1'),
    ),
    {
      maxLength: 40,
    },
  )
  .map((parts) => parts.map(([indent, line]) => ' '.repeat(indent * 2) + line.trim()).join('\n'));

describe('the parsers answer, whatever comes in', () => {
  it('random text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        for (const parse of parsers) answers(parse(text));
        convertLegacy(text, 'x.yaml');
      }),
    );
  });

  it('lines of profiles in disorder', () => {
    fc.assert(
      fc.property(yamlLike, (text) => {
        for (const parse of parsers) answers(parse(text));
        convertLegacy(text, 'x.yaml');
      }),
      { numRuns: 500 },
    );
  });

  it('random objects', () => {
    fc.assert(
      fc.property(fc.object({ maxDepth: 4, withBigInt: true, withDate: true, withMap: true }), (object) => {
        answers(profileFromObject({ apiVersion: 'belay.dev/v1', kind: 'Profile', ...object }));
        answers(catalogueFromObject(object));
        answers(parseCampaignInput(object));
        answers(parseCampaignInput({ profile: object, overrides: object }));
        answers(parseLadderInput(object));
      }),
    );
  });

  it('a good profile with one value replaced', () => {
    const text = readFileSync(join(profiles, '5k.yaml'), 'utf8');
    const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(NaN, Infinity, -0, 1e308));
    const path = fc.constantFrom(
      'scale',
      'scale.machines',
      'seed.preBind',
      'loadProfile.bursts',
      'loadProfile.bursts[0].atSeconds',
      'slo',
      'gates',
      'gates.a',
      'hold',
      'metadata',
      'system',
    );
    fc.assert(
      fc.property(path, value, (at, replacement) => {
        answers(parseProfile(text, { file: '5k.yaml', overrides: { [at]: replacement } }));
      }),
    );
  });
});
