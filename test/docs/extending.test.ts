import { execa } from 'execa';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repositoryFolder } from '../../src/adapters/host/folders.ts';

const page = readFileSync(join(repositoryFolder, 'docs/extending.md'), 'utf8');

/** Most files that an extension may touch, tests aside. */
const EXAMPLES = [
  { title: 'A stage', most: 5 },
  { title: 'A fault', most: 3 },
  { title: 'A gate kind', most: 3 },
  { title: 'A substrate', most: 4 },
];

describe('the examples of docs/extending.md', () => {
  const copy = mkdtempSync(join(tmpdir(), 'belay-extending-'));

  beforeAll(() => {
    for (const name of ['src', 'tsconfig.json', 'package.json'])
      cpSync(join(repositoryFolder, name), join(copy, name), { recursive: true });
    symlinkSync(join(repositoryFolder, 'node_modules'), join(copy, 'node_modules'));
  });

  afterAll(() => rmSync(copy, { recursive: true }));

  it.each(EXAMPLES)('$title touches at most $most files', async ({ title, most }) => {
    const patch = patchOf(title);
    const files = new Set([...patch.matchAll(/^diff --git a\/\S+ b\/(\S+)$/gm)].map(([, file]) => file));
    expect(files.size).toBeGreaterThan(0);
    expect(files.size).toBeLessThanOrEqual(most);
    const applied = await execa('git', ['apply', '-'], { cwd: copy, input: patch, reject: false, all: true });
    expect(applied.all).toBe('');
    expect(applied.exitCode).toBe(0);
  });

  it('have no errors of types when all of them are applied', async () => {
    const compiler = join(repositoryFolder, 'node_modules/typescript/bin/tsc');
    const { all } = await execa(process.execPath, [compiler, '--noEmit'], { cwd: copy, reject: false, all: true });
    expect(all).toBe('');
    expect(readFileSync(join(copy, 'src/core/model/stages.ts'), 'utf8')).toContain("name: 'census'");
  });
});

/** The changes that a section shows, as one patch. */
function patchOf(title: string): string {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${title}\n`)) ?? '';
  return [...section.matchAll(/^```diff\n(.*?)^```$/gms)].map(([, block]) => block).join('');
}
