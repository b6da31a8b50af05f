import { createHash } from 'node:crypto';
import { evidenceSetting } from '../host/evidence-setting.ts';
import { searchFolders } from '../host/folders.ts';
import { hostQueues } from '../host/host-queues.ts';
import { loadCampaign, type Given } from './load-campaign.ts';
import type { HostRoom, HostSize } from '../../core/model/host-size.ts';
import { STAGES } from '../../core/model/stages.ts';
import { RUNNABLE_TYPES, traitsOf } from '../../core/model/substrate-types.ts';
import { notCarriedOut } from '../../core/plan/carried-out.ts';
import { DEFAULT_HOST_WAIT_MS } from '../../core/plan/limits.ts';
import { planCampaign } from '../../core/plan/plan-campaign.ts';
import { federatedJobs } from '../../core/plan/federation.ts';
import { ownIntervals } from '../../core/plan/scrape-interval.ts';
import type { CampaignSpec } from '../../core/plan/spec.ts';
import type { SpreadAnswer, SpreadQuestion } from '../../core/plan/spread.ts';
import type { Trigger } from '../../core/model/trigger.ts';
import { formatFileErrors, formatNotice, sortFileErrors } from '../../core/files/file-error.ts';
import type { CampaignInput } from '../../core/profile/input.ts';
import type { System } from '../../core/model/system.ts';
import { messageOf } from '../../core/text/message-of.ts';

/** The workflow run that a specification is made for. */
export interface SpecIdentity {
  readonly workflowId: string;
  readonly runId: string;
  readonly campaign: string;
  readonly trigger: Trigger;
  /** The hold if neither the input nor the profile sets one. */
  readonly defaultHoldMs: number;
}

/** A specification and the system file that it uses, or every reason why it cannot be built, one line each. */
export type BuiltSpec =
  | {
      readonly ok: true;
      readonly spec: CampaignSpec;
      readonly system: System;
      /** Path of the system file on this host. */
      readonly systemPath: string;
      readonly notices: readonly string[];
      /** What the user should know about the hosts of the clusters. */
      readonly hostNotes: readonly string[];
    }
  | { readonly ok: false; readonly errors: readonly string[] };

/** What decides whether the clusters of a campaign spread over several hosts. */
export type SpreadCase = Pick<SpreadQuestion, 'substrate' | 'system' | 'clusterCount'> & {
  readonly slug: string;
  /** Memory of the largest of the clusters. */
  readonly clusterBytes: number;
};

/** The hosts that a campaign may use. */
export interface HostSettings {
  /** Whether its clusters spread over several hosts; by default they do not. */
  readonly spread?: (question: SpreadCase) => SpreadAnswer;
  /** The host that has to take all its clusters unless they spread. Absent: it is not known. */
  readonly host?: HostSize | HostRoom;
}

/**
 * Builds a campaign's specification: finds and parses the files, checks them against each other, plans the numbers, and
 * resolves gates and deadlines. It refuses everything that cannot work. The command line calls it before it starts a campaign,
 * and the worker calls it again, because the worker's own files decide what runs.
 */
export function buildSpec(
  input: CampaignInput,
  identity: SpecIdentity,
  given: Given = {},
  { spread = () => ({ spreads: false }), host }: HostSettings = {},
): BuiltSpec {
  const files = loadCampaign(input, searchFolders(), given);
  if (!files.ok) return refuse(formatFileErrors(sortFileErrors(files.errors)));
  const { profile, substrate, catalogue, system } = files;
  const { runnable, description } = traitsOf(substrate);
  if (!runnable) {
    return refuse(
      `substrate ${substrate.metadata.name}: type ${substrate.type}: ${description} cannot be run by this version; found type ${substrate.type}, allowed to run: ${RUNNABLE_TYPES.join(', ')} ("belay plan" and "belay judge" take it)`,
    );
  }
  const holdMs = input.holdMs ?? profile.holdMs ?? identity.defaultHoldMs;
  const { workflowId, runId, campaign, trigger } = identity;
  const slug = slugOf(workflowId, runId);
  const hostWaitMs = input.hostWaitMs ?? profile.hostWaitMs ?? DEFAULT_HOST_WAIT_MS;
  let storesEvidence: boolean;
  try {
    storesEvidence = evidenceSetting() !== undefined;
  } catch (cause) {
    return refuse(messageOf(cause));
  }
  let answer: SpreadAnswer = { spreads: false };
  let neededBytes = 0;
  const parts = { profile, substrate, catalogue, system: system.value };
  const planned = planCampaign(parts, {
    holdMs,
    storesEvidence,
    ...(host === undefined ? {} : { host }),
    targetWaitMs: input.targetWaitMs ?? 0,
    placedFor: (clusterCount, clusterBytes) => {
      neededBytes = clusterBytes;
      answer = spread({ substrate, system: system.value, clusterCount, clusterBytes, slug });
      return answer.spreads ? { hostWaitMs } : undefined;
    },
  });
  const undone = notCarriedOut(profile, system.value);
  if (!planned.ok || undone.length > 0) {
    const errors = [...(planned.ok ? [] : planned.errors), ...undone];
    return { ok: false, errors: errors.map(files.refusal) };
  }
  const { plan, gates, deadlines, remarks, hostWarning } = planned;
  const tested = {
    profile,
    substrate,
    catalogue,
    system: { name: system.value.metadata.name, sha256: system.sha256 },
    gates,
    plan,
    randomSeed: profile.randomSeed,
  };
  const scraped = [...system.value.scrape, ...federatedJobs(substrate)];
  const spec: CampaignSpec = {
    campaign,
    slug,
    workflowId,
    runId,
    trigger,
    stages: STAGES,
    ...tested,
    capacityFromSystem: system.value.capacity === 'system',
    // Not hashed by itself: the hash of the system's text covers it.
    systemJobs: system.value.scrape.map(({ job }) => job),
    ...(scraped.some(({ intervalMs }) => intervalMs !== undefined) ? { scrapeIntervals: ownIntervals(scraped) } : {}),
    deadlines,
    holdMs,
    ...(input.targetWaitMs === undefined ? {} : { targetWaitMs: input.targetWaitMs }),
    ...(input.keepMs === undefined ? {} : { keepMs: input.keepMs }),
    ...(input.targets === undefined ? {} : { targets: input.targets }),
    ...hostQueues(),
    ...(answer.spreads
      ? { placement: { clusterCount: plan.clusterCount, hostWaitMs, clusterBytes: neededBytes } }
      : {}),
    specHash: createHash('sha256').update(JSON.stringify(tested)).digest('hex'),
  };
  const notices = [...files.notices, ...remarks.map(files.notice)].map(formatNotice);
  const hostNotes = [answer.note, hostWarning].filter((note) => note !== undefined);
  return { ok: true, spec, system: system.value, systemPath: system.path, notices, hostNotes };
}

/** A short DNS label, unique per run of a workflow. */
function slugOf(workflowId: string, runId: string): string {
  return `b${createHash('sha256').update(`${workflowId}/${runId}`).digest('hex').slice(0, 9)}`;
}

function refuse(text: string): BuiltSpec {
  return { ok: false, errors: text.split('\n') };
}
