import { expect, test } from 'vitest';
import { parseRampCheckpoint } from '../../src/core/plan/checkpoints/ramp.ts';
import type { Stage } from '../../src/core/model/stages.ts';
import { isAlive, startTicksOf, type ProcessRecord } from '../../src/adapters/host/processes.ts';
import { parseSoakCheckpoint } from '../../src/core/plan/checkpoints/soak.ts';
import { demandSchedule } from '../../src/core/plan/demand.ts';
import { drawn } from '../drawn.ts';
import { withBelay, type Belay } from '../e2e/belay-cli.ts';
import { recordOf, untilStatus, type CampaignRecord } from '../e2e/campaign-record.ts';
import { addProfile, addSlowSubstrate } from '../e2e/small-profile.ts';
import { ACCOUNTS_WINDOW, accountGates, accountsOf } from './pod-accounts.ts';
import { kill, soakClockOf, soakEndOf, untilCheckpoint, untilEvent, untilRunning, workerOf } from './victims.ts';

const PODS = 36;
/** A worker that is killed is missing for some 12 s: the readings need their target for 80 % of the soak. */
const SOAK_SECONDS = 80;
/**
 * A worker that is frozen is missed after 20 s, and again if it had asked for the next attempt. Afterwards another one has to count
 * the Pods for the window of a gate.
 */
const FROZEN_SOAK_SECONDS = 80;
const FROZEN_TAKEN_UP_WITHIN_MS = 55_000;
/** While the worker is frozen, most slots change: operations that it would catch up with have been overtaken. */
const CHURN_PER_MINUTE = 4;
/** A worker is missed after 20 s without a heartbeat, and another one has taken its stage up by then. */
const TAKEN_UP_WITHIN_MS = 30_000;
/** Each Pod of the ramp was created once, observed, and bound; every Pod of the soak was observed. */
const IN_RAMP = { rampPodsCreated: PODS, rampPodsObserved: 1, rampPodsEnded: 1, podsObserved: 1 };

/** Two campaigns of more than a minute: a run of the tests tries one of them, `belay drill` both. */
const CASES: readonly (readonly [string, () => Promise<void>])[] = [
  [
    'SIGKILL in seed and in soak: one that is started again continues by the same clock, and the gap counts',
    startedAgain,
  ],
  [
    'SIGKILL in ramp and in teardown, SIGSTOP in soak: another one on the host goes on, and one that wakes changes nothing',
    anotherGoesOn,
  ],
];

test.each(drawn(CASES, 1))('the worker has a %s', async (_, drill) => drill());

async function startedAgain(): Promise<void> {
  await withBelay(async (belay) => {
    const name = addProfile(belay, {
      name: 'killed',
      soakSeconds: SOAK_SECONDS,
      failNodeAtSeconds: 4,
      gates: accountGates(PODS),
    });
    const substrate = addSlowSubstrate(belay, 5);
    const running = belay.start(['run', name, '--substrate', substrate, '--id', 'killed']);
    await running.line(/campaign {2}killed/);
    const { clock, killedAtMs } = await belay.withClient(async (client) => {
      await untilEvent(belay, 'killed', { stage: 'seed', what: 'began' });
      await untilRunning(client, 'killed');
      const inSeedMs = Date.now();
      await kill(await workerOf(client, 'killed'));
      await untilEvent(belay, 'killed', { stage: 'soak', what: 'action' });
      const startAtMs = soakClockOf(belay, 'killed');
      const inSoakMs = Date.now();
      await kill(await workerOf(client, 'killed'));
      return { clock: startAtMs, killedAtMs: { seed: inSeedMs, soak: inSoakMs } };
    });
    const ended = await running.ended();
    // For a part of the soak no worker looked at the gates, and none sent the load.
    expect(ended.exitCode, ended.stdout + ended.stderr).toBe(2);
    const record = recordOf(belay, 'killed');
    expect(record.summary).toMatchObject({ verdict: 'unmeasured', breaches: [], ending: 'completed' });
    expect(record.summary.reasons[0]).toMatch(/^the harness was late: \d+ of \d+ operations of the soak /);
    const checks = record.summary.gates.flatMap((gate) => gate.checks ?? []);
    expect(checks.length).toBeGreaterThan(0);
    for (const { missed } of checks) expect(missed).toBeGreaterThan(0);
    isContinued(record, killedAtMs);
    // Nothing watched for a part of the soak. Every Pod of it is accounted for all the same, and their latencies are known.
    const readingOf = (name: string): unknown => record.summary.gates.find(({ gate }) => gate === name)?.reading;
    expect(accountsOf(record)).toEqual({ ...IN_RAMP, soakPodsCreated: expect.any(Number) as number });
    expect(readingOf('podBindP50')).toMatchObject({ quality: 'measured' });
    expect(record.summary.facts['soak']).toMatchObject({ soakStartMs: clock, soakEndMs: clock + SOAK_SECONDS * 1_000 });
    // The Node that was out when its worker died was brought back by the next one.
    const actions = record.timeline.filter(({ what }) => what === 'action').map(({ detail }) => detail);
    // The worker may have died before the call that breaks the Node. Then the next one made it, late.
    expect(actions.filter((action) => !/ injected \d+ s late$/.test(action))).toEqual([
      expect.stringMatching(/ fails$/),
      expect.stringMatching(/ no Pod of the campaign, and is NotReady$/),
      expect.stringMatching(/ is Ready and takes Pods again$/),
    ]);
  });
}

async function anotherGoesOn(): Promise<void> {
  await withBelay(async (belay) => {
    const name = addProfile(belay, {
      name: 'killed',
      gates: {
        ...accountGates(PODS),
        podsObserved: { window: ACCOUNTS_WINDOW },
        // Operations that are caught up with replace a Pod before it is bound. The scheduler reports that as an error.
        schedulerErrors: { bar: 'informational' },
      },
      more: { loadProfile: { rampSeconds: 12, soakSeconds: FROZEN_SOAK_SECONDS, churnPerMinute: CHURN_PER_MINUTE } },
    });
    expect((await belay.run(['up'])).exitCode).toBe(0);
    const standby = belay.start(['worker']);
    await standby.line(/worker is polling/);
    const running = belay.start(['run', name, '--id', 'killed']);
    await running.line(/campaign {2}killed/);
    const { killedAtMs, wokenAtMs } = await belay.withClient(async (client) => {
      await untilStatus(client, 'killed', ({ state }) => state.stage === 'ramp');
      await untilCheckpoint(belay, 'killed', 'ramp', hasCreatedPods);
      const inRampMs = Date.now();
      await kill(await workerOf(client, 'killed'));
      // Whichever of the two was killed, two serve again when the soak comes, and the stage that lasts half a second.
      const another = belay.start(['worker']);
      await another.line(/worker is polling/);
      await untilEvent(belay, 'killed', { stage: 'soak', what: 'began' });
      await untilCheckpoint(belay, 'killed', 'soak', (checkpoint) => operationsDone(checkpoint) > 0);
      const inSoakMs = Date.now();
      const frozen = freeze(await workerOf(client, 'killed'));
      const wokenAtMs = await wakeLate(belay, frozen);
      await untilEvent(belay, 'killed', { stage: 'judge', what: 'began' });
      await untilEvent(belay, 'killed', { stage: 'teardown', what: 'began' });
      const inTeardownMs = Date.now();
      // It may be the one that was frozen.
      const isAwake = isAlive(frozen);
      await kill(await workerOf(client, 'killed'));
      expect(isAwake).toBe(true);
      return { killedAtMs: { ramp: inRampMs, soak: inSoakMs, teardown: inTeardownMs }, wokenAtMs };
    });
    const ended = await running.ended();
    // For a while no worker looked at the gates, and none sent the load.
    expect(ended.exitCode, ended.stdout + ended.stderr).toBe(2);
    const record = recordOf(belay, 'killed');
    const { summary, timeline, readings, spec } = record;
    expect(summary).toMatchObject({ verdict: 'unmeasured', breaches: [], ending: 'completed' });
    expect(summary.reasons[0]).toMatch(/^the harness was late: \d+ of \d+ operations of the soak /);
    isContinued(record, killedAtMs, 'soak');
    expect(summary.facts['soak']).toMatchObject({ podsLost: 0 });
    // Each operation replaces a Pod. No Pod was created twice, and each was observed to a defined end.
    const replaced = demandSchedule(spec, 0).operations.length;
    expect(accountsOf(record)).toEqual({ ...IN_RAMP, soakPodsCreated: replaced });
    expect(summary.lateness?.operations).toBeLessThanOrEqual(2 * replaced);
    const last = Math.max(...timeline.filter(({ stage }) => stage === 'soak').map(({ attempt }) => attempt));
    const afterwards = timeline.filter(({ stage, atMs }) => stage === 'soak' && atMs >= wokenAtMs);
    expect(afterwards.filter(({ attempt }) => attempt !== last)).toEqual([]);
    const keys = readings.map(
      ({ gate, moment, execution, reading }) => `${gate} ${moment} ${execution} ${reading.atMs}`,
    );
    expect(keys).toEqual([...new Set(keys)]);
  });
}

/** Freezes a process. */
function freeze(pid: number): Pick<ProcessRecord, 'pid' | 'startTicks'> {
  const startTicks = startTicksOf(pid);
  if (startTicks === undefined) throw new Error(`there is no process ${pid}`);
  process.kill(pid, 'SIGSTOP');
  return { pid, startTicks };
}

/**
 * Lets the worker that was frozen in the soak go on, once another one has taken the soak over and carries out its operations.
 * @returns when it did, ms since 1970
 */
async function wakeLate(belay: Belay, { pid }: Pick<ProcessRecord, 'pid'>): Promise<number> {
  let atFreeze = 0;
  await untilCheckpoint(belay, 'killed', 'soak', (checkpoint) => (atFreeze = operationsDone(checkpoint)) > 0);
  await untilEvent(belay, 'killed', { stage: 'soak', what: 'resumed' });
  await untilCheckpoint(belay, 'killed', 'soak', (checkpoint) => operationsDone(checkpoint) > atFreeze);
  process.kill(pid, 'SIGCONT');
  const wokenAtMs = Date.now();
  expect(wokenAtMs).toBeLessThan(soakEndOf(belay, 'killed'));
  return wokenAtMs;
}

/** How many operations of a soak are on record as done. */
function operationsDone(checkpoint: unknown): number {
  return Object.values(parseSoakCheckpoint(checkpoint)?.lowWater ?? {}).reduce((sum, count) => sum + count, 0);
}

/** Whether the first Pods of a ramp are on record, and the last are not. */
function hasCreatedPods(checkpoint: unknown): boolean {
  const created = Object.values(parseRampCheckpoint(checkpoint)?.lowWater ?? {}).reduce((sum, count) => sum + count, 0);
  return created > 0 && created < PODS;
}

/** The counts of a campaign that nothing happened to, though another worker took up the named stages when the first was killed or frozen. */
function isContinued(
  { summary, timeline }: CampaignRecord,
  killedAtMs: Readonly<Partial<Record<Stage, number>>>,
  frozenIn?: Stage,
): void {
  const { podsCreated, podsExisting, ...ramp } = summary.facts['ramp'] ?? {};
  expect(ramp).toMatchObject({ podsWanted: PODS });
  expect(Number(podsCreated) + Number(podsExisting)).toBe(PODS);
  expect(summary.facts['soak']).toMatchObject({ podsPresent: PODS, podsBound: PODS });
  const resumed = timeline.filter(({ what }) => what === 'resumed');
  expect(resumed.map(({ stage }) => stage)).toEqual(Object.keys(killedAtMs));
  for (const { stage, attempt, atMs } of resumed) {
    // A worker that was frozen may have asked for the second one.
    expect(attempt).toBeLessThanOrEqual(stage === frozenIn ? 3 : 2);
    const withinMs = stage === frozenIn ? FROZEN_TAKEN_UP_WITHIN_MS : TAKEN_UP_WITHIN_MS;
    expect(atMs - (killedAtMs[stage] ?? 0)).toBeLessThanOrEqual(withinMs);
  }
}
