import { CancelledFailure } from '@temporalio/activity';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { continuesElsewhere } from '../../src/activities/cancellation.ts';
import { observedClusters } from '../../src/activities/observed-clusters.ts';
import { stageActivity, type StageContext } from '../../src/activities/stage-activity.ts';
import { evidenceFolder, readReadings, readTimeline } from '../../src/adapters/evidence/evidence-folder.ts';
import { readCheckpoint } from '../../src/adapters/host/checkpoints.ts';
import type { Within } from '../../src/adapters/kube/api-request.ts';
import type { ObservedCluster } from '../../src/adapters/observe/observed-cluster.ts';
import type { StageResult } from '../../src/core/campaign/stage-io.ts';
import { gateOf, resultOf } from '../adapters/evidence/fixture.ts';
import { testHome, type TestHome } from '../adapters/substrates/local-campaign.ts';
import { mixedCatalogue } from '../core/plan/catalogue-samples.ts';
import { anAttempt } from './an-attempt.ts';
import { specOf } from './campaign-shapes.ts';
import { clustersUp } from './scripted-adapters.ts';
import { scriptedCluster } from './scripted-cluster.ts';
import { storedInput } from './stored-input.ts';

/** What a cluster was asked for. */
let asked: string[];
let home: TestHome;

const spec = { ...specOf({ clusters: 1 }), catalogue: mixedCatalogue };
const SOAK = { stage: 'soak', execution: 1 } as const;

beforeEach(() => {
  home = testHome();
  asked = [];
  clustersUp(spec);
});
afterEach(() => home.close());

const client: ObservedCluster['client'] = {
  get: () => Promise.resolve(undefined),
  list: () => Promise.resolve({ items: [], resourceVersion: '1' }),
  create: (path, _, within) => send(within, `create ${path}`, { outcome: 'created' as const, attempts: 1 }),
  delete: (path, _, within) => send(within, `delete ${path}`, { outcome: 'deleted' as const, attempts: 1 }),
  patch: (path, _type, _patch, within) => send(within, `patch ${path}`, {}) as never,
};

/** As a client sends a request: not without asking before. */
async function send<Answer>({ beforeTry }: Within, what: string, answer: Answer): Promise<Answer> {
  beforeTry?.();
  return ask(what, answer);
}

function ask<Answer>(what: string, answer: Answer): Promise<Answer> {
  asked.push(what);
  return Promise.resolve(answer);
}

/** Runs one attempt of a soak. Temporal scheduled it at `scheduledAtMs`. */
function attemptOf(
  attempt: number,
  scheduledAtMs: number,
  body: (context: StageContext<'soak'>) => Promise<void>,
): Promise<StageResult> {
  const info = { attempt, activityType: 'soak', currentAttemptScheduledTimestampMs: scheduledAtMs };
  const env = anAttempt(1, info);
  const activity = stageActivity('soak', pino({ level: 'silent' }), async (context) => {
    await body(context);
    return { detail: `attempt ${attempt}`, facts: {} };
  });
  return env.run(activity, storedInput(spec, 'soak'));
}

/** Everything by which an attempt could leave something behind. */
async function actOn(context: StageContext<'soak'>, cluster: ObservedCluster, mark: number): Promise<unknown[]> {
  context.save({ startAtMs: mark, lowWater: {}, actions: {} });
  context.event('action', `mark ${mark}`);
  context.evidence.readings(SOAK, 'check', [resultOf(gateOf('a'), mark, mark)]);
  cluster.target = mark;
  cluster.endPods(0);
  const within = { signal: AbortSignal.timeout(10_000), budgetMs: 10_000 };
  const tried = [
    cluster.client.create(`/${mark}`, '{}', within),
    cluster.client.delete(`/${mark}`, {}, within),
    cluster.client.patch(`/${mark}`, 'merge', {}, within),
    context.step('soak', () => ask(`step ${mark}`, undefined)),
  ];
  return (await Promise.allSettled(tried)).map((one) => (one.status === 'rejected' ? (one.reason as unknown) : 'done'));
}

/** What `actOn` asks a cluster for. */
function actsOf(mark: number): readonly string[] {
  return ['endPods', ...['create', 'delete', 'patch'].map((what) => `${what} /${mark}`), `step ${mark}`];
}

test('an attempt that Temporal gave up changes nothing once the next one has begun', async () => {
  const watched = { ...scriptedCluster(spec, 0, { client }), endPods: () => asked.push('endPods') };
  const observers = { of: () => Promise.resolve([watched]) };
  const awake = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  let afterwards: unknown[] = [];
  let continues = false;
  const first = attemptOf(1, 1_000, async (context) => {
    const [cluster] = await observedClusters(context, observers);
    if (cluster === undefined) throw new Error('no cluster');
    expect(await actOn(context, cluster, 1)).toEqual(['done', 'done', 'done', 'done']);
    begun.resolve();
    await awake.promise;
    afterwards = await actOn(context, cluster, 3);
    continues = continuesElsewhere();
    context.event('late', '');
  });
  await begun.promise;
  await attemptOf(2, 2_000, async (context) => {
    const [cluster] = await observedClusters(context, observers);
    if (cluster === undefined) throw new Error('no cluster');
    expect(await actOn(context, cluster, 2)).toEqual(['done', 'done', 'done', 'done']);
  });
  awake.resolve();
  await first;
  expect(afterwards).toEqual(afterwards.map(() => expect.any(CancelledFailure) as unknown));
  expect(afterwards).toHaveLength(4);
  // What a worker that shuts down leaves to the next one, e.g. the undoing of faults.
  expect(continues).toBe(true);
  expect(asked).toEqual([...actsOf(1), ...actsOf(2)]);
  expect(watched.target).toBe(2);
  expect(readCheckpoint(spec.slug, 'soak', 1)).toMatchObject({ startAtMs: 2 });
  const folder = evidenceFolder(spec.campaign);
  expect(readReadings(folder).map(({ reading }) => reading.value)).toEqual([1, 2]);
  expect(readTimeline(folder).map(({ attempt, what }) => [attempt, what])).toEqual([
    [1, 'began'],
    [1, 'action'],
    [2, 'resumed'],
    [2, 'action'],
    [2, 'ended'],
  ]);
});

test('a step under way ends when the next attempt has begun', async () => {
  const begun = Promise.withResolvers<void>();
  const first = attemptOf(1, 1_000, async (context) => {
    await context.step('soak', ({ signal }) => {
      begun.resolve();
      return new Promise((_, fail) => signal.addEventListener('abort', () => fail(new Error('aborted'))));
    });
  });
  await begun.promise;
  await attemptOf(2, 2_000, () => Promise.resolve());
  await expect(first).rejects.toThrow(/a later attempt has taken over/);
});

test('an attempt that begins after the one that follows it does nothing at all', async () => {
  await attemptOf(2, 2_000, () => Promise.resolve());
  let ran = false;
  const stray = attemptOf(1, 1_000, () => {
    ran = true;
    return Promise.resolve();
  });
  await expect(stray).rejects.toBeInstanceOf(CancelledFailure);
  expect(ran).toBe(false);
});
