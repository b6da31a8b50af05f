import { ApplicationFailure } from '@temporalio/activity';
import { join } from 'node:path';
import { writeJsonFile } from '../adapters/host/atomic-file.ts';
import { runFolder, searchFolders } from '../adapters/host/folders.ts';
import { hostQueues } from '../adapters/host/host-queues.ts';
import { buildSpec } from '../adapters/files/build-spec.ts';
import { findLadder } from '../adapters/files/find.ts';
import { chartProblem } from '../adapters/systems/chart-problem.ts';
import { campaignName } from '../core/campaign/campaign-name.ts';
import { parseClimbSummary, rungInput, type LadderSpec } from '../core/campaign/climb.ts';
import { parseLadderRequest } from '../core/campaign/parse-requests.ts';
import { readStartedBy } from '../core/campaign/started-by.ts';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import { formatFileErrors } from '../core/files/file-error.ts';
import { LOCAL_MS } from '../core/plan/limits.ts';
import { formatDuration } from '../core/text/duration.ts';
import { quoted } from '../core/text/quoted.ts';
import { parseCampaignInput, parseLadderInput } from '../core/profile/input.ts';
import { bounded } from './bounded.ts';
import { callerOf, refuseForeign, type Caller } from './caller.ts';
import { isCancelled } from './cancellation.ts';
import type { LadderActivities, ResolveLadderActivities } from './contract.ts';
import { limitedFailure } from './limited-failure.ts';
import { read } from './read-input.ts';

/** Resolves a ladder and writes its summary. */
export function createClimb(): ResolveLadderActivities & LadderActivities {
  return {
    async resolveLadder(request): Promise<LadderSpec> {
      const { input, workflowId, scheduled, startedBy } = read(parseLadderRequest, request);
      refuseForeign(workflowId, 'workflowId', callerOf());
      const parsed = parseLadderInput(input);
      if (!parsed.ok) throw invalid(formatFileErrors(parsed.errors));
      const found = findLadder(parsed.value.ladder, searchFolders());
      if (!found.ok) throw invalid(formatFileErrors(found.errors));
      const { metadata, rungs } = found.value;
      const known = readStartedBy(startedBy);
      const trigger = scheduled ? 'schedule' : known?.trigger === 'cli' ? 'cli' : 'ui';
      const { holdMs, targets = [], targetsAgain = [] } = parsed.value;
      const runAgain = parsed.value.runAgain ?? found.value.runAgain;
      // Another file than where the climb was typed: its rungs would get each other's clusters.
      for (const { length } of [targets, targetsAgain])
        if (length > 0 && length !== rungs.length)
          throw invalid(`ladder ${metadata.name}: ${rungs.length} rungs here, ${length} where the climb was started`);
      const named = rungs.map((rung, index) => ({
        ...rung,
        id: `${index + 1}-${rung.profile}`,
        ...(targets[index] === undefined || targets[index] === null ? {} : { targets: { ...targets[index] } }),
        ...(targetsAgain[index] === undefined || targetsAgain[index] === null
          ? {}
          : { targetsAgain: { ...targetsAgain[index] } }),
      }));
      const inputHold = holdMs === undefined ? {} : { inputHold: formatDuration(holdMs) };
      // A rung that cannot work is refused before the first one takes an hour.
      const errors = named.flatMap((rung) => rungErrors(rung, inputHold, workflowId));
      if (errors.length > 0) throw invalid(errors.join('\n'));
      return {
        name: metadata.name,
        rungs: named,
        holdMs: holdMs ?? known?.defaultHoldMs ?? 0,
        ...inputHold,
        trigger,
        ...(runAgain ? { runAgain } : {}),
        hostQueue: hostQueues().hostQueue,
        folder: campaignName(workflowId),
      };
    },

    async writeClimb(request): Promise<void> {
      const { folder, result } = read(parseClimbSummary, request);
      const caller = callerOf();
      if (caller === undefined || folder !== campaignName(caller.workflowId)) throw notItsFolder(folder, caller);
      const path = join(runFolder(folder), 'ladder.json');
      try {
        await bounded('write ladder.json', { budgetMs: LOCAL_MS }, async () => writeJsonFile(path, result));
      } catch (error) {
        if (isCancelled(error)) throw error;
        throw limitedFailure(error, "the worker's log");
      }
    },
  };
}

function rungErrors(
  rung: LadderSpec['rungs'][number],
  hold: Pick<LadderSpec, 'inputHold'>,
  workflowId: string,
): readonly string[] {
  const { id } = rung;
  const parsed = parseCampaignInput(rungInput(rung, hold));
  if (!parsed.ok) return [`rung ${id}: ${formatFileErrors(parsed.errors)}`];
  const built = buildSpec(parsed.value, {
    workflowId: `${workflowId}.${id}`,
    runId: '',
    campaign: id,
    trigger: 'ladder',
    defaultHoldMs: 0,
  });
  const noChart = built.ok ? chartProblem(built) : undefined;
  const errors = built.ok ? (noChart === undefined ? [] : [noChart]) : built.errors;
  return errors.map((error) => `rung ${id}: ${error}`);
}

/** Any workflow may schedule the activity: it writes into the folder of its own climb only. */
function notItsFolder(folder: string, caller: Caller | undefined): ApplicationFailure {
  const allowed = caller === undefined ? 'nothing without a workflow' : quoted(campaignName(caller.workflowId));
  const message = `summary of a climb: spec: folder: found ${quoted(folder)}; allowed: ${allowed}`;
  return limitedFailure(ApplicationFailure.nonRetryable(message, FAILURE_TYPES.invalidSpec), 'docs/security.md');
}

function invalid(message: string): ApplicationFailure {
  const failure = ApplicationFailure.nonRetryable(message, FAILURE_TYPES.invalidSpec);
  return limitedFailure(failure, '"./belay plan" with the profile of the rung');
}
