import { Command } from 'commander';
import { TOOL_NAMES } from '../adapters/toolchain/tools.ts';
import { EXIT } from '../core/verdict/exit-codes.ts';
import { CHECKS } from './checks.ts';
import { getTools } from './get-tools.ts';
import { countsLine, runProgram, runTests, type Counts } from './run-tests.ts';
import { inTestRoom, type TestRoom } from './test-room.ts';

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

async function test(filters: readonly string[]): Promise<number> {
  await getTools([...TOOL_NAMES]);
  return await inTestRoom((room) => testIn(room, filters));
}

async function testIn(room: TestRoom, filters: readonly string[]): Promise<number> {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  if (filters.length === 0) {
    for (const { name, program, args } of CHECKS) {
      const { exitCode } = await runProgram(room, program, args);
      console.log(`${exitCode === 0 ? '✓' : '✗'} ${name}`);
      counts[exitCode === 0 ? 'passed' : 'failed']++;
    }
  }
  await runTests(room, filters, counts);
  console.log(countsLine(counts));
  return counts.failed === 0 && counts.passed > 0 ? EXIT.pass : EXIT.fail;
}
