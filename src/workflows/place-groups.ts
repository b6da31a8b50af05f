import {
  ActivityFailure,
  ApplicationFailure,
  isCancellation,
  proxyActivities,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { PlacementActivities } from '../activities/contract.ts';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import { askNext, leadOf, notPlaced, placed, unplacedCount, type Asked, type Groups } from '../core/campaign/groups.ts';
import { parseRefusals, refusalsInWords } from '../core/campaign/host-full.ts';
import type { CampaignOutline, StageLimits } from '../core/campaign/outline.ts';
import {
  parsePlaceResult,
  type PlaceInput,
  type PlacementOutline,
  type PlaceResult,
} from '../core/campaign/placement.ts';
import { sumOfStages } from '../core/plan/deadlines.ts';
import {
  BACKOFF_MS,
  CAMPAIGN_GRACE_MS,
  GROUP_CLUSTERS,
  HEARTBEAT_MS,
  OBSERVER_GRACE_MS,
  PLACE_ATTEMPT_MS,
  PLACES_AT_ONCE,
} from '../core/plan/limits.ts';
import { counted } from '../core/text/counted.ts';
import { formatDuration } from '../core/text/duration.ts';
import { messageOf } from '../core/text/message-of.ts';
import { activityOptions } from './activity-options.ts';
import { failureWithoutStack } from './failure-without-stack.ts';

/** What a placement needs. */
export interface Placing {
  readonly outline: CampaignOutline;
  readonly placement: PlacementOutline;
  readonly runId: string;
  /** The queue that every host serves. */
  readonly sharedQueue: string;
  /** The groups now, and what becomes of them with each answer. */
  readonly groups: () => Groups;
  readonly change: (groups: Groups) => void;
}

/**
 * Finds a host for every cluster that has none: first the lead, which is the host that read the files, then any host with free
 * capacity. Several hosts are asked at once, each for other clusters.
 *
 * @throws ApplicationFailure when some clusters have no host within the campaign's `hostWait`
 */
export async function placeGroups(placing: Placing): Promise<void> {
  const { groups, outline } = placing;
  const beganMs = Date.now();
  const leftMs = (): number => placing.placement.hostWaitMs - (Date.now() - beganMs);
  if (leadOf(groups()) === undefined) await placeNext(placing, outline.hostQueue, leftMs);
  const failures = await Promise.all(Array.from({ length: PLACES_AT_ONCE }, () => placeRest(placing, leftMs)));
  const left = unplacedCount(groups());
  if (left === 0) return;
  const cancelled = failures.find(isCancellation);
  if (cancelled !== undefined) throw cancelled;
  const reasons = failures.filter((each) => each !== undefined).map(reasonOf);
  throw failureWithoutStack(
    `${left} of ${counted(placing.placement.clusterCount, 'cluster')} have no host: waited ` +
      `${formatDuration(placing.placement.hostWaitMs)} for a host with free capacity; ` +
      // What hosts answered says more than that the time was over.
      (reasons.find(({ isAnswer }) => isAnswer) ?? reasons[0])?.text,
    FAILURE_TYPES.harnessFault,
  );
}

/** Places clusters until every one has a host or is asked for. @returns the failure of a placement, which ends it */
async function placeRest(placing: Placing, leftMs: () => number): Promise<unknown> {
  try {
    while (placing.groups().unplaced.length > 0) await placeNext(placing, placing.sharedQueue, leftMs);
    return undefined;
  } catch (error) {
    return error;
  }
}

async function placeNext(placing: Placing, taskQueue: string, leftMs: () => number): Promise<void> {
  const next = askNext(placing.groups(), GROUP_CLUSTERS);
  if (next === undefined) return;
  placing.change(next.groups);
  try {
    const result = await place(placing, next.asked, taskQueue, leftMs());
    placing.change(placed(placing.groups(), next.asked, result));
  } catch (error) {
    placing.change(notPlaced(placing.groups(), next.asked));
    throw error;
  }
}

async function place(placing: Placing, asked: Asked, taskQueue: string, waitMs: number): Promise<PlaceResult> {
  const { outline, placement, runId } = placing;
  const { campaign, slug, workflowId, specHash } = outline;
  const { clusterBytes } = placement;
  const { lead } = placing.groups();
  const input: PlaceInput = {
    campaign,
    slug,
    workflowId,
    runId,
    specHash,
    group: asked.group,
    firstCluster: asked.firstCluster,
    wanted: asked.clusterCount,
    ...(clusterBytes === undefined ? {} : { clusterBytes }),
    expiresAtMs: Date.now() + longestMs(placing),
    ...(lead === null ? {} : { lead }),
  };
  const summary = `${asked.group}: a host for ${counted(asked.clusterCount, 'cluster')}`;
  const activities = proxyActivities<PlacementActivities>(activityOptions(limitsFor(waitMs), taskQueue, summary));
  return parsePlaceResult(await activities.place(input));
}

/** Why clusters have no host. If the time ended a placement, its last heartbeat has what the hosts answered. */
function reasonOf(error: unknown): { readonly text: string; readonly isAnswer: boolean } {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure)
    return { text: cause.message, isAnswer: cause.type === FAILURE_TYPES.hostFull };
  const refusals = cause instanceof TimeoutFailure ? parseRefusals(cause.lastHeartbeatDetails) : {};
  if (Object.keys(refusals).length > 0) return { text: refusalsInWords(refusals), isAnswer: true };
  return { text: cause instanceof TimeoutFailure ? 'no host has answered' : messageOf(cause), isAnswer: false };
}

/** Hosts without capacity refuse again and again: only the time ends that. */
function limitsFor(waitMs: number): StageLimits {
  const leftMs = Math.max(1, waitMs);
  return {
    attemptMs: Math.min(PLACE_ATTEMPT_MS, leftMs),
    attempts: Infinity,
    stageMs: leftMs,
    heartbeatMs: Math.min(HEARTBEAT_MS, leftMs),
    queueWaitMs: leftMs,
    backoffMs: BACKOFF_MS,
  };
}

/** How long the campaign may still take. A retry gives it more time, and its stages move the expiry of the lease. */
function longestMs({ outline, placement }: Placing): number {
  const { limits, stages, holdMs } = outline;
  const stagesMs = sumOfStages(stages, (activity) => limits[activity]?.stageMs);
  return stagesMs + placement.hostWaitMs + holdMs + CAMPAIGN_GRACE_MS + OBSERVER_GRACE_MS;
}
