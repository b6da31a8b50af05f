import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { readReadings, readTimeline, type TimelineEvent } from '../../src/adapters/evidence/evidence-folder.ts';
import { campaignFolder, readLedger } from '../../src/adapters/host/ledger.ts';
import { readJsonFile } from '../../src/adapters/host/atomic-file.ts';
import { isAlive, startTicksOf } from '../../src/adapters/host/processes.ts';
import { pidPath, type ComponentName } from '../../src/adapters/substrates/local/layout.ts';
import { parseWorkerIdentity } from '../../src/core/model/worker-identity.ts';
import type { Stage } from '../../src/core/model/stages.ts';
import type { Belay } from '../e2e/belay-cli.ts';
import { specOf } from '../e2e/campaign-record.ts';

/** How soon after it was written an event is seen: the shortest stages take half a second. */
const POLL_MS = 2;
const LIMIT_MS = 180_000;

/** Waits until a campaign's timeline has an event, and acts within milliseconds of it. */
export async function untilEvent(
  belay: Belay,
  campaign: string,
  wanted: { readonly stage: Stage; readonly what: TimelineEvent['what'] },
): Promise<TimelineEvent> {
  for (const untilMs = Date.now() + LIMIT_MS; ;) {
    const found = readTimeline(join(belay.runs, campaign)).find(
      ({ stage, what }) => stage === wanted.stage && what === wanted.what,
    );
    if (found !== undefined) return found;
    if (Date.now() > untilMs) throw new Error(`${campaign}: no ${JSON.stringify(wanted)} within ${LIMIT_MS / 1_000} s`);
    await sleep(POLL_MS);
  }
}

/** Waits until the soak of a campaign has read a gate, measured. */
export async function untilMeasured(belay: Belay, campaign: string, gate: string): Promise<void> {
  await until(`${campaign}: ${gate} measured`, () =>
    readReadings(join(belay.runs, campaign)).some(
      ({ stage, reading }) => stage === 'soak' && reading.gate === gate && reading.quality === 'measured',
    ),
  );
}

/** Waits until the checkpoint of a stage's first execution on disk is as wanted. */
export async function untilCheckpoint(
  belay: Belay,
  campaign: string,
  stage: Stage,
  isWanted: (checkpoint: unknown) => boolean,
): Promise<void> {
  const path = join(campaignFolder(specOf(belay, campaign).slug), 'checkpoints', `${stage}-1.json`);
  await until(`${campaign}: a checkpoint of ${stage}`, () => isWanted(readJsonFile(path)));
}

/** Waits until a worker runs an activity of the campaign. */
export async function untilRunning(client: Client, workflowId: string): Promise<void> {
  for (const untilMs = Date.now() + LIMIT_MS; ;) {
    const { raw } = await client.workflow.getHandle(workflowId).describe();
    if (raw.pendingActivities?.[0]?.heartbeatDetails != null) return;
    if (Date.now() > untilMs)
      throw new Error(`${workflowId}: no activity with a heartbeat within ${LIMIT_MS / 1_000} s`);
    await sleep(POLL_MS);
  }
}

async function until(what: string, isTrue: () => boolean): Promise<void> {
  for (const untilMs = Date.now() + LIMIT_MS; !isTrue(); await sleep(POLL_MS))
    if (Date.now() > untilMs) throw new Error(`no ${what} within ${LIMIT_MS / 1_000} s`);
}

/** Pid of the worker that runs the campaign's activity at the moment. */
export async function workerOf(client: Client, workflowId: string): Promise<number> {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  const worker = parseWorkerIdentity(raw.pendingActivities?.[0]?.lastWorkerIdentity ?? '');
  if (worker === undefined) throw new Error(`${workflowId}: no worker runs an activity of it`);
  return worker.pid;
}

/** Kills a process at once and waits until it is gone. */
export async function kill(pid: number): Promise<void> {
  const startTicks = startTicksOf(pid);
  if (startTicks === undefined) throw new Error(`there is no process ${pid}`);
  process.kill(pid, 'SIGKILL');
  while (isAlive({ pid, startTicks })) await sleep(POLL_MS);
}

/** Pid of the campaign's Prometheus. */
export function prometheusOf(belay: Belay, campaign: string): number {
  const found = readLedger(specOf(belay, campaign).slug)?.processes.find(({ name }) => name === 'prometheus');
  if (found === undefined) throw new Error(`${campaign} has no Prometheus`);
  return found.pid;
}

/** Pid of a component of the campaign's first cluster. */
export function componentOf(belay: Belay, campaign: string, name: ComponentName): number {
  const cluster = readLedger(specOf(belay, campaign).slug)?.clusters[0];
  if (cluster === undefined) throw new Error(`${campaign} has no cluster`);
  return Number(readFileSync(pidPath(cluster, name), 'utf8'));
}

/** When the campaign's soak began, by the clock that every later attempt goes by, ms. */
export function soakClockOf(belay: Belay, campaign: string): number {
  const path = join(campaignFolder(specOf(belay, campaign).slug), 'checkpoints', 'soak-1.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as { readonly startAtMs: number }).startAtMs;
}

/** When the campaign's first soak will be over, ms. @throws Error while it has not begun */
export function soakEndOf(belay: Belay, campaign: string): number {
  return soakClockOf(belay, campaign) + specOf(belay, campaign).profile.loadProfile.soakSeconds * 1_000;
}

/** Waits until a moment that is known once the campaign has written it. */
export async function untilMoment(momentOf: () => number): Promise<void> {
  for (const untilMs = Date.now() + LIMIT_MS; ;) {
    if (Date.now() > untilMs) throw new Error(`no such moment within ${LIMIT_MS / 1_000} s`);
    try {
      if (Date.now() >= momentOf()) return;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    }
    await sleep(50);
  }
}
