import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readTimeline } from '../../../src/adapters/evidence/evidence-folder.ts';
import { manifestProblems } from '../../../src/adapters/evidence/manifest.ts';
import { readInfrastructureEvents } from '../../../src/adapters/host/infrastructure-events.ts';
import { STAGES, type Stage } from '../../../src/core/model/stages.ts';
import type { Belay } from '../../e2e/belay-cli.ts';
import type { Ended } from '../../e2e/belay-process.ts';
import { recordOf } from '../../e2e/campaign-record.ts';
import { addProfile } from '../../e2e/small-profile.ts';
import { SOAK_SECONDS, type FaultSchedule, type PlannedFault } from './fault-schedule.ts';
import { inflict } from './inflict.ts';

const PODS = 36;
const POLL_MS = 25;

/** A fault as it was done. */
interface DoneFault extends PlannedFault {
  /** ms since 1970; undefined: there was nothing to do it to any more. */
  readonly atMs: number | undefined;
}

/** A campaign that faults were done to, and what is wrong with its end. */
export interface DrilledCampaign {
  readonly campaign: string;
  readonly schedule: FaultSchedule;
  readonly faults: readonly DoneFault[];
  readonly ended: Ended;
  /** `pass`, `unmeasured`, `fail`; `none` without a summary. */
  readonly verdict: string;
  readonly ending: string;
  /** Sentences; empty: the campaign ended as it has to. */
  readonly problems: readonly string[];
  /** How long after the first fault of a part of it the keeper, or the next worker, saw it and had it back, s. */
  readonly noticedSeconds: number | undefined;
  readonly recoveredSeconds: number | undefined;
}

/** Runs a campaign and does to it what its schedule says. Its name is unique in the stack. */
export async function drillCampaign(belay: Belay, schedule: FaultSchedule): Promise<DrilledCampaign> {
  const campaign = `drill-${schedule.index}`;
  addProfile(belay, {
    name: campaign,
    soakSeconds: SOAK_SECONDS,
    rampSeconds: 4,
    more: { loadProfile: { rampSeconds: 4, soakSeconds: SOAK_SECONDS, churnPerMinute: 4 } },
  });
  const running = belay.start(['run', campaign, '--id', campaign, '--hold', '0']);
  const end = new AbortController();
  const doing = inflictAll(belay, campaign, schedule, end.signal);
  const ended = await running.ended();
  end.abort();
  const faults = await doing;
  const done = faults.flatMap(({ atMs }) => atMs ?? []);
  const firstMs = done.length === 0 ? undefined : Math.min(...done);
  const took = firstMs === undefined ? undefined : tookAfter(belay, campaign, firstMs);
  return {
    campaign,
    schedule,
    faults,
    ended,
    ...endOf(belay, campaign),
    problems: await problemsOf(belay, campaign, faults, ended),
    noticedSeconds: took?.noticed,
    recoveredSeconds: took?.recovered,
  };
}

async function inflictAll(
  belay: Belay,
  campaign: string,
  schedule: FaultSchedule,
  signal: AbortSignal,
): Promise<readonly DoneFault[]> {
  const done: DoneFault[] = [];
  for (const fault of schedule.faults) {
    const beganAtMs = await beginOf(belay, campaign, fault.stage, signal);
    if (beganAtMs !== undefined) await sleep(Math.max(0, beganAtMs + fault.afterMs - Date.now()));
    const isThere = beganAtMs !== undefined && !signal.aborted;
    const atMs = Date.now();
    done.push({ ...fault, atMs: isThere && (await inflict({ belay, campaign, signal }, fault)) ? atMs : undefined });
  }
  return done;
}

/** When a stage, or one after it, began; undefined when the campaign ended before. */
async function beginOf(belay: Belay, campaign: string, stage: Stage, signal: AbortSignal): Promise<number | undefined> {
  while (!signal.aborted) {
    const begun = readTimeline(join(belay.runs, campaign)).find(
      (event) => event.what === 'began' && STAGES.indexOf(event.stage) >= STAGES.indexOf(stage),
    );
    if (begun !== undefined) return begun.atMs;
    await sleep(POLL_MS);
  }
  return undefined;
}

function tookAfter(
  belay: Belay,
  campaign: string,
  atMs: number,
): { readonly noticed: number | undefined; readonly recovered: number | undefined } {
  const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : (ms - atMs) / 1_000);
  const events = readInfrastructureEvents(campaign).filter((event) => event.atMs >= atMs);
  const resumed = readTimeline(join(belay.runs, campaign)).find(
    (event) => event.what === 'resumed' && event.atMs >= atMs,
  );
  const noticed = events.find(({ what }) => what === 'died' || what === 'frozen')?.atMs ?? resumed?.atMs;
  const recovered = events.find(({ what }) => what === 'restarted' || what === 'resumed')?.atMs ?? resumed?.atMs;
  return { noticed: seconds(noticed), recovered: seconds(recovered) };
}

function endOf(belay: Belay, campaign: string): { readonly verdict: string; readonly ending: string } {
  if (!existsSync(join(belay.runs, campaign, 'summary.json'))) return { verdict: 'none', ending: 'none' };
  const { verdict, ending } = recordOf(belay, campaign).summary;
  return { verdict, ending };
}

const DONE_TO = (faults: readonly DoneFault[], name: string): boolean =>
  faults.some(({ fault, atMs }) => fault === name && atMs !== undefined);

async function problemsOf(
  belay: Belay,
  campaign: string,
  faults: readonly DoneFault[],
  { exitCode, stdout, stderr }: Ended,
): Promise<readonly string[]> {
  const problems: string[] = [];
  const said = `exit ${exitCode}: ${(stdout + stderr).slice(-1_500)}`;
  const folder = join(belay.runs, campaign);
  const isTerminated = DONE_TO(faults, 'terminated');
  for (const torn of tornLines(folder)) problems.push(torn);
  if (!existsSync(join(folder, 'summary.json'))) {
    if (!isTerminated) problems.push(`lost: no verdict, ${said}`);
    return problems;
  }
  const { summary, hostReason } = recordOf(belay, campaign);
  const { verdict, ending, facts } = summary;
  // The system is healthy in every drill: a failure is a false one.
  if (verdict === 'fail') problems.push(`false failure: ${summary.reasons.join('; ')}`);
  const isCancelled = DONE_TO(faults, 'cancelled');
  const endings = isCancelled ? ['completed', 'aborted'] : ['completed'];
  if (!endings.includes(ending) && !isTerminated)
    problems.push(`ended as ${ending}: ${summary.reasons.join('; ')}, ${said}`);
  if (verdict === 'pass' && faults.length > 0 && ending !== 'completed')
    problems.push(`pass of a campaign that is ${ending}`);
  if (verdict === 'unmeasured' && summary.reasons.length === 0 && hostReason === undefined)
    problems.push('unmeasured without a reason');
  const ramp = facts['ramp'];
  const created = Number(ramp?.['podsCreated']) + Number(ramp?.['podsExisting']);
  if (ramp?.['podsCreated'] !== undefined && created !== PODS)
    problems.push(`the ramp made ${created} Pods of ${PODS}`);
  const present = Number(facts['soak']?.['podsPresent'] ?? PODS);
  if (ending === 'completed' && present !== PODS) problems.push(`${present} Pods of ${PODS} after the soak`);
  if (!isTerminated && !existsSync(join(folder, 'report.html'))) problems.push('no report');
  if (!isTerminated) problems.push(...(await manifestProblems(folder)));
  return problems;
}

/** Lines of the evidence that are no JSON. */
function tornLines(folder: string): readonly string[] {
  return ['timeline.jsonl', 'readings.jsonl'].flatMap((name) => {
    const path = join(folder, name);
    if (!existsSync(path)) return [];
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !isJson(line))
      .map((line) => `${name} has a torn line: ${line.slice(0, 80)}`);
  });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
