import { Command } from 'commander';
import { joinStack } from '../adapters/temporal/stack-users.ts';
import { passHostOptions, withHostOptions, type HostOptions } from './host-options.ts';
import { HarnessError } from './usage-error.ts';
import { messageOf } from '../core/text/message-of.ts';

/** `belay worker`: runs a worker in the foreground, with its log on standard output. */
export function workerCommand(): Command {
  const command = new Command('worker').description(
    'Run a worker in the foreground. Ctrl-C lets it finish what it can. One Temporal may have several workers, on this host and on others (TEMPORAL_ADDRESS names the server). If a worker dies, another one on its host continues its work.',
  );
  return withHostOptions(command).action(async (options: HostOptions) => {
    passHostOptions(options);
    await joinStack({ withoutWorker: true, keep: true }).catch((cause: unknown) => {
      throw new HarnessError(messageOf(cause));
    });
    await import('../worker.ts');
  });
}
