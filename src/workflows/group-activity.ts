import {
  ActivityFailure,
  CancellationScope,
  isCancellation,
  proxyActivities,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { SoakPartActivities, StageActivities } from '../activities/contract.ts';
import type { Group } from '../core/campaign/groups.ts';
import type { StageFailure } from '../core/campaign/machine.ts';
import type { StageLimits } from '../core/campaign/outline.ts';
import { LEAD_GROUP } from '../core/campaign/stage-io.ts';
import { onLoadQueue, type Stage } from '../core/model/stages.ts';
import { GROUP_LOST_MS, GROUP_SILENT_MS } from '../core/plan/limits.ts';
import { formatDuration } from '../core/text/duration.ts';
import { activityOptions } from './activity-options.ts';
import { readStageFailure } from './refused-target.ts';

/** Every activity that a group runs. */
export type GroupActivities = StageActivities & SoakPartActivities;

/** An activity of one group. */
export interface GroupCall<Result> {
  readonly group: Group;
  readonly stage: Stage;
  readonly limits: StageLimits;
  readonly summary: string;
  /** Calls the activity and parses its result. */
  readonly run: (activities: GroupActivities) => Promise<Result>;
  /** Called when the host is silent, with what is known, and when it answers again. */
  readonly onSilent: (sentence: string) => void;
  readonly onAnswer: () => void;
}

/** How an activity of a group ended. `lost`: no worker of its host came back. */
export type Ended<Result> =
  | { readonly how: 'succeeded'; readonly result: Result }
  | {
      readonly how: 'failed';
      readonly failure: StageFailure;
      readonly checkpoint: unknown;
      readonly lost: boolean;
    }
  | { readonly how: 'cancelled' };

/**
 * Runs an activity of one group to its end, and never throws. Temporal would repeat an activity whose worker has died without
 * saying so, and would wait for another worker of that host as long as for one of a single host. Here the workflow repeats it, so
 * that the campaign knows within `GROUP_SILENT_MS` that a host is silent. The host has some time to come back; then it is lost.
 */
export async function runForGroup<Result>(call: GroupCall<Result>): Promise<Ended<Result>> {
  const { group, stage, limits, summary, run, onSilent, onAnswer } = call;
  const taskQueue = onLoadQueue(stage) ? group.loadQueue : group.hostQueue;
  const beganMs = Date.now();
  let isSilent = false;
  for (let silences = 0; ;) {
    const queueWaitMs = isSilent ? lostAfterMs(group, limits) : silentAfterMs(limits);
    const stageMs = Math.max(1, limits.stageMs - (Date.now() - beganMs));
    const activities = proxyActivities<GroupActivities>(
      activityOptions(limits, taskQueue, summary, { queueWaitMs, stageMs, silenceEnds: true }),
    );
    try {
      const result = await run(activities);
      if (isSilent) onAnswer();
      return { how: 'succeeded', result };
    } catch (error) {
      const silence = silenceOf(error);
      if (silence !== undefined && mayComeBack(group)) {
        const repeats = silence === 'SCHEDULE_TO_START' ? !isSilent : ++silences < limits.attempts;
        isSilent = true;
        if (CancellationScope.current().consideredCancelled) return { how: 'cancelled' };
        if (repeats) {
          onSilent(silentSentence(stage, silence, group, limits));
          continue;
        }
      }
      if (isCancellation(error)) return { how: 'cancelled' };
      const { failure, checkpoint } = readStageFailure(stage, error, {
        taskQueue,
        queueWaitMs: isSilent ? silentAfterMs(limits) + lostAfterMs(group, limits) : queueWaitMs,
      });
      return { how: 'failed', failure, checkpoint, lost: silence === 'SCHEDULE_TO_START' };
    }
  }
}

function silentAfterMs({ queueWaitMs }: StageLimits): number {
  return Math.min(GROUP_SILENT_MS, queueWaitMs);
}

/** Without the lead nothing can be judged: it has as long as the host of a campaign on one host. */
function lostAfterMs({ group }: Group, { queueWaitMs }: StageLimits): number {
  return group === LEAD_GROUP ? queueWaitMs : Math.min(GROUP_LOST_MS, queueWaitMs);
}

/** A closing stage asks a host that is lost, or whose group has moved, only once. */
function mayComeBack({ state }: Group): boolean {
  return state !== 'lost' && state !== 'moved';
}

function silenceOf(error: unknown): 'HEARTBEAT' | 'SCHEDULE_TO_START' | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (!(cause instanceof TimeoutFailure)) return undefined;
  return cause.timeoutType === 'HEARTBEAT' || cause.timeoutType === 'SCHEDULE_TO_START' ? cause.timeoutType : undefined;
}

function silentSentence(
  stage: Stage,
  silence: 'HEARTBEAT' | 'SCHEDULE_TO_START',
  group: Group,
  limits: StageLimits,
): string {
  const what =
    silence === 'HEARTBEAT'
      ? `the worker that ran ${stage} sends no heartbeat any more`
      : `no worker has taken up ${stage} within ${formatDuration(silentAfterMs(limits))}`;
  return `${what}; it has ${formatDuration(lostAfterMs(group, limits))} to come back`;
}
