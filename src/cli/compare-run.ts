import { isDamaged, readRun } from '../adapters/index/run-folders.ts';
import { evidenceFolder } from '../adapters/evidence/evidence-folder.ts';
import { toolsOfSubstrate } from '../adapters/substrates/registry.ts';
import { toolsOfSystem } from '../adapters/systems/tools-of-system.ts';
import { joinStack, keepStack } from '../adapters/temporal/stack-users.ts';
import { campaignName } from '../core/campaign/campaign-name.ts';
import type { ComparedCampaign, ComparisonSpec, Side } from '../core/campaign/comparison.ts';
import { STARTED_BY, type StartedBy } from '../core/campaign/started-by.ts';
import { LEAST_RUNS } from '../core/history/compare-metric.ts';
import type { CompareOptions } from '../core/history/compare-runs.ts';
import { comparisonWarnings, expectedDifferences } from '../core/history/comparison-warnings.ts';
import { compareInTurn, type SequentialComparison } from '../core/history/sequential-compare.ts';
import type { StoredRun } from '../core/history/stored-run.ts';
import { SHARED_QUEUE } from '../core/model/host-queues.ts';
import { nearest } from '../core/text/nearest.ts';
import { checkCampaign, type CheckedCampaign } from './campaign-input.ts';
import type { StoredComparison } from './compare-stored.ts';
import { comparisonOutput, exitCodeOfComparison } from './compare-table.ts';
import { comparisonSide } from './comparison-side.ts';
import { compareCommandOf, followComparison } from './follow-comparison.ts';
import { getTools } from './get-tools.ts';
import { timestamp } from './run.ts';
import { started } from './start-workflow.ts';
import { stoppable } from './stoppable.ts';
import { UsageError } from './usage-error.ts';
import { withStack } from './with-stack.ts';

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
  requireGates(levels.names ?? [], baseline, branch);
  if (pairs < LEAST_RUNS)
    console.error(`fewer than ${LEAST_RUNS} pairs cannot show a difference; --pairs: found ${pairs}`);
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
      const end = await followComparison(client, workflowId, { stop: signal, onSilence: () => joinStack() });
      // Before the stack is left, or it would end with this command.
      if ('exitCode' in end && end.isLeft) keepStack();
      return end;
    });
  });
  if (typeof ended === 'number') return ended;
  if ('exitCode' in ended) {
    if (ended.isLeft)
      console.error(`the comparison continues; ./belay status lists it, and then: ${compareCommandOf(workflowId)}`);
    return ended.exitCode;
  }
  if (ended.stopped !== '')
    console.error(`stopped after pair ${ended.campaigns.at(-1)?.pair ?? 0} of ${pairs}: ${ended.stopped}`);
  const { intervalAlpha, ...compared } = comparisonOf(ended.campaigns, pairs, levels);
  const shown = { ...levels, intervalAlpha };
  process.stdout.write(`${comparisonOutput(compared, shown, request.output)}\n`);
  return exitCodeOfComparison(compared.metrics);
}

/** @throws UsageError for a metric that would be in no table, however long the campaigns ran */
function requireGates(names: readonly string[], baseline: CheckedCampaign, branch: CheckedCampaign): void {
  const [known, others] = [baseline, branch].map(({ built }) => built.spec.gates.map(({ name }) => name));
  const allowed = (known ?? []).filter((name) => others?.includes(name));
  for (const name of names) {
    if (allowed.includes(name)) continue;
    const meant = nearest(name, allowed);
    const hint = meant === undefined ? '' : `did you mean ${meant}? `;
    throw new UsageError(`--metric: found "${name}"; ${hint}allowed: the gates of both sides: ${allowed.join(', ')}`);
  }
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
