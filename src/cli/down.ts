import { Command } from 'commander';
import { campaignsUnderWay, isKept, stackRuns, stopStack } from '../adapters/temporal/stack-users.ts';
import type { RunningWorkflow } from '../adapters/temporal/running-campaigns.ts';
import { runningDevServer } from '../adapters/temporal/dev-server.ts';
import { externalTarget } from '../adapters/temporal/target.ts';
import { elapsedText } from './progress-rows.ts';
import { HarnessError, UsageError } from './usage-error.ts';
import { messageOf } from '../core/text/message-of.ts';

/** `belay down`: stops the workers and the dev server of this checkout. */
export function downCommand(): Command {
  return new Command('down')
    .summary('stop the worker and Temporal')
    .description(
      'Stops the workers and the Temporal server that Belay started here; what has run stays on record. Refuses while campaigns run.',
    )
    .option('--force', 'also while campaigns run: they stand still, with their clusters, until "belay up"')
    .action(async (options: { readonly force?: boolean }) => {
      if (!stackRuns() && !isKept()) {
        process.stdout.write('nothing is up\n');
        return;
      }
      if (options.force !== true) await refuseWhileBusy();
      const server = externalTarget() === undefined ? runningDevServer() : undefined;
      await stopStack();
      process.stdout.write(
        server === undefined ? 'the worker is stopped\n' : `worker and Temporal (${server.address}) are stopped\n`,
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
      `it cannot be seen whether campaigns run: ${messageOf(cause)}\n"./belay down --force" stops all the same`,
      { cause },
    );
  }
  if (running.length === 0) return;
  const lines = running.map(
    ({ type, workflowId, startedAtMs }) => `  ${type} ${workflowId}, for ${elapsedText(Date.now() - startedAtMs)}`,
  );
  throw new UsageError(
    `${running.length} of these still run:\n${lines.join('\n')}\n` +
      '"./belay abort ID" ends one with its teardown; "./belay down --force" leaves them standing still, with their clusters, until "./belay up"',
  );
}
