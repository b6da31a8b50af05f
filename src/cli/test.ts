import { Command } from 'commander';
import { execa } from 'execa';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryFolder } from '../adapters/host/folders.ts';
import { TOOL_NAMES } from '../adapters/toolchain/tools.ts';
import { EXIT } from '../core/verdict/exit-codes.ts';
import { getTools } from './get-tools.ts';

/** `belay test`: types, lint, format, and every test, on real parts; the last line counts them. */
export function testCommand(): Command {
  return new Command('test')
    .description(
      'Runs types, lint, format and every test, the last on real parts: Temporal, Kubernetes, Prometheus. Its last line counts them.',
    )
    .argument(
      '[filters...]',
      'only test files whose path contains one of these; types, lint and format are left out then',
    )
    .action(async (filters: readonly string[]) => {
      process.exitCode = await test(filters);
    });
}

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

async function test(filters: readonly string[]): Promise<number> {
  await getTools([...TOOL_NAMES]);
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  if (filters.length === 0) {
    for (const [what, bin, args] of [
      ['types', 'node_modules/typescript/bin/tsc', ['--noEmit']],
      ['lint', 'node_modules/.bin/oxlint', ['--type-aware', '--deny-warnings']],
      ['format', 'node_modules/.bin/prettier', ['--check', '--log-level', 'warn', '.']],
    ] as const) {
      const { exitCode } = await run(bin, args);
      console.log(`${exitCode === 0 ? '✓' : '✗'} ${what}`);
      counts[exitCode === 0 ? 'passed' : 'failed']++;
    }
  }
  await vitest(filters, counts);
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  return counts.failed === 0 && counts.passed > 0 ? EXIT.pass : EXIT.fail;
}

async function vitest(filters: readonly string[], counts: Counts): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'belay-test-'));
  const report = join(folder, 'report.json');
  try {
    const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...filters];
    const { exitCode } = await run('node_modules/vitest/vitest.mjs', args);
    const result = JSON.parse(readFileSync(report, 'utf8')) as {
      readonly numPassedTests: number;
      readonly numFailedTests: number;
      readonly numPendingTests: number;
      readonly numTodoTests: number;
    };
    counts.passed += result.numPassedTests;
    counts.failed += result.numFailedTests;
    counts.skipped += result.numPendingTests + result.numTodoTests;
    // A file that cannot even be loaded has no test to fail; it fails as itself.
    if (exitCode !== 0 && result.numFailedTests === 0) counts.failed++;
  } catch (error) {
    console.error(`the test runner left no report: ${error instanceof Error ? error.message : String(error)}`);
    counts.failed++;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function run(bin: string, args: readonly string[]): Promise<{ readonly exitCode: number }> {
  const { exitCode } = await execa(process.execPath, [join(repositoryFolder, bin), ...args], {
    cwd: repositoryFolder,
    stdio: ['ignore', 'inherit', 'inherit'],
    reject: false,
  });
  return { exitCode: exitCode ?? 1 };
}
