import { Command } from 'commander';
import { exitCodeOf } from '../core/verdict/exit-codes.ts';
import { collect, oneOf } from './options.ts';
import { listItem } from './list-item.ts';
import { UsageError } from './usage-error.ts';

interface JudgeOptions {
  readonly profile?: string;
  readonly rules: string;
  readonly output: string;
  readonly set: readonly string[];
  readonly all?: true;
}

/**
 * `belay judge`: judges stored evidence again, without a cluster. The exit code is that of the chosen rules' verdict; with both
 * rules it is that of Belay's verdict.
 */
export function judgeCommand(): Command {
  return new Command('judge')
    .description('Judge a stored summary again, by its own bars or by those of a profile. Needs no cluster.')
    .argument('[summary]', 'path of a summary.json, of the folder it lies in, or - for standard input')
    .option('--all', "every stored run by today's bars: which verdicts would be others; with --profile, only its runs")
    .option('-p, --profile <profile>', 'judge by the bars of this profile: its name, the path of its file, or -')
    .option('-r, --rules <rules>', "bigfleet: exactly upstream's; belay: ours; both: side by side", 'both')
    .option('-o, --output <format>', 'table or json', 'table')
    .option('-s, --set <path=value>', 'judge by a changed profile, e.g. -s gates.podBindP99.max=5', collect, [])
    .action(async (path: string | undefined, options: JudgeOptions) => {
      const output = oneOf('--output', options.output, ['table', 'json']);
      const rules = oneOf('--rules', options.rules, ['bigfleet', 'belay', 'both']);
      if (options.all === true) {
        if (path !== undefined) throw new UsageError(`--all: found "${path}" too; allowed: one of the two`);
        if (rules === 'bigfleet') throw new UsageError("--all: found --rules bigfleet; allowed: Belay's rules");
        const { judgeAll, judgedAllText, exitCodeOfAll } = await import('./judge-all.ts');
        const judged = judgeAll(options.profile, options.set);
        process.exitCode = exitCodeOfAll(judged.runs);
        process.stdout.write(`${output === 'json' ? JSON.stringify(judged, null, 2) : judgedAllText(judged)}\n`);
        return;
      }
      if (path === undefined) throw new UsageError('found no summary; allowed: a path, or --all for every stored run');
      const { judgeStored } = await import('./judge-stored.ts');
      const judged = judgeStored(path, options.profile, options.set);
      const { belay, bigfleet, rows } = judged;
      process.exitCode = rules === 'bigfleet' ? exitCodeOf(bigfleet.pass ? 'pass' : 'fail') : exitCodeOf(belay.verdict);
      if (output === 'json') {
        const both = { belay, bigfleet, gates: rows };
        const shown = rules === 'both' ? both : rules === 'belay' ? { belay } : { bigfleet };
        process.stdout.write(`${JSON.stringify({ ...judged.names, ...judged.identity, ...shown }, null, 2)}\n`);
        return;
      }
      const tables = await import('./judge-table.ts');
      const parts = {
        both: [
          tables.bothTable(rows, belay),
          ...tables.originLines(belay),
          ...tables.missedCheckLines(belay),
          tables.bigfleetLine(bigfleet),
          tables.belayLine(belay),
        ],
        belay: [
          tables.belayTable(belay),
          ...tables.originLines(belay),
          tables.belayLine(belay),
          ...belay.reasons.slice(1).map((reason) => listItem(reason, '  ')),
        ],
        bigfleet: [
          tables.bigfleetTable(bigfleet),
          tables.bigfleetLine(bigfleet),
          ...bigfleet.failures.map((failure) => listItem(failure, '  ')),
        ],
      }[rules];
      process.stdout.write(`${[...parts, ...tables.identityLines(judged.identity)].join('\n')}\n`);
    });
}
