import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { catalogueSchema } from '../src/core/profile/schema-catalogue.ts';
import { substrateSchema } from '../src/core/profile/schema-substrate.ts';
import { profileSchema } from '../src/core/profile/schema-profile.ts';
import { ladderSchema, systemSchema } from '../src/core/profile/schema-system.ts';

const KINDS = {
  profile: profileSchema,
  substrate: substrateSchema,
  system: systemSchema,
  ladder: ladderSchema,
  catalogue: catalogueSchema,
} as const;

/** JSON Schemas of the five kinds of file, for editors, by file name. Made from what the parser checks, so they cannot differ. */
export function generateSchemas(): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(KINDS).map(([kind, schema]) => {
      // `input`: what a person writes, before defaults are filled in.
      const json = z.toJSONSchema(schema, { io: 'input', target: 'draft-7', unrepresentable: 'any' });
      return [`${kind}.json`, `${JSON.stringify(json, null, 2)}\n`];
    }),
  );
}

/** Where a schema of this folder is kept. */
export function schemaPath(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [file, text] of generateSchemas()) {
    let before = '';
    try {
      before = readFileSync(schemaPath(file), 'utf8');
    } catch {
      // Not there yet.
    }
    if (before !== text) writeFileSync(schemaPath(file), text);
    console.log(`${file} ${before === text ? 'is up to date' : 'written'}`);
  }
}
