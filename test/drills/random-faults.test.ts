import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { allAtOnce } from '../../src/adapters/host/at-once.ts';
import { repositoryFolder } from '../../src/adapters/host/folders.ts';
import { withBelay, type Belay } from '../e2e/belay-cli.ts';
import { drillCampaign, type DrilledCampaign } from './random/drill-campaign.ts';
import { drawSchedules, scheduleText, type FaultSchedule } from './random/fault-schedule.ts';
import { seedOfCommit } from './random/seed-of-commit.ts';

/** Campaigns that share a stack: a fault of its worker or its server hits them all. */
const AT_ONCE = 4;
const COUNT = Number(process.env['BELAY_DRILL_COUNT'] ?? 8);
const SEED = Number(process.env['BELAY_DRILL_SEED'] ?? seedOfCommit(headOf(repositoryFolder)));
/** Where `belay drill` wants the results, as JSON. */
const RESULTS = process.env['BELAY_DRILL_RESULTS'];

const schedules = drawSchedules(SEED, COUNT);
const stacks = Array.from({ length: Math.ceil(COUNT / AT_ONCE) }, (_, stack) =>
  schedules.slice(stack * AT_ONCE, (stack + 1) * AT_ONCE),
);
const drilled: DrilledCampaign[] = [];

test.each(stacks.map((own) => ({ own, name: nameOf(own) })))('seed $name', { timeout: 900_000 }, async ({ own }) => {
  const results = await withBelay(async (belay) => {
    expect((await belay.run(['up'])).exitCode).toBe(0);
    const { signal } = new AbortController();
    const all = await allAtOnce(own, { atOnce: AT_ONCE, signal }, (schedule) => drillCampaign(belay, schedule));
    await leaveNothing(belay);
    return all;
  });
  drilled.push(...results);
  for (const result of results) console.log(lineOf(result));
  if (RESULTS !== undefined) writeFileSync(RESULTS, JSON.stringify({ seed: SEED, drilled }, null, 1));
  const wrong = results.filter(({ problems }) => problems.length > 0);
  expect(wrong.map((result) => `${lineOf(result)}: ${result.problems.join('; ')}`)).toEqual([]);
});

/** What a terminated campaign left is removed by a sweep; nothing else is there to be swept. */
async function leaveNothing(belay: Belay): Promise<void> {
  await belay.run(['up']);
  const swept = await belay.run(['sweep']);
  expect(swept.exitCode, swept.stdout + swept.stderr).toBe(0);
}

function lineOf({ schedule, faults, ending, verdict, noticedSeconds, recoveredSeconds }: DrilledCampaign): string {
  const missed = faults.filter(({ atMs }) => atMs === undefined).length;
  return (
    `drill ${schedule.seed}/${schedule.index}: ${scheduleText(schedule)}: ${ending}, ${verdict}` +
    `, noticed ${seconds(noticedSeconds)}, recovered ${seconds(recoveredSeconds)}` +
    (missed === 0 ? '' : `, ${missed} not possible`)
  );
}

function seconds(value: number | undefined): string {
  return value === undefined ? '-' : `${value.toFixed(1)} s`;
}

function nameOf(own: readonly FaultSchedule[]): string {
  return `${SEED}, campaigns ${own.map(({ index }) => index).join(', ')}`;
}

function headOf(folder: string): string {
  return execFileSync('git', ['rev-parse', 'HEAD'], { cwd: folder, encoding: 'utf8' });
}
