import { cpSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { codeIdentity } from '../../../src/adapters/identity/code-identity.ts';

let folder = '';

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'belay-code-')));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A checkout with two source files. */
function aCheckout(name: string): string {
  const root = join(folder, name);
  mkdirSync(join(root, 'src/core'), { recursive: true });
  writeFileSync(join(root, 'src/worker.ts'), 'export const one = 1;\n');
  writeFileSync(join(root, 'src/core/two.ts'), 'export const two = 2;\n');
  writeFileSync(join(root, 'package-lock.json'), '{}\n');
  writeFileSync(join(root, 'package.json'), '{"version":"1.2.3"}\n');
  return root;
}

async function git(root: string, ...args: readonly string[]): Promise<string> {
  const who = ['-c', 'user.name=t', '-c', 'user.email=t@example.com', '-c', 'commit.gpgsign=false'];
  return (await execa('git', ['-C', root, ...who, ...args])).stdout;
}

function contentOf(root: string): string {
  return codeIdentity(root).contentSha256;
}

test('two checkouts of one commit are the same code, wherever they are and whenever they were made', async () => {
  const first = aCheckout('first');
  await git(first, 'init', '-q');
  await git(first, 'add', '.');
  await git(first, 'commit', '-q', '-m', 'one');
  const second = join(folder, 'elsewhere', 'second');
  await git(first, 'worktree', 'add', '-q', second, '-b', 'other');
  utimesSync(join(second, 'src/worker.ts'), new Date(0), new Date(0));
  writeFileSync(join(second, 'runs.txt'), 'evidence');
  const commit = await git(first, 'rev-parse', 'HEAD');
  const expected = { version: '1.2.3', contentSha256: expect.any(String) as string, commit, dirty: false };
  expect(codeIdentity(first)).toEqual(expected);
  expect(codeIdentity(second)).toEqual(codeIdentity(first));
});

test.for<[string, (root: string) => void]>([
  ['one byte of a source file', (root) => writeFileSync(join(root, 'src/worker.ts'), 'export const one = 2;\n')],
  ['the lockfile', (root) => writeFileSync(join(root, 'package-lock.json'), '{ }\n')],
  ['the name of a file', (root) => renameSync(join(root, 'src/worker.ts'), join(root, 'src/other.ts'))],
  ['a new file', (root) => writeFileSync(join(root, 'src/three.ts'), '')],
  ['a missing file', (root) => rmSync(join(root, 'src/core/two.ts'))],
])('%s makes it another code, and git shows it', async ([, change]) => {
  const root = aCheckout('root');
  await git(root, 'init', '-q');
  await git(root, 'add', '.');
  await git(root, 'commit', '-q', '-m', 'one');
  const before = codeIdentity(root);
  change(root);
  const after = codeIdentity(root);
  expect(after.contentSha256).not.toBe(before.contentSha256);
  expect(after).toMatchObject({ commit: before.commit, dirty: true });
});

test('content cannot move from one file to another unseen', () => {
  const first = aCheckout('first');
  const second = join(folder, 'second');
  cpSync(first, second, { recursive: true });
  expect(contentOf(second)).toBe(contentOf(first));
  writeFileSync(join(first, 'src/a.ts'), 'xy');
  writeFileSync(join(first, 'src/b.ts'), '');
  writeFileSync(join(second, 'src/a.ts'), 'x');
  writeFileSync(join(second, 'src/b.ts'), 'y');
  expect(contentOf(second)).not.toBe(contentOf(first));
});

test('without git, and for a copy inside another repository, the commit is not known', async () => {
  const copy = aCheckout('repository/vendor/belay');
  expect(codeIdentity(copy)).toMatchObject({ commit: null, dirty: null });
  const outer = join(folder, 'repository');
  await git(outer, 'init', '-q');
  await git(outer, 'add', '.');
  await git(outer, 'commit', '-q', '-m', 'one');
  expect(codeIdentity(copy)).toMatchObject({ commit: null, dirty: null });
});
