import { Command } from 'commander';
import { oneOf, wholeNumber } from './options.ts';
import { UsageError } from './usage-error.ts';

interface TrendCommandOptions {
  readonly metric?: string;
  readonly last: string;
  readonly minChange: string;
  readonly import?: string;
  readonly export?: string;
  readonly runAgain?: boolean;
  readonly output: string;
}

/** `belay trend`: whether it got slower, since when, and by how much. */
export function trendCommand(): Command {
  return new Command('trend')
    .description(
      'Show what changed over the stored runs of a profile: since when, and by how much. Compares runs with the same fingerprint; the version of the system may differ. Needs neither Temporal nor a cluster.',
    )
    .argument('[profile]', 'name of a profile with stored runs; with --import the name of a test in the file')
    .option('-m, --metric <name>', 'only this metric, with all its changes: a gate, stage.<stage> or load.<what>')
    .option('--last <runs>', 'look at so many of the latest runs; 0 = all', '200')
    .option('--min-change <percent>', 'the smallest change of interest, in percent of the level', '5')
    .option('--import <file>', "take the runs from a file: lines of JSON, as Grove's scale tests keep them")
    .option('--export <file>', 'write the runs to a file of that kind ("-" = standard output), and show nothing')
    .option(
      '--run-again',
      'if the latest run is flagged, run the profile once more: the next run confirms or withdraws',
    )
    .option('-o, --output <format>', 'table or json', 'table')
    .action(async (profile: string | undefined, options: TrendCommandOptions) => {
      const output = oneOf('--output', options.output, ['table', 'json']);
      const last = wholeNumber('--last', options.last, 0);
      const minChange = shareOf(options.minChange);
      const { importedHistories, storedHistory, exportRuns } = await import('./trend-histories.ts');
      if (options.runAgain === true && options.import !== undefined)
        throw new UsageError('--run-again runs the profile of stored runs; leave --import out');
      if (options.runAgain === true && output === 'json')
        throw new UsageError('--run-again: found --output json beside it; allowed: table, because it shows the run');
      if (options.export !== undefined) {
        if (profile === undefined || options.import !== undefined)
          throw new UsageError('--export writes the stored runs of one profile; give its name, and no --import');
        exportRuns(profile, options.export);
        return;
      }
      if (profile === undefined && options.import === undefined)
        throw new UsageError(
          'found no profile; allowed: the name of a profile with stored runs, or --import with a file',
        );
      const histories =
        options.import === undefined
          ? [storedHistory(profile ?? '', last)]
          : importedHistories(options.import, profile);
      const { isAnyOpen, trendJson, trendText } = await import('./trend-text.ts');
      const shown = { last, minChange, ...(options.metric === undefined ? {} : { metric: options.metric }) };
      const text = output === 'json' ? trendJson(histories, shown) : trendText(histories, shown);
      process.stdout.write(`${text}\n`);
      const latest = histories[0]?.latest;
      if (options.runAgain !== true || latest === undefined) return;
      if (isAnyOpen(histories, shown)) {
        const { wordsOfAgain } = await import('./run-again.ts');
        const { runCommand } = await import('./run.ts');
        await runCommand().parseAsync([...wordsOfAgain(latest)], { from: 'user' });
      } else process.stdout.write(`--run-again: ${latest.id} is not flagged, so nothing is run again\n`);
    });
}

function shareOf(found: string): number {
  const percent = Number(found.replace(/\s*%$/, ''));
  if (/^\d/.test(found) && percent > 0 && percent <= 100) return percent / 100;
  throw new UsageError(`--min-change: found "${found}"; allowed: a percentage above 0 and up to 100, such as 5`);
}
