import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repositoryFolder } from '../../src/adapters/host/folders.ts';

/** Node's way to make a folder with those above it. It never returns where nothing can be made. */
const ENDLESS = /\bmkdir(?:Sync)?\([^;]*?recursive: true/;

test('folders are made by makeFolder, which returns everywhere', () => {
  expect('await mkdir(join(root, name), { recursive: true });').toMatch(ENDLESS);
  const source = join(repositoryFolder, 'src');
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  expect(files).toContain('adapters/host/make-folder.ts');
  expect(files.filter((file) => ENDLESS.test(readFileSync(join(source, file), 'utf8')))).toEqual([]);
});
