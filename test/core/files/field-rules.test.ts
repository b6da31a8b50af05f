import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { knownKeys, ruleAt, schemaAt } from '../../../src/core/files/schema-walk.ts';
import { catalogueSchema } from '../../../src/core/profile/schema-catalogue.ts';
import { profileSchema } from '../../../src/core/profile/schema-profile.ts';
import { substrateSchema } from '../../../src/core/profile/schema-substrate.ts';
import { ladderSchema, systemSchema } from '../../../src/core/profile/schema-system.ts';

const schemas = { catalogueSchema, ladderSchema, profileSchema, substrateSchema, systemSchema };

type Path = readonly (string | number)[];

/** Every place of a format, with one entry of each list and map. */
function placesOf(root: z.core.$ZodType, path: Path = []): readonly Path[] {
  const schema = schemaAt(root, path);
  const below: readonly (string | number)[] =
    schema instanceof z.ZodArray
      ? [0]
      : schema instanceof z.ZodTuple
        ? schema.def.items.map((_, index) => index)
        : schema instanceof z.ZodRecord
          ? ['name']
          : knownKeys(root, path);
  return [path, ...below.flatMap((segment) => placesOf(root, [...path, segment]))];
}

describe.each(Object.entries(schemas))('%s', (_, root) => {
  it('says at each place what is allowed there', () => {
    const silent = placesOf(root).filter((path) => ruleAt(root, path).allowed === '');
    expect(silent.map((path) => path.join('.'))).toEqual([]);
  });
});
