import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeFolder } from '../../../src/adapters/host/make-folder.ts';

let home = '';

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'belay-folder-'));
});
afterEach(() => rmSync(home, { recursive: true }));

test('a folder is made with those above it, each with the permissions that are asked for, and again', () => {
  const deep = join(home, 'a', 'b', 'c');
  for (const _ of [1, 2]) makeFolder(deep, 0o700);
  for (const path of [deep, join(home, 'a')]) expect(statSync(path).mode & 0o7777).toBe(0o40700 & 0o7777);
  makeFolder(join(home, 'with a / at the end/'));
  makeFolder('/');
  mkdirSync(join(home, 'real'));
  symlinkSync('real', join(home, 'link'));
  makeFolder(join(home, 'link', 'below'));
  expect(statSync(join(home, 'real', 'below')).isDirectory()).toBe(true);
});

test.each([
  ['/proc/belay/one', "ENOENT: no such file or directory, mkdir '/proc/belay/one'"],
  ['/dev/null/one', "ENOTDIR: not a directory, mkdir '/dev/null/one'"],
])('below %s, where Node tries without end, nothing is made', (path, message) => {
  expect(() => makeFolder(path)).toThrow(message);
});

test('a file, and links that lead nowhere or in a circle, are refused with the whole path', () => {
  writeFileSync(join(home, 'file'), '');
  symlinkSync('nothing', join(home, 'nowhere'));
  symlinkSync('circle', join(home, 'circle'));
  for (const [name, code] of [
    ['file', 'EEXIST'],
    ['file/one', 'ENOTDIR'],
    ['nowhere', 'EEXIST'],
    ['nowhere/one', 'EEXIST'],
    ['circle', 'ELOOP'],
    ['circle/one', 'ELOOP'],
  ] as const) {
    const path = join(home, name);
    expect(() => makeFolder(path), name).toThrow(expect.objectContaining({ code, path }));
    expect(() => makeFolder(path), name).toThrow(`, mkdir '${path}'`);
  }
});
