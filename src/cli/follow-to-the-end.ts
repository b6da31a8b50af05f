import { WorkflowUpdateFailedError, type Client } from '@temporalio/client';
import { joinStack, keepStack, isKept } from '../adapters/temporal/stack-users.ts';
import { EXIT, exitOfFailure } from '../core/verdict/exit-codes.ts';
import type { CampaignStatus } from '../core/campaign/stage-io.ts';
import { exitCodeOfEnd } from './closing-words.ts';
import { followCampaign, queryStatus } from './follow-campaign.ts';
import { askForDecision } from './hold-prompt.ts';
import type { RunOutput } from './run-output.ts';
import { addStepSummary } from './step-summary.ts';
import { messageOf } from '../core/text/message-of.ts';

/**
 * Follows a campaign to its end and shows its verdict. The first Ctrl-C asks the campaign to stop and continues to follow it; the
 * second one leaves it running and prints how to follow it again.
 * @param stop aborted: the campaign was asked to stop while it was started
 * @param again the command that runs the campaign again, for the closing message
 * @returns the exit code
 */
export async function followToTheEnd(
  client: Client,
  workflowId: string,
  pageUrl: string | undefined,
  { output, again, stop }: { readonly output: RunOutput; readonly again?: string; readonly stop?: AbortSignal },
): Promise<number> {
  let exitOfHold: number | undefined;
  const { display } = output;
  try {
    const end = await followCampaign({
      client,
      workflowId,
      display,
      stop,
      onStatus: (status, live) => output.status(workflowId, status, live),
      onHold: async (status) => {
        display.close();
        output.held(workflowId, status);
        const stay = output.isForPeople ? await answerHold(client, workflowId, status) : status.state.hold === null;
        if (!stay) exitOfHold = exitOfFailure(status.state.hold?.failure.kind);
        return stay;
      },
      // A server or a worker that died is started again. The campaign itself has lost nothing.
      onSilence: () => joinStack(),
    });
    if (end === undefined) {
      keepStack();
      const exitCode = exitOfHold ?? EXIT.aborted;
      output.left(workflowId, { exitCode, detached: false });
      return exitCode;
    }
    const exitCode = exitCodeOfEnd(end);
    output.ended(end, { workflowId, pageUrl, stackStays: isKept(), again }, exitCode);
    await addStepSummary([end.status?.campaign ?? end.result?.campaign ?? workflowId]);
    return exitCode;
  } finally {
    display.close();
  }
}

/** Asks for a decision at a terminal. Without a terminal it does not ask. @returns whether to continue following */
async function answerHold(client: Client, workflowId: string, status: CampaignStatus): Promise<boolean> {
  const hold = status.state.hold;
  if (hold === null) return true;
  if (!process.stdin.isTTY || !process.stdout.isTTY) return false;
  const handle = client.workflow.getHandle(workflowId);
  const over = new AbortController();
  // The hold may be answered in the UI, or expire, while the question is open.
  const watchElsewhere = setInterval(() => {
    void queryStatus(handle).then((fresh) => {
      const open = fresh?.state.hold;
      const same = open !== undefined && open?.execution === hold.execution && open.stage === hold.stage;
      return fresh === undefined || same ? undefined : over.abort();
    });
  }, 1_000);
  try {
    const answer = await askForDecision(hold, over.signal);
    if (answer === undefined) return true;
    if (answer === 'leave') return false;
    const { stage, execution } = hold;
    const args: [unknown] = [{ stage, execution, decision: answer, reason: 'at the terminal' }];
    console.log(await handle.executeUpdate<string, [unknown]>('decide', { args }));
    return true;
  } catch (error) {
    const isRefused = error instanceof WorkflowUpdateFailedError;
    console.error(`the answer was not taken: ${messageOf(isRefused ? error.cause : error)}`);
    // Another answer came first, or the hold expired. If Temporal is away, the caller asks again.
    if (isRefused) return true;
    throw error;
  } finally {
    clearInterval(watchElsewhere);
  }
}
