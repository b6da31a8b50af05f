import type { Client } from '@temporalio/client';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { Command } from 'commander';
import { externalTarget } from '../adapters/temporal/target.ts';
import { runningCampaigns } from '../adapters/temporal/running-campaigns.ts';
import type { Decision } from '../core/campaign/machine.ts';
import type { CampaignStatus } from '../core/campaign/stage-io.ts';
import { queryStatus } from './follow-campaign.ts';
import { getTools } from './get-tools.ts';
import type { Overrides } from '../core/profile/overrides.ts';
import { collect } from './options.ts';
import { overridesOf } from './set-option.ts';
import { HarnessError, UsageError } from './usage-error.ts';
import { found } from './watch.ts';
import { withStack } from './with-stack.ts';

const EXPLAINED: Readonly<Record<Decision, string>> = {
  retry:
    'Run the failed stage again, as its next execution, on the same clusters, Nodes and Pods. A soak proves steadiness first.',
  skip: 'Continue without the failed stage. The failure still counts in the verdict.',
  abort: 'End a hold with evidence, verdict and teardown. A campaign that does not hold is cancelled.',
};

/** `belay retry|skip|abort`: the answers to a hold. */
export function decideCommand(decision: Decision): Command {
  const command = new Command(decision)
    .description(EXPLAINED[decision])
    .argument('[id]', 'workflow id; default the campaign that holds')
    .option('--reason <text>', 'the reason, recorded in the evidence', 'from the command line')
    .action(async (id: string | undefined, options: { readonly reason: string; readonly set?: readonly string[] }) => {
      // A wrong --set is reported before anything is connected.
      const set = overridesOf(options.set ?? []);
      // After a reboot nothing runs: the stack is started, and stays while the campaign goes on.
      if (externalTarget() === undefined) await getTools(['temporal']);
      console.log(
        await withStack({ keep: false }, ({ client }) => answer(client, decision, id, { reason: options.reason, set })),
      );
    });
  if (decision === 'retry')
    command.option(
      '-s, --set <path=value>',
      'change a bar or the load, e.g. gates.podBindP99.max=5; can be repeated',
      collect,
      [],
    );
  return command;
}

async function answer(
  client: Client,
  decision: Decision,
  id: string | undefined,
  { reason, set }: { readonly reason: string; readonly set: Overrides },
): Promise<string> {
  const workflowId = id ?? (await theOneThatHolds(client));
  const { type, runs } = await found(client, workflowId);
  const handle = client.workflow.getHandle(workflowId);
  if (type === 'ladder') {
    if (decision !== 'abort')
      throw new UsageError(
        `${workflowId} is a ladder, and only its rungs hold; "./belay status" lists them with their ids`,
      );
    if (!runs) throw new UsageError(`${workflowId} has ended already`);
    await handle.cancel();
    return `${workflowId}: asked to stop; the running rung keeps its evidence and removes its clusters. ./belay status shows it.`;
  }
  const status = await queryStatus(handle);
  if (status === undefined)
    throw new HarnessError(`${workflowId} does not answer: no worker is running; "./belay up" starts one`);
  const hold = status.state.hold;
  if (hold === null) {
    if (decision === 'abort' && status.state.mode !== 'finished') {
      await handle.cancel();
      return `${workflowId}: asked to stop; it keeps its evidence and removes its clusters. ./belay watch ${workflowId} follows it.`;
    }
    throw new UsageError(`${workflowId} does not hold: ${where(status)}`);
  }
  const { stage, execution } = hold;
  const carried = Object.keys(set).length === 0 ? {} : { set };
  try {
    const args: [unknown] = [{ stage, execution, decision, reason, ...carried }];
    const said = await handle.executeUpdate<string, [unknown]>('decide', { args });
    return `${workflowId}: ${said}. ./belay watch ${workflowId} follows it.`;
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError)
      throw new UsageError(error.cause?.message ?? error.message, { cause: error });
    throw error;
  }
}

async function theOneThatHolds(client: Client): Promise<string> {
  const holding: string[] = [];
  for (const { workflowId, type } of await runningCampaigns(client)) {
    if (type !== 'campaign') continue;
    const status = await queryStatus(client.workflow.getHandle(workflowId));
    if (status?.state.mode === 'hold') holding.push(workflowId);
  }
  const [only] = holding;
  if (only !== undefined && holding.length === 1) return only;
  throw new UsageError(
    holding.length === 0
      ? 'no campaign holds; "./belay status" lists the campaigns'
      : `several campaigns hold, name one: ${holding.join(', ')}`,
  );
}

function where(status: CampaignStatus): string {
  return status.state.mode === 'finished'
    ? 'it has ended'
    : `${status.state.stage}, execution ${status.state.execution}, is running`;
}
