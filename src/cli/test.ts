import { Command } from 'commander';
import { execa } from 'execa';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryFolder } from '../adapters/host/folders.ts';
import { TOOL_NAMES } from '../adapters/toolchain/tools.ts';
import { EXIT } from '../core/verdict/exit-codes.ts';
import { CHECKS } from './checks.ts';
import { getTools } from './get-tools.ts';
import { messageOf } from '../core/text/message-of.ts';

/** `belay test`: every check, then every test on real parts. The last line counts them. */
export function testCommand(): Command {
  const names = CHECKS.map(({ name }) => name).join(', ');
  return new Command('test')
    .description(
      `Runs the checks (${names}) and every test, on real parts: Temporal, Kubernetes, Prometheus. The last line counts them.`,
    )
    .argument('[filters...]', 'run only test files whose path contains one of these, and no checks')
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
    for (const { name, program, args } of CHECKS) {
      const { exitCode } = await run(program, args);
      console.log(`${exitCode === 0 ? '✓' : '✗'} ${name}`);
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
    const { exitCode } = await run('vitest/vitest.mjs', args);
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
  } catch (error) {
    console.error(`vitest wrote no report: ${messageOf(error)}`);
    counts.failed++;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a program of node_modules in the repository. Its output goes to the terminal. */
async function run(program: string, args: readonly string[]): Promise<{ readonly exitCode: number }> {
  const { exitCode } = await execa(process.execPath, [join(repositoryFolder, 'node_modules', program), ...args], {
    cwd: repositoryFolder,
    stdio: ['ignore', 'inherit', 'inherit'],
    reject: false,
  });
  return { exitCode: exitCode ?? 1 };
}
