import { execa } from 'execa';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { repositoryFolder } from '../../src/adapters/host/folders.ts';
import { CHECKS } from '../../src/cli/checks.ts';
import { limitsOutside, limitsTwice, writtenNumbers } from './written-limits.ts';

interface Ended {
  readonly exitCode: number | undefined;
  readonly output: string;
}

const LEFT_OUT = new Set(['.git', '.belay', 'node_modules', 'runs', 'coverage']);

/** Rule, file and line of each violation of the structure, all planted at once: one run of the check takes seconds. */
const VIOLATIONS = [
  ['core-imports-core', 'src/core/text/planted-node.ts', "import 'node:fs';"],
  ['core-imports-core', 'src/core/text/planted-temporal.ts', "import '@temporalio/workflow';"],
  ['core-imports-core', 'src/core/text/planted-type.ts', "import type {} from '../../adapters/host/folders.ts';"],
  ['core-model-import-nothing-later', 'src/core/model/planted.ts', "import type {} from '../plan/spec.ts';"],
  ['core-folders-are-known', 'src/cli/planted-folder.ts', "import type {} from '../core/planted/one.ts';"],
  ['bigfleet-through-registries', 'src/core/plan/planted.ts', "import type {} from '../bigfleet/system/rules.ts';"],
  ['adapters-import-core', 'src/adapters/host/planted.ts', "import type {} from '../../activities/all.ts';"],
  ['workflows-import-core', 'src/workflows/planted-adapter.ts', "import '../adapters/host/folders.ts';"],
  ['workflows-import-core', 'src/workflows/planted-zod.ts', "import { z } from 'zod';"],
  ['workflows-import-types-of-activities', 'src/workflows/planted.ts', "import '../activities/all.ts';"],
  ['cli-imports-no-activities', 'src/cli/planted.ts', "await import('../activities/all.ts');"],
  ['imports-resolve', 'src/cli/planted-path.ts', "import './not-there.ts';"],
  ['no-cycle', 'src/core/gates/planted-a.ts', "import type {} from './planted-b.ts';"],
  // Two folders that import each other, without a cycle of files.
  ['no-folder-cycle', 'src/core/faults/planted-a.ts', "import type {} from '../gates/planted-c.ts';"],
  ['no-folder-cycle', 'src/core/gates/planted-d.ts', "import type {} from '../faults/planted-e.ts';"],
] as const;

/** Adds a line to a file. A file that is not there is created. */
function plant(root: string, file: string, line: string): void {
  mkdirSync(join(root, dirname(file)), { recursive: true });
  appendFileSync(join(root, file), `\n${line}\n`);
}

/** Runs checks of `./belay test` on a copy of the repository with planted lines. */
async function checkCopy(names: readonly string[], lines: readonly (readonly [string, string])[]): Promise<Ended[]> {
  const copy = mkdtempSync(join(tmpdir(), 'belay-planted-'));
  try {
    for (const name of readdirSync(repositoryFolder).filter((entry) => !LEFT_OUT.has(entry)))
      cpSync(join(repositoryFolder, name), join(copy, name), { recursive: true });
    symlinkSync(join(repositoryFolder, 'node_modules'), join(copy, 'node_modules'));
    for (const [file, line] of lines) plant(copy, file, line);
    const ended: Ended[] = [];
    for (const { name, program, args } of CHECKS.filter((check) => names.includes(check.name))) {
      const path = join(repositoryFolder, 'node_modules', program);
      const { exitCode, all } = await execa(process.execPath, [path, ...args], { cwd: copy, all: true, reject: false });
      ended.push({ exitCode, output: `${name}\n${all}` });
    }
    return ended;
  } finally {
    rmSync(copy, { recursive: true });
  }
}

describe('the check of the structure finds', () => {
  let ended: Ended | undefined;
  beforeAll(async () => {
    const targets = ['core/planted/one.ts', 'core/gates/planted-c.ts', 'core/faults/planted-e.ts'];
    [ended] = await checkCopy(
      ['structure'],
      [
        ['src/core/gates/planted-b.ts', "import type {} from './planted-a.ts';"],
        ...VIOLATIONS.map(([, file, line]) => [file, line] as const),
        ...targets.map((file) => [`src/${file}`, 'export type Planted = 1;'] as const),
      ],
    );
  }, 120_000);

  test.for(VIOLATIONS)('%s: %s with %s', ([rule, file]) => {
    const from = rule === 'no-folder-cycle' ? dirname(file) : file;
    expect(ended?.output).toContain(`error ${rule}: ${from}`);
    expect(ended?.exitCode).not.toBe(0);
  });
});

test('the check of unused code finds an export, a type and a file that nothing uses', async () => {
  const [ended] = await checkCopy(
    ['unused'],
    [
      ['src/core/text/duration.ts', 'export const PLANTED_EXPORT = 1;'],
      ['src/core/text/duration.ts', 'export type PlantedType = 1;'],
      ['src/core/text/planted-file.ts', 'export const inPlantedFile = 1;'],
    ],
  );
  for (const name of ['PLANTED_EXPORT', 'PlantedType', 'src/core/text/planted-file.ts'])
    expect(ended?.output).toContain(name);
  expect(ended?.exitCode).not.toBe(0);
}, 120_000);

describe('the check of limits finds', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'belay-limits-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  test.for([
    ['PLANTED_MS', 'const PLANTED_MS = 30 * 60_000;'],
    ['PLANTED_AT_ONCE', 'export const PLANTED_AT_ONCE: number = 4;'],
    ['PLANTED_PAGE', 'const PLANTED_PAGE = 500;'],
    ['budgetMs', 'export const planted = { budgetMs: 10_000 };'],
    ['limitMs', 'export function planted(limitMs = 5_000): number { return limitMs; }'],
    ['AbortSignal.timeout', 'export const planted = AbortSignal.timeout(5_000);'],
  ] as const)('%s outside of the file of limits', ([name, line]) => {
    plant(root, 'src/activities/planted.ts', line);
    expect(limitsOutside(writtenNumbers(root), ['src/activities/'])).toMatchObject([
      { file: 'src/activities/planted.ts', line: 2, name },
    ]);
  });

  test('one that is defined twice', () => {
    const limits = 'src/core/plan/limits.ts';
    mkdirSync(join(root, dirname(limits)), { recursive: true });
    cpSync(join(repositoryFolder, limits), join(root, limits));
    plant(root, 'src/core/campaign/planted.ts', 'const LIST_PAGE = 1_000;');
    expect(limitsTwice(writtenNumbers(root)).map(({ file, name }) => [file, name])).toEqual([
      ['src/core/campaign/planted.ts', 'LIST_PAGE'],
      [limits, 'LIST_PAGE'],
    ]);
  });

  test('no number that is not a limit', () => {
    plant(root, 'src/activities/planted.ts', 'const WIDTH = 420; export const planted = { startedAtMs: 1, WIDTH };');
    expect(limitsOutside(writtenNumbers(root), ['src/activities/'])).toEqual([]);
  });
});
