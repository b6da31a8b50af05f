import { Command } from 'commander';
import { campaignsUnderWay, isKept, stackRuns, stopStack } from '../adapters/temporal/stack-users.ts';
import type { RunningWorkflow } from '../adapters/temporal/running-campaigns.ts';
import { unscheduleJanitor } from '../adapters/temporal/janitor-schedule.ts';
import { runningDevServer } from '../adapters/temporal/dev-server.ts';
import { externalTarget } from '../adapters/temporal/target.ts';
import { counted } from '../core/text/counted.ts';
import { elapsedText } from './progress-rows.ts';
import { HarnessError, UsageError } from './usage-error.ts';
import { messageOf } from '../core/text/message-of.ts';
import { withClient } from './with-client.ts';

/** `belay down`: stops the workers and the dev server of this checkout. */
export function downCommand(): Command {
  return new Command('down')
    .description(
      'Stop the workers and the Temporal server that Belay started here. Histories and evidence are kept. Refuses while campaigns run.',
    )
    .option('--force', 'stop even while campaigns run; they pause, with their clusters, until "belay up"')
    .action(async (options: { readonly force?: boolean }) => {
      if (!stackRuns() && !isKept()) {
        process.stdout.write('nothing is running\n');
        return;
      }
      if (options.force !== true) await refuseWhileBusy();
      const server = externalTarget() === undefined ? runningDevServer() : undefined;
      await withClient(unscheduleJanitor).catch((cause: unknown) =>
        console.error(`the schedule of the janitor was not removed: ${messageOf(cause)}`),
      );
      await stopStack();
      process.stdout.write(
        server === undefined ? 'worker stopped\n' : `worker and Temporal (${server.address}) stopped\n`,
      );
    });
}

async function refuseWhileBusy(): Promise<void> {
  if (externalTarget() === undefined && runningDevServer() === undefined) return;
  let running: readonly RunningWorkflow[];
  try {
    running = await campaignsUnderWay();
  } catch (cause) {
    throw new HarnessError(
      `cannot check whether campaigns run: ${messageOf(cause)}\n"./belay down --force" stops without the check`,
      { cause },
    );
  }
  if (running.length === 0) return;
  const lines = running.map(
    ({ type, workflowId, startedAtMs }) => `  ${type} ${workflowId}, for ${elapsedText(Date.now() - startedAtMs)}`,
  );
  throw new UsageError(
    `${counted(running.length, 'workflow')} still running:\n${lines.join('\n')}\n` +
      '"./belay abort ID" stops one and tears it down; "./belay down --force" pauses them, with their clusters, until "./belay up"',
  );
}
