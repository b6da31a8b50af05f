import { Command } from 'commander';
import { randomInt } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { repositoryFolder } from '../adapters/host/folders.ts';
import { TOOL_NAMES } from '../adapters/toolchain/tools.ts';
import { EXIT } from '../core/verdict/exit-codes.ts';
import { getTools } from './get-tools.ts';
import { countsLine, runTests, type Counts } from './run-tests.ts';
import { inTestRoom } from './test-room.ts';
import { UsageError } from './usage-error.ts';

/** Campaigns over hosts in network namespaces: the drills outside of `test/drills`. */
const HOSTS = { name: 'hosts', path: 'test/e2e/hosts' } as const;
const MAX_SEED = 2 ** 31 - 1;
const MAX_COUNT = 1_000;

interface DrillOptions {
  readonly seed?: string;
  readonly count: string;
  readonly results?: string;
}

/** `belay drill`: every drill, with all of its cases, and random faults by a seed. */
export function drillCommand(): Command {
  return new Command('drill')
    .description(
      'Try Belay itself: break its parts during small campaigns, in every case that the tests know and by random schedules of faults, and check counts, verdicts, evidence, and that nothing is left.',
    )
    .argument(
      '[filters...]',
      'only drills whose file contains one of these, e.g. random-faults; "hosts": campaigns over several hosts',
    )
    .option('--seed <number>', 'of the random schedules; default: drawn, and printed')
    .option('--count <number>', 'random schedules; each is a campaign of about a minute', '60')
    .option('--results <file>', 'write what became of each random schedule to this file, as JSON')
    .action(async (filters: readonly string[], options: DrillOptions) => {
      const seed = options.seed === undefined ? randomInt(MAX_SEED) : wholeNumber('--seed', options.seed, 0, MAX_SEED);
      const count = wholeNumber('--count', options.count, 1, MAX_COUNT);
      for (const filter of filters) requireDrill(filter);
      process.exitCode = await drill(filters, { seed, count, results: options.results });
    });
}

async function drill(
  filters: readonly string[],
  { seed, count, results }: { readonly seed: number; readonly count: number; readonly results: string | undefined },
): Promise<number> {
  console.log(`seed ${seed}, ${count} random schedules`);
  await getTools([...TOOL_NAMES]);
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  const files =
    filters.length === 0
      ? ['test/drills', HOSTS.path]
      : filters.map((name) => (name === HOSTS.name ? HOSTS.path : `test/drills/${name}`));
  const env = {
    BELAY_TEST_ALL: '1',
    BELAY_TEST_HOSTS: process.env['BELAY_TEST_HOSTS'] ?? 'all',
    BELAY_DRILL_SEED: String(seed),
    BELAY_DRILL_COUNT: String(count),
    ...(results === undefined
      ? {}
      : { BELAY_DRILL_RESULTS: isAbsolute(results) ? results : join(process.cwd(), results) }),
  };
  await inTestRoom((room) => runTests(room, files, counts, env));
  console.log(`seed ${seed}: ${countsLine(counts)}`);
  return counts.failed === 0 && counts.passed > 0 ? EXIT.pass : EXIT.fail;
}

/** @throws UsageError with the names of all drills, for one that is in none of them */
function requireDrill(filter: string): void {
  const files = readdirSync(join(repositoryFolder, 'test', 'drills')).filter((name) => name.endsWith('.test.ts'));
  const names = [...files.map((name) => name.slice(0, -'.test.ts'.length)), HOSTS.name];
  if (!names.some((name) => name.includes(filter)))
    throw new UsageError(`drill: found "${filter}"; allowed: a part of one of ${names.join(', ')}`);
}

/** @throws UsageError that names the option, the value found and what is allowed */
function wholeNumber(option: string, found: string, low: number, high: number): number {
  const number = Number(found);
  if (/^\d+$/.test(found) && number >= low && number <= high) return number;
  throw new UsageError(`${option}: found "${found}"; allowed: a whole number from ${low} to ${high}`);
}
