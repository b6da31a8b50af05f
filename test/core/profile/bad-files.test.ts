import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatFileErrors } from '../../../src/core/files/file-error.ts';
import type { Parsed } from '../../../src/core/files/file-error.ts';
import {
  parseCatalogue,
  parseLadder,
  parseProfile,
  parseSubstrate,
  parseSystem,
} from '../../../src/core/profile/parse.ts';

const folder = join(import.meta.dirname, 'bad');
const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));

const parsers: Readonly<Record<string, (text: string, options: { file: string }) => Parsed<unknown>>> = {
  profile: parseProfile,
  substrate: parseSubstrate,
  catalogue: parseCatalogue,
  system: parseSystem,
  ladder: parseLadder,
};

/** The kind of a bad file is the first word of its name. */
function errorsOf(file: string): string {
  const parse = parsers[file.split('-')[0] ?? ''];
  const parsed = parse?.(readFileSync(join(folder, file), 'utf8'), { file });
  if (parsed === undefined) return 'no such kind';
  return parsed.ok ? 'IT LOADS' : formatFileErrors(parsed.errors);
}

describe('files that are wrong', () => {
  it('are at least sixty', () => {
    expect(files.length).toBeGreaterThanOrEqual(60);
  });

  it.each(files)('%s is refused', (file) => {
    expect(errorsOf(file)).not.toMatch(/IT LOADS|no such kind/);
  });

  it('are each reported in these words', async () => {
    const reported = files.map((file) => `# ${file}\n${errorsOf(file)}\n`).join('\n');
    await expect(reported).toMatchFileSnapshot(join(folder, 'messages.txt'));
  });
});
