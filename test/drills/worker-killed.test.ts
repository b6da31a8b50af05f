import { expect, test } from 'vitest';
import { parseRampCheckpoint } from '../../src/core/plan/checkpoints/ramp.ts';
import type { Stage } from '../../src/core/model/stages.ts';
import { withBelay } from '../e2e/belay-cli.ts';
import { recordOf, untilStatus, type CampaignRecord } from '../e2e/campaign-record.ts';
import { addProfile, addSlowSubstrate } from '../e2e/small-profile.ts';
import { accountGates, accountsOf } from './pod-accounts.ts';
import { kill, soakClockOf, untilCheckpoint, untilEvent, untilRunning, workerOf } from './victims.ts';

const PODS = 36;
/** A worker that is killed is missing for some 12 s: the readings need their target for 80 % of the soak. */
const SOAK_SECONDS = 80;
/** Each Pod of the ramp was created once, observed, and bound; every Pod of the soak was observed. */
const IN_RAMP = { rampPodsCreated: PODS, rampPodsObserved: 1, rampPodsEnded: 1, podsObserved: 1 };
/** A worker is missed after 20 s without a heartbeat, and another one has taken its stage up by then. */
const TAKEN_UP_WITHIN_MS = 30_000;

test('SIGKILL of the worker in seed and in soak: one that is started again continues by the same clock, and the gap counts', async () => {
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
});

test('SIGKILL of the worker in ramp and in teardown: another one on the host goes on', async () => {
  await withBelay(async (belay) => {
    const name = addProfile(belay, { name: 'killed', rampSeconds: 12 });
    expect((await belay.run(['up'])).exitCode).toBe(0);
    const standby = belay.start(['worker']);
    await standby.line(/worker is polling/);
    const running = belay.start(['run', name, '--id', 'killed']);
    await running.line(/campaign {2}killed/);
    const killedAtMs = await belay.withClient(async (client) => {
      await untilStatus(client, 'killed', ({ state }) => state.stage === 'ramp');
      await untilCheckpoint(belay, 'killed', 'ramp', hasCreatedPods);
      const inRampMs = Date.now();
      await kill(await workerOf(client, 'killed'));
      // Whichever of the two was killed, two serve again when the stage comes that lasts half a second.
      const another = belay.start(['worker']);
      await another.line(/worker is polling/);
      await untilEvent(belay, 'killed', { stage: 'judge', what: 'began' });
      await untilEvent(belay, 'killed', { stage: 'teardown', what: 'began' });
      const inTeardownMs = Date.now();
      await kill(await workerOf(client, 'killed'));
      return { ramp: inRampMs, teardown: inTeardownMs };
    });
    const ended = await running.ended();
    expect(ended.exitCode, ended.stdout + ended.stderr).toBe(0);
    const record = recordOf(belay, 'killed');
    expect(record.summary).toMatchObject({ verdict: 'pass', reasons: [], breaches: [], ending: 'completed' });
    isContinued(record, killedAtMs);
  });
});

/** Whether the first Pods of a ramp are on record, and the last are not. */
function hasCreatedPods(checkpoint: unknown): boolean {
  const created = Object.values(parseRampCheckpoint(checkpoint)?.lowWater ?? {}).reduce((sum, count) => sum + count, 0);
  return created > 0 && created < PODS;
}

/** The counts of a campaign that nothing happened to, though the named stages were taken up by another worker. */
function isContinued(
  { summary, timeline }: CampaignRecord,
  killedAtMs: Readonly<Partial<Record<Stage, number>>>,
): void {
  const { podsCreated, podsExisting, ...ramp } = summary.facts['ramp'] ?? {};
  expect(ramp).toMatchObject({ podsWanted: PODS });
  expect(Number(podsCreated) + Number(podsExisting)).toBe(PODS);
  expect(summary.facts['soak']).toMatchObject({ podsPresent: PODS, podsBound: PODS });
  const resumed = timeline.filter(({ what }) => what === 'resumed');
  expect(resumed.map(({ stage, attempt }) => ({ stage, attempt }))).toEqual(
    Object.keys(killedAtMs).map((stage) => ({ stage, attempt: 2 })),
  );
  for (const { stage, atMs } of resumed)
    expect(atMs - (killedAtMs[stage] ?? 0)).toBeLessThanOrEqual(TAKEN_UP_WITHIN_MS);
}
