import { Command } from 'commander';
import { hostName } from '../adapters/host/host-queues.ts';
import { SHARED_QUEUE } from '../core/model/host-queues.ts';
import { sweepInWords, type HostSweep, type JanitorInput, type JanitorResult } from '../core/campaign/sweep.ts';
import { momentText } from '../core/text/time.ts';
import { EXIT } from '../core/verdict/exit-codes.ts';
import { getTools } from './get-tools.ts';
import { isJson } from './options.ts';
import { timestamp } from './run.ts';
import { textTable } from './text-table.ts';
import { priceText } from './abandoned-text.ts';
import { withStack } from './with-stack.ts';

/** `belay sweep`: removes what abandoned campaigns left. */
export function sweepCommand(): Command {
  return new Command('sweep')
    .description(
      'Remove what campaigns left that were terminated, or whose teardown could not remove everything. Evidence stays, and so does what "belay keep" keeps, and every campaign of which Temporal does not say that it has ended. Exit code 4 when something is left.',
    )
    .option('--dry-run', 'only show what would be removed')
    .option('--all-hosts', 'on all hosts whose workers serve this Temporal, not only on this one')
    .option('-o, --output <format>', 'table or json', 'table')
    .action(async (options: { readonly dryRun?: true; readonly allHosts?: true; readonly output: string }) => {
      const json = isJson(options);
      const input: JanitorInput = {
        dryRun: options.dryRun === true,
        ...(options.allHosts === true ? {} : { host: hostName() }),
      };
      await getTools(['temporal']);
      const result = await withStack({ keep: false }, ({ client }) =>
        client.workflow.execute<(input: JanitorInput) => Promise<JanitorResult>>('janitor', {
          workflowId: `sweep-${timestamp()}`,
          taskQueue: SHARED_QUEUE,
          args: [input],
          staticSummary: `${input.dryRun ? 'dry sweep' : 'sweep'} of ${input.host ?? 'all hosts'}`,
        }),
      );
      process.stdout.write(`${json ? JSON.stringify(result, null, 2) : sweepText(result)}\n`);
      process.exitCode = isIncomplete(result) ? EXIT.harnessFault : EXIT.pass;
    });
}

function isIncomplete({ hosts }: JanitorResult): boolean {
  return hosts.some(
    ({ failure, campaigns }) => failure !== undefined || campaigns.some(({ state }) => state === 'left-behind'),
  );
}

function sweepText(result: JanitorResult): string {
  const rows = result.hosts.flatMap((host) => rowsOf(host));
  const words = sweepInWords(result);
  if (rows.length === 0) return words;
  return `${textTable(['host', 'campaign', 'state', 'abandoned since', 'cost', 'why'], rows)}\n${words}`;
}

function rowsOf({ host, campaigns, failure }: HostSweep): readonly (readonly string[])[] {
  const rows = campaigns.map(({ workflowId, state, sinceMs, usdPerHour, why, left }) => [
    host,
    workflowId,
    state,
    sinceMs === undefined ? '' : momentText(sinceMs),
    priceText(usdPerHour),
    [why, ...left].join('\n'),
  ]);
  return failure === undefined ? rows : [...rows, [host, '', 'not swept', '', '', failure]];
}
