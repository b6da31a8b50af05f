import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { expect, test } from 'vitest';
import { manifestProblems } from '../../src/adapters/evidence/manifest.ts';
import { allAtOnce } from '../../src/adapters/host/at-once.ts';
import { formatDuration } from '../../src/core/text/duration.ts';
import { withBelay, type Belay } from '../e2e/belay-cli.ts';
import { momentOf, recordOf, untilStatus } from '../e2e/campaign-record.ts';
import { addProfile, addSlowSubstrate, BROKEN_GATE, type SmallProfile } from '../e2e/small-profile.ts';

/** A dollar for each hundred seconds. */
const USD_PER_HOUR = 36;
/** A budget of money is at least that of ramp, soak and ten minutes of teardown: its Nodes take longer than those. */
const NODES_AFTER_SECONDS = 660;
const LIMIT_MS = 1_000_000;

interface Case {
  readonly name: string;
  /** Where the campaign is when its budget is used up. */
  readonly where: 'ramp' | 'soak' | 'hold';
  readonly limitSeconds: number;
  readonly costs: boolean;
  readonly shape: Omit<SmallProfile, 'name'>;
  readonly nodesAfterSeconds: number;
  readonly verdict: 'unmeasured' | 'fail';
}

const holding = { rampSeconds: 3, soakSeconds: 8, gates: { broken: BROKEN_GATE } } as const;

/** Each has less time than its preparation, ramp and soak take together, and more than until where it ends. */
const CASES: readonly Case[] = [
  {
    name: 'time-in-ramp',
    where: 'ramp',
    limitSeconds: 150,
    costs: false,
    shape: { rampSeconds: 145, soakSeconds: 5 },
    nodesAfterSeconds: 0,
    verdict: 'unmeasured',
  },
  {
    name: 'time-in-soak',
    where: 'soak',
    limitSeconds: 150,
    costs: false,
    shape: { rampSeconds: 3, soakSeconds: 147 },
    nodesAfterSeconds: 0,
    verdict: 'unmeasured',
  },
  {
    name: 'time-in-hold',
    where: 'hold',
    limitSeconds: 150,
    costs: false,
    shape: holding,
    nodesAfterSeconds: 0,
    verdict: 'fail',
  },
  {
    name: 'cost-in-ramp',
    where: 'ramp',
    limitSeconds: 730,
    costs: true,
    shape: { rampSeconds: 120, soakSeconds: 5 },
    nodesAfterSeconds: NODES_AFTER_SECONDS,
    verdict: 'unmeasured',
  },
  {
    name: 'cost-in-soak',
    where: 'soak',
    limitSeconds: 730,
    costs: true,
    shape: { rampSeconds: 3, soakSeconds: 120 },
    nodesAfterSeconds: NODES_AFTER_SECONDS,
    verdict: 'unmeasured',
  },
  {
    name: 'cost-in-hold',
    where: 'hold',
    limitSeconds: 615,
    costs: true,
    shape: holding,
    nodesAfterSeconds: 0,
    verdict: 'fail',
  },
];

test.each([
  ['time', CASES.filter(({ costs }) => !costs)],
  ['money', CASES.filter(({ costs }) => costs)],
] as const)(
  'a campaign that has used up its %s is warned, and ends with its evidence, its verdict and the reason',
  { timeout: 1_500_000 },
  async (_, cases) => {
    await withBelay(async (belay) => {
      expect((await belay.run(['up', '--clusters', String(cases.length)])).exitCode).toBe(0);
      await belay.withClient(async (client) => {
        const { signal } = new AbortController();
        await allAtOnce(cases, { atOnce: cases.length, signal }, (given) => exceeds(belay, client, given));
      });
    });
  },
);

function isWarned({ text }: { readonly text: string }): boolean {
  return text.startsWith('**80 % of the budget is used**');
}

async function exceeds(belay: Belay, client: Client, given: Case): Promise<void> {
  const { name, where, limitSeconds, costs, nodesAfterSeconds, shape } = given;
  const usd = (limitSeconds * USD_PER_HOUR) / 3_600;
  const budget = costs ? { usd } : { wallClock: `${limitSeconds}s` };
  addProfile(belay, { ...shape, name, more: { budget } });
  const substrate = addSlowSubstrate(belay, nodesAfterSeconds, costs ? USD_PER_HOUR : 0);
  const started = await belay.run(['run', name, '--id', name, '--substrate', substrate, '--hold', '20m', '--detach']);
  expect(started.exitCode, started.stdout + started.stderr).toBe(0);
  const handle = client.workflow.getHandle(name);

  await untilStatus(client, name, ({ story }) => story.some(isWarned), LIMIT_MS);
  const shown = await handle.query<{ readonly currentDetails?: string }>('__temporal_workflow_metadata');
  expect(shown.currentDetails).toContain('80 % of the budget is used');
  const { state } = await untilStatus(client, name, (status) => status.state.spent !== undefined, LIMIT_MS);
  expect(state.spent?.reason).toMatch(
    costs
      ? new RegExp(`^budget\\.usd of ${usd} is used up, at ${USD_PER_HOUR}\\.00 an hour$`)
      : new RegExp(`^budget\\.wallClock of ${formatDuration(limitSeconds * 1_000)} is used up$`),
  );
  await handle.result();

  const { folder, summary, timeline } = recordOf(belay, name);
  const { startTime } = await handle.describe();
  const closedMs = momentOf(timeline, { stage: 'snapshot', what: 'began' }) - startTime.getTime();
  console.log(`${name}: closed ${(closedMs / 1_000 - limitSeconds).toFixed(1)} s after its budget was used up`);
  expect(summary).toMatchObject({ verdict: given.verdict, ending: 'completed' });
  expect(summary.reasons.join('\n')).toContain(state.spent?.reason);
  const [stage, what] = where === 'hold' ? ['soak', 'failed'] : [where, 'cancelled'];
  expect(timeline.filter((event) => event.stage === stage && event.what === what)).toHaveLength(1);
  expect(summary.evidence.filter(({ ok }) => !ok)).toEqual([]);
  expect(existsSync(join(folder, 'report.html'))).toBe(true);
  expect(await manifestProblems(folder)).toEqual([]);
}
