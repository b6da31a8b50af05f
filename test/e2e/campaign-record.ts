import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { readReadings, readTimeline } from '../../src/adapters/evidence/evidence-folder.ts';
import type { TimelineEvent } from '../../src/adapters/evidence/evidence-folder.ts';
import type { StoredReading } from '../../src/core/verdict/stored-reading.ts';
import type { Summary } from '../../src/core/verdict/summary-model.ts';
import { queryStatus } from '../../src/cli/follow-campaign.ts';
import type { CampaignStatus } from '../../src/core/campaign/stage-io.ts';
import type { CampaignSpec } from '../../src/core/plan/spec.ts';
import type { Belay } from './belay-cli.ts';

/** What a campaign left under runs/. */
export interface CampaignRecord {
  readonly folder: string;
  readonly spec: CampaignSpec;
  /** Without the reason that the host had no CPU left: what else runs on the host of the tests is not their subject. */
  readonly summary: Summary;
  /** That reason, if the summary has it. */
  readonly hostReason: string | undefined;
  readonly timeline: readonly TimelineEvent[];
  readonly readings: readonly StoredReading[];
}

function isOfHost(reason: string): boolean {
  return reason.startsWith('the host had no CPU left');
}

/** Reads a campaign's evidence. */
export function recordOf(belay: Pick<Belay, 'runs'>, campaign: string): CampaignRecord {
  const folder = join(belay.runs, campaign);
  const summary = json(join(folder, 'summary.json')) as Summary;
  return {
    folder,
    spec: json(join(folder, 'spec.json')) as CampaignSpec,
    summary: { ...summary, reasons: summary.reasons.filter((reason) => !isOfHost(reason)) },
    hostReason: summary.reasons.find(isOfHost),
    timeline: readTimeline(folder),
    readings: readReadings(folder),
  };
}

/** A campaign's specification, as soon as its first stage has begun. */
export function specOf(belay: Belay, campaign: string): CampaignSpec {
  return json(join(belay.runs, campaign, 'spec.json')) as CampaignSpec;
}

/** The moment of an event in a timeline, ms. @throws Error when there is none, or more than one */
export function momentOf(
  timeline: readonly TimelineEvent[],
  wanted: Partial<Pick<TimelineEvent, 'stage' | 'execution' | 'attempt' | 'what'>>,
): number {
  const found = timeline.filter((event) =>
    Object.entries(wanted).every(([key, value]) => event[key as keyof TimelineEvent] === value),
  );
  const [only] = found;
  if (only === undefined || found.length > 1)
    throw new Error(`${found.length} events like ${JSON.stringify(wanted)} in ${JSON.stringify(timeline)}`);
  return only.atMs;
}

/** Waits until a campaign's own account of itself is as wanted. @throws Error with its last account after `limitMs` */
export async function untilStatus(
  client: Client,
  workflowId: string,
  isWanted: (status: CampaignStatus) => boolean,
  limitMs = 180_000,
): Promise<CampaignStatus> {
  const handle = client.workflow.getHandle(workflowId);
  for (const untilMs = Date.now() + limitMs; ;) {
    const status = await queryStatus(handle);
    if (status !== undefined && isWanted(status)) return status;
    if (Date.now() > untilMs) throw new Error(`${workflowId} did not get there: ${JSON.stringify(status)}`);
    await sleep(20);
  }
}

/** How often each activity was scheduled in a workflow's history. */
export async function scheduledActivities(
  client: Client,
  workflowId: string,
): Promise<Readonly<Record<string, number>>> {
  const history = await client.workflow.getHandle(workflowId).fetchHistory();
  const counts: Record<string, number> = {};
  for (const event of history.events ?? []) {
    const name = event.activityTaskScheduledEventAttributes?.activityType?.name;
    if (name !== undefined && name !== null) counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** The row of a gate in a printed table. */
export function gateRow(output: string, gate: string): string {
  return output.split('\n').find((line) => line.includes(`│ ${gate} `)) ?? '';
}

function json(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}
