import { execa } from 'execa';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryFolder } from '../adapters/host/folders.ts';
import { messageOf } from '../core/text/message-of.ts';
import type { TestRoom } from './test-room.ts';

/** What a run of tests counted. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Runs tests in a room, whose output goes to the terminal, and adds to the counts.
 * @param filters parts of paths of test files; none = all @param env beside this process's own
 */
export async function runTests(
  room: TestRoom,
  filters: readonly string[],
  counts: Counts,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const report = join(room.folder, 'report.json');
  try {
    const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...filters];
    const { exitCode } = await runProgram(room, 'vitest/vitest.mjs', args, env);
    const result = JSON.parse(readFileSync(report, 'utf8')) as {
      readonly numPassedTests: number;
      readonly numFailedTests: number;
      readonly numPendingTests: number;
      readonly numTodoTests: number;
    };
    counts.passed += result.numPassedTests;
    counts.failed += result.numFailedTests;
    counts.skipped += result.numPendingTests + result.numTodoTests;
    // A test file that does not load has no failed test. It counts as one failure.
    if (exitCode !== 0 && result.numFailedTests === 0) counts.failed++;
    if (exitCode !== 0) room.keep();
  } catch (error) {
    console.error(`vitest wrote no report: ${messageOf(error)}`);
    counts.failed++;
  } finally {
    rmSync(report, { force: true });
  }
}

/** Runs a program of node_modules in the repository, with all that it starts in the room. Its output goes to the terminal. */
export async function runProgram(
  room: TestRoom,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly exitCode: number }> {
  const { exitCode } = await execa(process.execPath, [join(repositoryFolder, 'node_modules', program), ...args], {
    cwd: repositoryFolder,
    // Vitest keeps a NODE_ENV that is set, and libraries behave differently then.
    env: { ...env, NODE_ENV: 'test', TMPDIR: room.folder },
    stdio: ['ignore', 'inherit', 'inherit'],
    reject: false,
  });
  return { exitCode: exitCode ?? 1 };
}

/** The last line of a run of tests. */
export function countsLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
