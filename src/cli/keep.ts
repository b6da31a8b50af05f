import { Command } from 'commander';
import { keepCampaign } from '../adapters/host/ledger.ts';
import type { JanitorInput, JanitorResult } from '../core/campaign/sweep.ts';
import { SHARED_QUEUE } from '../core/model/host-queues.ts';
import { counted } from '../core/text/counted.ts';
import { parseDuration } from '../core/text/duration.ts';
import { momentText } from '../core/text/time.ts';
import { EXIT } from '../core/verdict/exit-codes.ts';
import { safeForTerminal } from '../core/text/terminal.ts';
import { getTools } from './get-tools.ts';
import { checkDuration } from './options.ts';
import { timestamp } from './run.ts';
import { UsageError } from './usage-error.ts';
import { withStack } from './with-stack.ts';

interface KeepOptions {
  readonly for: string;
  readonly allHosts?: true;
}

/** `belay keep`: keeps what a campaign has. */
export function keepCommand(): Command {
  return new Command('keep')
    .description(
      'Keep what a campaign has, e.g. its clusters: until then neither its teardown nor a sweep removes it. Of a campaign on several hosts, on all of them. Exit code 4 when a host did not answer.',
    )
    .argument('<id>', 'workflow id of the campaign, or its name in runs/')
    .option('--for <duration>', 'how long from now; 0s ends it', '24h')
    .option(
      '--all-hosts',
      'also where this host has nothing of the campaign: on all hosts whose workers serve this Temporal',
    )
    .action(async (id: string, options: KeepOptions) => {
      checkDuration('--for', options.for, 0);
      const untilMs = Date.now() + (parseDuration(options.for) ?? 0);
      const here = keepCampaign(id, untilMs);
      const isSpread = options.allHosts === true || here.some(({ group }) => group !== undefined);
      if (here.length === 0 && !isSpread)
        throw new UsageError(
          `this host has nothing of a campaign "${id}"; "./belay status" lists the campaigns, and "--all-hosts" keeps it on the others`,
        );
      const { hosts, unanswered } = isSpread ? await keepEverywhere(id, untilMs) : { hosts: 1, unanswered: [] };
      if (hosts === 0 && here.length === 0)
        throw new UsageError(`no host has anything of a campaign "${id}"; "./belay status" lists the campaigns`);
      const where = isSpread ? counted(hosts, 'host') : 'this host';
      process.stdout.write(
        untilMs <= Date.now()
          ? `${id}: not kept any more on ${where}; its teardown or a sweep removes what it has\n`
          : `${id}: kept on ${where} until ${momentText(untilMs)}; "./belay keep ${id} --for 0s" ends it\n`,
      );
      for (const line of unanswered) process.stderr.write(safeForTerminal(`${line}\n`));
      if (unanswered.length > 0) process.exitCode = EXIT.harnessFault;
    });
}

async function keepEverywhere(
  campaign: string,
  untilMs: number,
): Promise<{ readonly hosts: number; readonly unanswered: readonly string[] }> {
  await getTools(['temporal']);
  const input: JanitorInput = { dryRun: false, keep: { campaign, untilMs } };
  const { hosts } = await withStack({ keep: false }, ({ client }) =>
    client.workflow.execute<(input: JanitorInput) => Promise<JanitorResult>>('janitor', {
      workflowId: `keep-${timestamp()}`,
      taskQueue: SHARED_QUEUE,
      args: [input],
      staticSummary: `keep of ${campaign}`.slice(0, 190),
    }),
  );
  return {
    hosts: hosts.filter(({ campaigns }) => campaigns.length > 0).length,
    unanswered: hosts.flatMap(({ host, failure }) => (failure === undefined ? [] : [`${host}: ${failure}`])),
  };
}
