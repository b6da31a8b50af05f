import { ApplicationFailure, WorkflowFailedError, type Client } from '@temporalio/client';
import { styleText } from 'node:util';
import { pause } from '../adapters/host/poll-until.ts';
import { isDamaged, readRun } from '../adapters/index/run-folders.ts';
import { evidenceFolder } from '../adapters/evidence/evidence-folder.ts';
import { toolsOfSubstrate } from '../adapters/substrates/registry.ts';
import { toolsOfSystem } from '../adapters/systems/tools-of-system.ts';
import { keepStack } from '../adapters/temporal/stack-users.ts';
import { campaignName } from '../core/campaign/campaign-name.ts';
import type { ComparedCampaign, ComparisonResult, ComparisonSpec, Side } from '../core/campaign/comparison.ts';
import { STARTED_BY, type StartedBy } from '../core/campaign/started-by.ts';
import type { CompareOptions } from '../core/history/compare-runs.ts';
import { comparisonWarnings, expectedDifferences } from '../core/history/comparison-warnings.ts';
import { compareInTurn, type SequentialComparison } from '../core/history/sequential-compare.ts';
import type { StoredRun } from '../core/history/stored-run.ts';
import { SHARED_QUEUE } from '../core/model/host-queues.ts';
import { cut } from '../core/text/markdown.ts';
import { messageOf } from '../core/text/message-of.ts';
import { EXIT } from '../core/verdict/exit-codes.ts';
import { checkCampaign } from './campaign-input.ts';
import type { StoredComparison } from './compare-stored.ts';
import { comparisonOutput, exitCodeOfComparison } from './compare-table.ts';
import { comparisonSide } from './comparison-side.ts';
import { getTools } from './get-tools.ts';
import { timestamp } from './run.ts';
import { started } from './start-workflow.ts';
import { stoppable } from './stoppable.ts';
import { UsageError } from './usage-error.ts';
import { coloured } from './verdict-table.ts';
import { withStack } from './with-stack.ts';

/** Characters of a pair and its side, and bytes of a reason, in the line of a campaign. `show` has all of it. */
const SIDE_WIDTH = '10 baseline'.length;
const REASON_BYTES = 80;

/** What is compared by new campaigns. */
interface ComparisonRequest {
  readonly profile: string;
  readonly baseline: readonly string[];
  readonly branch: readonly string[];
  readonly pairs: number;
  readonly levels: CompareOptions;
  readonly output: 'table' | 'markdown' | 'json';
}

/**
 * Runs campaigns of two sides in turn and compares them. Both sides are checked before anything starts.
 * @returns the exit code
 */
export async function compareByRunning(request: ComparisonRequest): Promise<number> {
  const { profile, pairs, levels } = request;
  const [baseline, branch] = (['baseline', 'branch'] as const).map((side) =>
    checkCampaign({ profile, hold: '0', ...comparisonSide(`--${side}`, request[side]) }),
  );
  if (baseline === undefined || branch === undefined) throw new RangeError('a comparison has two sides');
  if (JSON.stringify(baseline.input) === JSON.stringify(branch.input))
    console.error('the two sides are equal; this measures how often equal sides seem to differ');
  const { spec } = baseline.built;
  const input: ComparisonSpec = {
    inputs: { baseline: baseline.input, branch: branch.input },
    pairs,
    firstSeed: spec.randomSeed,
    metrics: levels.names ?? [],
    sameWithin: levels.sameWithin ?? 0,
  };
  const workflowId = `${spec.profile.metadata.name}-compare-${timestamp()}`;
  const startedBy: StartedBy = { trigger: 'cli', defaultHoldMs: 0 };
  const tools = [baseline, branch].flatMap(({ built }) => [
    ...toolsOfSubstrate(built.spec),
    ...toolsOfSystem(built.system),
  ]);
  const ended = await stoppable(async (signal) => {
    await getTools(['temporal', ...new Set(tools)], signal);
    return await withStack({ keep: false, signal }, async ({ client, links }) => {
      await started(client, 'comparison', {
        workflowId,
        taskQueue: SHARED_QUEUE,
        args: [input],
        memo: { [STARTED_BY]: startedBy },
        staticSummary: `${spec.profile.metadata.name}: up to ${pairs} pairs`,
      });
      const page = links?.workflow(workflowId);
      console.error(
        `comparison ${workflowId}, up to ${pairs} pairs${page === undefined ? '' : `\npage       ${page}`}`,
      );
      return await follow(client, workflowId, signal);
    });
  });
  if (typeof ended === 'number') return ended;
  if (ended.stopped !== '')
    console.error(`stopped after pair ${ended.campaigns.at(-1)?.pair ?? 0} of ${pairs}: ${ended.stopped}`);
  const { intervalAlpha, ...compared } = comparisonOf(ended.campaigns, pairs, levels);
  const shown = { ...levels, intervalAlpha };
  process.stdout.write(`${comparisonOutput(compared, shown, request.output)}\n`);
  return exitCodeOfComparison(compared.metrics);
}

/** Follows the comparison to its end. The first Ctrl-C stops it, the second one leaves it running. @returns its result, or the exit code */
async function follow(client: Client, workflowId: string, stop: AbortSignal): Promise<ComparisonResult | number> {
  const handle = client.workflow.getHandle(workflowId);
  const leave = new AbortController();
  let asked = false;
  const onInterrupt = (): void => {
    if (asked) leave.abort();
    else console.error('\nstopping: the campaign that runs is torn down; Ctrl-C again leaves it running');
    asked = true;
    void handle.cancel().catch(() => undefined);
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onInterrupt);
  if (stop.aborted) onInterrupt();
  let shown = 0;
  try {
    while (!leave.signal.aborted) {
      const { status } = await handle.describe();
      const campaigns = await handle.query<readonly ComparedCampaign[]>('status').catch(() => []);
      for (const one of campaigns.slice(shown)) showEnded(one);
      shown = Math.max(shown, campaigns.length);
      if (status.name !== 'RUNNING') return await resultOf(client, workflowId);
      await pause(1_000);
    }
    keepStack();
    console.error(`the comparison continues; ./belay status lists it`);
    return EXIT.aborted;
  } finally {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
  }
}

async function resultOf(client: Client, workflowId: string): Promise<ComparisonResult | number> {
  try {
    return (await client.workflow.getHandle(workflowId).result()) as ComparisonResult;
  } catch (error) {
    const cause = error instanceof WorkflowFailedError ? error.cause : error;
    console.error(messageOf(cause));
    return cause instanceof ApplicationFailure ? EXIT.harnessFault : EXIT.aborted;
  }
}

function showEnded({ pair, side, workflowId, end, reason }: ComparedCampaign): void {
  console.error(
    `${styleText('bold', `${pair} ${side}`.padEnd(SIDE_WIDTH))}  ${coloured(end)}  ${workflowId}${reason === '' ? '' : `  ${cut(reason, REASON_BYTES)}`}`,
  );
}

/** The runs that the campaigns left, compared by their gates as the workflow did. */
function comparisonOf(
  campaigns: readonly ComparedCampaign[],
  pairs: number,
  options: CompareOptions,
): StoredComparison & Pick<SequentialComparison, 'intervalAlpha'> {
  const sideOf = (side: Side): readonly StoredRun[] =>
    campaigns.filter((one) => one.side === side).map(({ workflowId }) => runOf(campaignName(workflowId)));
  const [baseline, branch] = [sideOf('baseline'), sideOf('branch')];
  const { metrics, intervalAlpha } = compareInTurn(baseline, branch, pairs, options);
  return {
    baseline,
    branch,
    metrics,
    intervalAlpha,
    warnings: comparisonWarnings(baseline, branch, expectedDifferences([...baseline, ...branch])),
  };
}

function runOf(id: string): StoredRun {
  const folder = evidenceFolder(id);
  const run = readRun({ id, folder, state: undefined });
  if (isDamaged(run)) throw new UsageError(`${folder} cannot be used: ${run.why}`);
  return { ...run, metrics: run.metrics.filter(({ kind }) => kind === 'gate') };
}
