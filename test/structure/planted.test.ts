import { execa } from 'execa';
import { appendFileSync, cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { repositoryFolder } from '../../src/adapters/host/folders.ts';
import { CHECKS } from '../../src/cli/checks.ts';
import { limitsOutside, limitsTwice, writtenNumbers } from './written-limits.ts';

const LEFT_OUT = new Set(['.git', '.belay', 'node_modules', 'runs', 'coverage']);
let copy: string;

beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'belay-planted-'));
  for (const name of readdirSync(repositoryFolder).filter((entry) => !LEFT_OUT.has(entry)))
    cpSync(join(repositoryFolder, name), join(copy, name), { recursive: true });
  symlinkSync(join(repositoryFolder, 'node_modules'), join(copy, 'node_modules'));
});
afterEach(() => rmSync(copy, { recursive: true }));

/** Adds lines to a file of the copy. A file that is not there is created. */
function plant(file: string, ...lines: readonly string[]): void {
  appendFileSync(join(copy, file), `\n${lines.join('\n')}\n`);
}

/** Runs a check of `./belay test` on the copy. @returns its exit code and its output */
async function check(name: string): Promise<{ readonly exitCode: number | undefined; readonly output: string }> {
  const found = CHECKS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no check ${name}`);
  const program = join(repositoryFolder, 'node_modules', found.program);
  const { exitCode, all } = await execa(process.execPath, [program, ...found.args], {
    cwd: copy,
    all: true,
    reject: false,
  });
  return { exitCode, output: all };
}

describe('the check of the structure finds', () => {
  test('a cycle of type imports', async () => {
    writeFileSync(
      join(copy, 'src/core/text/planted-a.ts'),
      "export type { B } from './planted-b.ts';\nexport type A = 1;\n",
    );
    writeFileSync(
      join(copy, 'src/core/text/planted-b.ts'),
      "import type { A } from './planted-a.ts';\nexport type B = A;\n",
    );
    const { exitCode, output } = await check('structure');
    expect(output).toMatch(/(error|warn) no-cycle: src\/core\/text\/planted-[ab]\.ts/);
    expect(exitCode).toBe(0);
  });

  test.for([
    ['core-imports-core', 'src/core/text/planted.ts', "import 'node:fs';"],
    ['core-imports-core', 'src/core/text/planted.ts', "import '@temporalio/workflow';"],
    ['core-imports-core', 'src/core/text/planted.ts', "import type {} from '../../adapters/host/folders.ts';"],
    ['core-model-import-nothing-later', 'src/core/model/planted.ts', "import type {} from '../plan/spec.ts';"],
    ['adapters-import-core', 'src/adapters/host/planted.ts', "import type {} from '../../activities/all.ts';"],
    ['workflows-import-core', 'src/workflows/planted.ts', "import '../adapters/host/folders.ts';"],
    ['workflows-import-core', 'src/workflows/planted.ts', "import { z } from 'zod';"],
    ['workflows-import-types-of-activities', 'src/workflows/planted.ts', "import '../activities/all.ts';"],
    ['cli-imports-no-activities', 'src/cli/planted.ts', "await import('../activities/all.ts');"],
    ['imports-resolve', 'src/cli/planted.ts', "import './not-there.ts';"],
  ] as const)('%s: %s with %s', async ([rule, file, line]) => {
    plant(file, line);
    const { exitCode, output } = await check('structure');
    expect(output).toContain(`error ${rule}: ${file}`);
    expect(exitCode).not.toBe(0);
  });
});

test('the check of unused code finds an export, a type and a file that nothing uses', async () => {
  plant('src/core/text/duration.ts', 'export const PLANTED_EXPORT = 1;', 'export type PlantedType = 1;');
  plant('src/core/text/planted-file.ts', 'export const inPlantedFile = 1;');
  const { exitCode, output } = await check('unused');
  for (const name of ['PLANTED_EXPORT', 'PlantedType', 'src/core/text/planted-file.ts']) expect(output).toContain(name);
  expect(exitCode).not.toBe(0);
});

describe('the check of limits finds', () => {
  test.for([
    ['PLANTED_MS', 'const PLANTED_MS = 30 * 60_000;'],
    ['PLANTED_AT_ONCE', 'export const PLANTED_AT_ONCE: number = 4;'],
    ['PLANTED_PAGE', 'const PLANTED_PAGE = 500;'],
    ['budgetMs', 'export const planted = { budgetMs: 10_000 };'],
    ['limitMs', 'export function planted(limitMs = 5_000): number { return limitMs; }'],
    ['AbortSignal.timeout', 'export const planted = AbortSignal.timeout(5_000);'],
  ] as const)('%s outside of the file of limits', ([name, line]) => {
    plant('src/activities/planted.ts', line);
    const found = limitsOutside(writtenNumbers(copy), ['src/activities/planted.ts']);
    expect(found).toMatchObject([{ file: 'src/activities/planted.ts', line: 2, name }]);
  });

  test('one that is defined twice', () => {
    plant('src/core/plan/planted.ts', 'export const PLANTED_PAGE = 500;');
    plant('src/core/campaign/planted.ts', 'const PLANTED_PAGE = 1_000;');
    const found = limitsTwice(writtenNumbers(copy)).filter(({ name }) => name === 'PLANTED_PAGE');
    expect(found.map(({ file }) => file)).toEqual(['src/core/campaign/planted.ts', 'src/core/plan/planted.ts']);
  });

  test('no number that is not a limit', () => {
    plant('src/activities/planted.ts', 'const WIDTH = 420;', 'export const planted = { startedAtMs: 0, WIDTH };');
    expect(limitsOutside(writtenNumbers(copy), ['src/activities/planted.ts'])).toEqual([]);
  });
});
