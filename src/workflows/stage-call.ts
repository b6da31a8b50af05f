import { proxyActivities } from '@temporalio/workflow';
import type { StageActivities } from '../activities/contract.ts';
import { latestOutcome, type CampaignState, type DecisionRecord } from '../core/campaign/machine.ts';
import type { CampaignOutline } from '../core/campaign/outline.ts';
import {
  parseJudgeResult,
  parseSnapshotResult,
  parseStageResult,
  parseTeardownResult,
} from '../core/campaign/parse-results.ts';
import {
  LEAD_GROUP,
  type EvidencePart,
  type JudgeResult,
  type SnapshotInput,
  type StageInput,
  type StageResult,
} from '../core/campaign/stage-io.ts';
import { executionSummary } from '../core/campaign/stage-summary.ts';
import { onLoadQueue, type Stage } from '../core/model/stages.ts';
import { activityOptions, queueWaitOf } from './activity-options.ts';
import type { QueueWait } from './stage-failure.ts';
import { stageLimits } from './stage-limits.ts';

/** One execution of a stage, and what the workflow knows by then. */
export interface Execution {
  readonly outline: CampaignOutline;
  readonly state: CampaignState;
  readonly stage: Stage;
  readonly execution: number;
  /** A checkpoint of the execution before, if the workflow has one. */
  readonly resume: unknown;
  /** Decisions that no stage has written to the timeline yet. */
  readonly decisions: readonly DecisionRecord[];
  readonly evidence: readonly EvidencePart[];
  readonly facts: Readonly<Record<string, StageResult['facts']>>;
  readonly earlierSpecHashes: readonly string[];
}

/** A stage's result, with what only some stages report. */
export interface StageReport {
  readonly result: StageResult;
  /** Reported by `snapshot`. */
  readonly parts?: readonly EvidencePart[];
  /** Reported by `judge`. */
  readonly judged?: JudgeResult;
  /** Reported by `teardown`. */
  readonly leftovers?: readonly string[];
  /** Merged results of earlier stages that groups which were placed again have caught up with. */
  readonly caughtUp?: ReadonlyMap<Stage, StageResult>;
  /** A closing stage over several groups may report what it has and fail nevertheless. */
  readonly failure?: unknown;
}

/** The activity of a stage's execution: the queue it waits on, and a function that runs it and parses its result. */
export function stageCall(execution: Execution): {
  readonly queue: QueueWait;
  readonly run: () => Promise<StageReport>;
} {
  const { outline, stage } = execution;
  const limits = stageLimits(outline, stage);
  const queue = {
    taskQueue: onLoadQueue(stage) ? outline.loadQueue : outline.hostQueue,
    queueWaitMs: queueWaitOf(stage, limits),
  };
  const summary = executionSummary(outline.summaries[stage] ?? '', execution.execution);
  const activities = proxyActivities<StageActivities>(
    activityOptions(limits, queue.taskQueue, summary, { queueWaitMs: queue.queueWaitMs }),
  );
  return { queue, run: () => runStage(activities, execution) };
}

async function runStage(activities: StageActivities, of: Execution): Promise<StageReport> {
  const { outline, state, stage, resume, decisions } = of;
  const input = {
    campaign: outline.campaign,
    specHash: outline.specHash,
    stage,
    execution: of.execution,
    group: LEAD_GROUP,
    ...(resume === undefined ? {} : { resume }),
    ...(decisions.length === 0 ? {} : { decisions }),
  };
  switch (stage) {
    case 'snapshot': {
      const result = parseSnapshotResult(await activities.snapshot({ ...input, ...soakTimes(state) }));
      return { result, parts: result.parts };
    }
    case 'judge': {
      const { evidence, facts, earlierSpecHashes } = of;
      const judged = parseJudgeResult(await activities.judge({ ...input, state, evidence, facts, earlierSpecHashes }));
      return { result: judged, judged };
    }
    case 'teardown': {
      const result = parseTeardownResult(await activities.teardown(input));
      return { result, leftovers: result.leftovers };
    }
    default:
      return { result: parseStageResult(stage, await activityOf(activities, stage)(input)) };
  }
}

/** The activity that has the stage's name. Every stage except `resolve`, which is a local activity, has one. */
export function activityOf(
  activities: StageActivities,
  stage: Exclude<Stage, 'snapshot' | 'judge' | 'teardown'>,
): (input: StageInput) => Promise<unknown> {
  return activities[stage as Exclude<typeof stage, 'resolve'>];
}

/** When the latest soak ran, for the snapshot; nothing if none did. */
export function soakTimes(state: CampaignState): Pick<SnapshotInput, 'soak'> {
  const soak = latestOutcome(state, 'soak');
  if (soak === undefined) return {};
  const { execution, startedAtMs, endedAtMs } = soak;
  return { soak: { execution, startedAtMs, endedAtMs } };
}
