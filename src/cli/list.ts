import { Command } from 'commander';
import type { RunIndex, RunQuery } from '../adapters/index/run-index.ts';
import type { StoredRun } from '../core/history/stored-run.ts';
import { momentText, lengthText } from '../core/text/time.ts';
import { fetchStoredSummaries } from './fetch-stored.ts';
import { oneOf, sinceMs, wholeNumber } from './options.ts';
import { leftOutText, withStoredRuns } from './stored-runs.ts';
import { textTable } from './text-table.ts';
import { coloured } from './verdict-table.ts';

/** Characters of a reason in a row. `show` has all of it. */
const REASON = 60;
const SHOWN = '20';

interface ListOptions {
  readonly profile?: string;
  readonly verdict?: string;
  readonly since?: string;
  readonly limit: string;
  readonly output: string;
}

/** `belay list`: the stored runs, newest first. */
export function listCommand(): Command {
  return new Command('list')
    .description('List stored runs, newest first. Needs neither Temporal nor a cluster; "status" lists what runs.')
    .option('-p, --profile <name>', 'only runs of this profile')
    .option('--verdict <verdict>', 'only pass, fail or unmeasured')
    .option(
      '--since <time>',
      'only runs that began then or later: a time such as 2026-11-24 or 2026-11-24T08:00:00Z, or a duration before now such as 24h',
    )
    .option('--limit <count>', 'at most so many; 0 = all', SHOWN)
    .option('-o, --output <format>', 'table or json', 'table')
    .action(async (options: ListOptions) => {
      const output = oneOf('--output', options.output, ['table', 'json']);
      const limit = wholeNumber('--limit', options.limit, 0);
      const query = queryOf(options);
      await fetchStoredSummaries();
      withStoredRuns((index) => {
        const limited = limit === 0 ? query : { ...query, limit };
        if (output === 'json') {
          print(jsonOf(index, limited));
          return;
        }
        const runs = index.runs(limited);
        const total = runs.length === limit ? index.count(query) : runs.length;
        print(runs.length === 0 ? noRuns(options) : runsTable(runs));
        if (total > runs.length) print(`the newest ${runs.length} of ${total}; --limit shows more`);
        const left = leftOutText(index);
        if (left !== '') print(left);
      });
    });
}

function queryOf({ profile, verdict, since }: ListOptions): RunQuery {
  return {
    ...(profile === undefined ? {} : { profile }),
    ...(verdict === undefined ? {} : { verdict: oneOf('--verdict', verdict, ['pass', 'fail', 'unmeasured']) }),
    ...(since === undefined ? {} : { sinceMs: sinceMs('--since', since, Date.now()) }),
  };
}

/** A run in each line: thousands of them are printed as the index has them. */
function jsonOf(index: RunIndex, query: RunQuery): string {
  const runs = [...index.jsonOfEach(query)].join(',\n    ');
  const { damaged, ofMembers } = index;
  const unfinished = index.unfinished.map(({ id, folder }) => ({ id, folder }));
  const rest = JSON.stringify({ damaged, unfinished, ofMembers }, null, 2);
  return `{\n  "runs": [${runs === '' ? '' : `\n    ${runs}\n  `}],${rest.slice(1)}`;
}

function noRuns({ profile, verdict, since }: ListOptions): string {
  const isAsked = profile !== undefined || verdict !== undefined || since !== undefined;
  return isAsked ? 'No stored run is like that.' : 'No stored run yet. ./belay run profiles/quickstart.yaml makes one.';
}

function runsTable(runs: readonly StoredRun[]): string {
  // Most lists have no such run, and a table has to fit a terminal.
  const ofComparisons = runs.some(({ comparison }) => comparison !== undefined);
  const rows = runs.map((run) => {
    const { id, profile, verdict, startedAtMs, endedAtMs, systemVersion, system, reason, comparison } = run;
    return [
      id,
      profile,
      ...(ofComparisons ? [comparison === undefined ? '' : `${comparison.side}, pair ${comparison.pair}`] : []),
      coloured(verdict),
      momentText(startedAtMs).replace(' UTC', ''),
      lengthText(endedAtMs - startedAtMs),
      `${system}: ${systemVersion}`,
      reason.length > REASON ? `${reason.slice(0, REASON - 1)}…` : reason,
    ];
  });
  const head = [
    'run',
    'profile',
    ...(ofComparisons ? ['compared'] : []),
    'verdict',
    'started (UTC)',
    'took',
    'system',
    'reason',
  ];
  return textTable(head, rows, { right: [head.indexOf('took')] });
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
