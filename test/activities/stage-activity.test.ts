import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stageActivity } from '../../src/activities/stage-activity.ts';
import { evidenceFolder, readTimeline } from '../../src/adapters/evidence/evidence-folder.ts';
import { appendInfrastructureEvent } from '../../src/adapters/host/infrastructure-events.ts';
import { readLedger, removeCampaignFolder, writeLedger } from '../../src/adapters/host/ledger.ts';
import type { DecisionRecord } from '../../src/core/campaign/machine.ts';
import type { StageInput, StageResult } from '../../src/core/campaign/stage-io.ts';
import type { Stage } from '../../src/core/model/stages.ts';
import type { RampCheckpoint } from '../../src/core/plan/checkpoints/ramp.ts';
import { testHome, type TestHome } from '../adapters/substrates/local-campaign.ts';
import { aSpec } from '../workflows/make-spec.ts';
import { anAttempt } from './an-attempt.ts';
import { makeCurrent } from '../../src/adapters/evidence/spec-store.ts';
import { storedInput } from './stored-input.ts';

const spec = aSpec({ campaign: 'stages', slug: 'bstages' });

let home: TestHome;

beforeEach(() => {
  home = testHome();
});
afterEach(() => {
  removeCampaignFolder(spec.slug);
  home.close();
});

/** Runs one attempt of a stage that does nothing. */
async function run(
  stage: Stage,
  execution: number,
  attempt: number,
  decisions: readonly DecisionRecord[],
): Promise<StageResult> {
  const env = anAttempt(attempt);
  const activity = stageActivity(stage, pino({ level: 'silent' }), () =>
    Promise.resolve({ detail: 'done', facts: {} }),
  );
  return env.run(activity, storedInput(spec, stage, { execution, decisions }));
}

test('the timeline has a decision once, whatever runs after it', async () => {
  const first: DecisionRecord = { stage: 'soak', execution: 1, decision: 'retry', reason: 'new build', atMs: 1_000 };
  const set = { 'gates.podBindP99.max': 9 };
  const second: DecisionRecord = { stage: 'soak', execution: 2, decision: 'retry', reason: '', atMs: 2_000, set };
  await run('steady', 2, 1, [first]);
  await run('soak', 2, 1, [first]);
  await run('soak', 2, 2, [first]);
  // Its first attempt was lost before it could write a word.
  await run('steady', 3, 2, [first, second]);
  for (const stage of ['snapshot', 'judge'] as const) await run(stage, 1, 1, [first, second]);
  const decisions = readTimeline(evidenceFolder(spec.campaign)).filter(({ what }) => what === 'decision');
  expect(decisions).toEqual([
    {
      atMs: 1_000,
      stage: 'soak',
      execution: 1,
      attempt: 1,
      what: 'decision',
      detail: 'retry of soak, execution 1: new build',
    },
    {
      atMs: 2_000,
      stage: 'soak',
      execution: 2,
      attempt: 1,
      what: 'decision',
      detail: 'retry of soak, execution 2 {"gates.podBindP99.max":9}',
    },
  ]);
});

test('a retry gives a campaign more time at each of its attempts, and its first run does not', async () => {
  const ledger = { campaign: spec.campaign, slug: spec.slug, workflowId: '', runId: '', clusters: [], processes: [] };
  writeLedger({ ...ledger, createdAtMs: 1, expiresAtMs: 1 });
  await run('soak', 1, 2, []);
  expect(readLedger(spec.slug)?.expiresAtMs).toBe(1);
  await run('soak', 2, 2, []);
  expect(readLedger(spec.slug)?.expiresAtMs).toBeGreaterThan(Date.now());
});

test('an event that a stage adds to the timeline carries its execution and attempt', async () => {
  const env = anAttempt(3);
  const activity = stageActivity('provision', pino({ level: 'silent' }), ({ event }) => {
    event('not-scraped', 'c0: etcd');
    return Promise.resolve({ detail: 'done', facts: {} });
  });
  await env.run(activity, storedInput(spec, 'provision', { execution: 2 }));
  const [added] = readTimeline(evidenceFolder(spec.campaign)).filter(({ what }) => what === 'not-scraped');
  expect(added).toMatchObject({ stage: 'provision', execution: 2, attempt: 3, detail: 'c0: etcd' });
});

test('a result has the events of the infrastructure, also by the name that workers of version 0.1 read', async () => {
  const env = anAttempt();
  const activity = stageActivity('seed', pino({ level: 'silent' }), () => {
    const atMs = Date.now();
    const { campaign } = spec;
    appendInfrastructureEvent({ atMs, campaign, component: 'etcd', what: 'died', gapStartMs: atMs, detail: '' });
    return Promise.resolve({ detail: 'done', facts: {} });
  });
  expect(await env.run(activity, storedInput(spec, 'seed'))).toEqual({
    detail: 'done',
    facts: {},
    infrastructureEvents: ['etcd died'],
    groundEvents: ['etcd died'],
  });
});

/** An attempt of a ramp whose body is given. */
function attemptOf(body: Parameters<typeof stageActivity<'ramp'>>[2]): (input: unknown) => Promise<unknown> {
  const env = anAttempt();
  const activity = stageActivity('ramp', pino({ level: 'silent' }), body);
  return (input) => env.run(activity, input as StageInput);
}

test('an activity that a worker of the first version scheduled runs with the specification on disk', async () => {
  const seen: unknown[] = [];
  const attempt = attemptOf(({ spec: found, input }) => {
    seen.push(found.specHash, input.campaign, input.group, found.substrate);
    return Promise.resolve({ detail: 'done', facts: {} });
  });
  const { stages: _, ...sent } = spec;
  makeCurrent(spec);
  // A client that may schedule activities must not choose a kubeconfig of the worker's machine.
  const substrate = { ...spec.substrate, type: 'kubeconfig', kubeconfig: '/kubeconfigs/of-the-worker' };
  await attempt({ spec: { ...sent, substrate }, execution: 1, decisions: [], outcomes: [] });
  expect(seen).toEqual([spec.specHash, spec.campaign, 'g0', spec.substrate]);
});

test('a host without the specification says which one it lacks', async () => {
  const attempt = attemptOf(() => Promise.reject(new Error('not reached')));
  const input = { ...storedInput(spec, 'ramp'), specHash: 'unknown-hash' };
  await expect(attempt(input)).rejects.toMatchObject({
    type: 'HarnessFault',
    message: expect.stringMatching(
      /^this host does not have specification unknown-hash of campaign stages; .*spec\.json/,
    ),
  });
});

test('the next execution resumes from the disk, without a disk from what the workflow hands it', async () => {
  const handed: unknown[] = [];
  const attempt = (save?: RampCheckpoint): ((input: unknown) => Promise<unknown>) =>
    attemptOf((context) => {
      handed.push(context.handedOver);
      if (save !== undefined) context.save(save);
      return Promise.resolve({ detail: 'done', facts: {} });
    });
  const resume = { startAtMs: 1, lowWater: { c0: 7 } };
  const saved = { startAtMs: 2, lowWater: { c0: 120 } };
  await attempt()(storedInput(spec, 'ramp', { execution: 2, resume }));
  await attempt(saved)(storedInput(spec, 'ramp', { execution: 2 }));
  await attempt()(storedInput(spec, 'ramp', { execution: 3 }));
  await attempt()(storedInput(spec, 'ramp', { execution: 12, resume }));
  expect(handed).toEqual([resume, undefined, saved, saved]);
});

test('a checkpoint that cannot be read fails the stage by the name of the field', async () => {
  const attempt = attemptOf(() => Promise.resolve({ detail: 'done', facts: {} }));
  const input = storedInput(spec, 'ramp', { execution: 2, resume: { lowWater: {} } });
  await expect(attempt(input)).rejects.toMatchObject({
    type: 'HarnessFault',
    message: 'checkpoint of ramp: startAtMs: found nothing; allowed: a number',
  });
});

test('a failure is small, and the timeline has the whole message', async () => {
  const message = `etcd said: ${'a'.repeat(5_000)}`;
  const attempt = attemptOf(() => Promise.reject(new Error(message, { cause: new Error('b'.repeat(5_000)) })));
  const failure: unknown = await attempt(storedInput(spec, 'ramp')).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    type: 'HarnessFault',
    message: expect.stringContaining('runs/stages/timeline.jsonl'),
  });
  expect((failure as Error).message.length).toBeLessThan(1_300);
  expect((failure as Error).cause).toBeUndefined();
  const [failed] = readTimeline(evidenceFolder(spec.campaign)).filter(({ what }) => what === 'failed');
  expect(failed?.detail).toBe(message);
});
