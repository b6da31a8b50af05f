import { Command } from 'commander';
import { joinStack } from '../adapters/temporal/stack-users.ts';
import { HarnessError } from './usage-error.ts';
import { messageOf } from '../core/text/message-of.ts';

/** `belay worker`: a worker in the foreground, its log on standard output. Several may serve one Temporal. */
export function workerCommand(): Command {
  return new Command('worker')
    .description(
      'Runs a worker in the foreground; Ctrl-C lets it drain. Several may serve one Temporal, on this host and on others (TEMPORAL_ADDRESS names the server). What one leaves when it dies, the next takes up.',
    )
    .action(async () => {
      await joinStack({ withoutWorker: true, keep: true }).catch((cause: unknown) => {
        throw new HarnessError(messageOf(cause));
      });
      await import('../worker.ts');
    });
}
