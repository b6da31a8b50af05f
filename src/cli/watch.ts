import type { Client } from '@temporalio/client';
import { Command } from 'commander';
import { runningCampaigns } from '../adapters/temporal/running-campaigns.ts';
import { joinStack } from '../adapters/temporal/stack-users.ts';
import { externalTarget } from '../adapters/temporal/target.ts';
import { followClimb } from './follow-climb.ts';
import { followToTheEnd } from './follow-to-the-end.ts';
import { getTools } from './get-tools.ts';
import { isJson, withOutput } from './options.ts';
import { createRungEvents } from './rung-events.ts';
import { jsonOutput, textOutput } from './run-output.ts';
import { stoppable } from './stoppable.ts';
import { sayingRefusals, UsageError } from './usage-error.ts';
import { withStack } from './with-stack.ts';

/** `belay watch`: follows a campaign to its end, as `run` does. */
export function watchCommand(): Command {
  const command = new Command('watch')
    .description(
      'Follow a campaign or a climb to its end and exit with its code. Ctrl-C asks it to stop; a second one leaves it running.',
    )
    .argument('[id]', 'workflow id; default the running campaign');
  return withOutput(command, 'text').action(async (id: string | undefined, options: { readonly output: string }) => {
    const json = isJson(options, 'text');
    const output = json ? jsonOutput() : textOutput();
    process.exitCode = await sayingRefusals(output.refused, () =>
      stoppable(async (signal) => {
        if (externalTarget() === undefined) await getTools(['temporal'], signal);
        return await withStack({ keep: false, signal }, async ({ client, links }) => {
          const workflowId = id ?? (await theOneCampaign(client));
          const { type } = await found(client, workflowId);
          const pageUrl = links?.workflow(workflowId);
          if (type === 'ladder') {
            const events = json ? createRungEvents() : undefined;
            events?.begun(workflowId);
            return await followClimb(client, workflowId, { pageUrl, events, onSilence: () => joinStack() });
          }
          return followToTheEnd(client, workflowId, pageUrl, { output });
        });
      }),
    );
  });
}

/** The id of the running campaign. @throws UsageError when there is none, or more than one */
export async function theOneCampaign(client: Client): Promise<string> {
  const running = (await runningCampaigns(client))
    .filter(({ type }) => type === 'campaign')
    .map(({ workflowId }) => workflowId);
  const [only] = running;
  if (only !== undefined && running.length === 1) return only;
  throw new UsageError(
    running.length === 0
      ? 'no campaign is running; "./belay status" lists those that ended'
      : `several campaigns are running, name one: ${running.join(', ')}`,
  );
}

/** The type of a workflow, and whether it is running. @throws UsageError when there is no such workflow */
export async function found(
  client: Client,
  workflowId: string,
): Promise<{ readonly type: string; readonly runs: boolean }> {
  try {
    const { type, status } = await client.workflow.getHandle(workflowId).describe();
    return { type, runs: status.name === 'RUNNING' };
  } catch (error) {
    if (error instanceof Error && error.name === 'WorkflowNotFoundError') {
      throw new UsageError(`there is no campaign "${workflowId}"; "./belay status" lists them`, { cause: error });
    }
    throw error;
  }
}
