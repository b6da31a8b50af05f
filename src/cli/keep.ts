import { Command } from 'commander';
import { keepUntil, ledgerSlugs, readLedger } from '../adapters/host/ledger.ts';
import { parseDuration } from '../core/text/duration.ts';
import { momentText } from '../core/text/time.ts';
import { checkDuration } from './options.ts';
import { UsageError } from './usage-error.ts';

/** `belay keep`: keeps what a campaign has on this host. */
export function keepCommand(): Command {
  return new Command('keep')
    .description(
      'Keep what a campaign has on this host, e.g. its clusters: until then neither its teardown nor a sweep removes it. On the other hosts of a campaign, type it there.',
    )
    .argument('<id>', 'workflow id of the campaign, or its name in runs/')
    .option('--for <duration>', 'how long from now; 0s ends it', '24h')
    .action((id: string, options: { readonly for: string }) => {
      checkDuration('--for', options.for, 0);
      const untilMs = Date.now() + (parseDuration(options.for) ?? 0);
      const slugs = ledgerSlugs().filter((slug) => {
        const ledger = readLedger(slug);
        return ledger?.workflowId === id || ledger?.campaign === id;
      });
      if (slugs.length === 0)
        throw new UsageError(`this host has nothing of a campaign "${id}"; "./belay status" lists the campaigns`);
      for (const slug of slugs) keepUntil(slug, untilMs);
      process.stdout.write(
        untilMs <= Date.now()
          ? `${id}: not kept any more; its teardown or a sweep removes what it has\n`
          : `${id}: kept on this host until ${momentText(untilMs)}; "./belay keep ${id} --for 0s" ends it\n`,
      );
    });
}
