import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { outlineOf } from '../../src/core/campaign/outline.ts';
import { deriveDeadlines } from '../../src/core/plan/deadlines.ts';
import { makePlan, MAX_CLUSTERS } from '../../src/core/plan/make-plan.ts';
import type { CampaignSpec } from '../../src/core/plan/spec.ts';
import { aCatalogue, anArchetype, aProfile, aSubstrate } from '../core/plan/make.ts';
import { order } from './asserting.ts';
import { aSpec, QUEUES, shortDeadlines } from './make-spec.ts';
import { TestTemporal } from './temporal.ts';

let temporal: TestTemporal;
beforeAll(async () => {
  temporal = await TestTemporal.start();
});
afterAll(() => temporal.stop());

/** A specification for as many clusters as a plan may have. */
function aMillionClusters(): CampaignSpec {
  const archetype = anArchetype({});
  const catalogue = aCatalogue({ archetypes: [archetype], seedArchetypes: [archetype] });
  const profile = aProfile({ scale: { machines: 20_000_000, density: 50 } });
  const substrate = aSubstrate({
    type: 'hosted',
    cluster: { podsPerCluster: 1_000, clustersPerHost: 40, storage: 'etcd', bindThroughputPodsPerSec: 30 },
  });
  const plan = makePlan(profile, substrate, catalogue);
  expect(plan.clusterCount).toBe(MAX_CLUSTERS);
  const derived = deriveDeadlines({ profile, plan, substrate });
  if (!derived.ok) throw new Error(derived.errors.map(({ message }) => message).join('\n'));
  return aSpec({ profile, substrate, catalogue, plan, deadlines: derived.deadlines });
}

test('a specification for a million clusters runs through a real server, in a history of an ordinary size', async () => {
  const spec = aMillionClusters();
  expect(JSON.stringify(spec).length).toBeLessThan(100_000);
  const run = await temporal.begin('million', { resolve: ({ workflowId }) => ({ ...spec, workflowId }) });
  expect(await run.result()).toMatchObject({ verdict: 'pass', ending: 'completed' });
  expect(order(run)).toEqual(
    ['provision', 'install', 'seed', 'ramp', 'steady', 'soak', 'snapshot', 'judge', 'teardown'].map((s) => `${s} 1`),
  );
  const { historySize } = await run.handle.describe();
  expect(historySize).toBeGreaterThan(0);
  expect(historySize).toBeLessThan(70_000);
});

test('every stage gets the hash of the specification, and no stage gets the specification', async () => {
  const run = await temporal.begin('inputs', {});
  await run.result();
  const [spec] = run.specs;
  if (spec === undefined) throw new Error('resolve was not called');
  for (const { stage, input } of run.calls) {
    const { campaign, specHash } = outlineOf(spec);
    expect(input).toMatchObject({ campaign, specHash, stage, execution: 1, group: 'g0' });
    expect(JSON.stringify(input)).not.toContain('archetype');
  }
  const keys = run.calls.filter(({ stage }) => stage === 'seed').map(({ input }) => Object.keys(input).sort());
  expect(keys).toEqual([['campaign', 'execution', 'group', 'specHash', 'stage']]);
});

test('a campaign goes on with the stages that its specification lists', async () => {
  const stages = ['resolve', 'provision', 'seed', 'soak', 'snapshot', 'judge', 'teardown'] as const;
  const run = await temporal.begin('stages', { resolve: ({ workflowId }) => aSpec({ workflowId, stages }) });
  expect(await run.result()).toMatchObject({ ending: 'completed' });
  expect(order(run)).toEqual(['provision', 'seed', 'soak', 'snapshot', 'judge', 'teardown'].map((s) => `${s} 1`));
  expect((await run.status()).state.stages).toEqual(stages);
});

test('a result that cannot be read is a fault of the harness that names the field', async () => {
  const run = await temporal.begin('unreadable', {
    resolve: ({ workflowId }) => aSpec({ workflowId, holdMs: 60_000 }),
    stages: { seed: () => ({ detail: 7 }) },
  });
  expect((await run.untilHold()).state.hold).toMatchObject({
    stage: 'seed',
    failure: { kind: 'harness', message: 'result of seed: detail: found 7 (number); allowed: a text' },
  });
  await run.handle.cancel();
  await run.result().catch(() => undefined);
});

describe('a stage that waits on its queue', () => {
  test('is taken up by a worker that comes back within the queue wait', async () => {
    await temporal.stopWorkers(QUEUES.load);
    const deadlines = shortDeadlines({ seed: { queueWaitMs: 15_000 } });
    const run = await temporal.begin('worker-back', { resolve: ({ workflowId }) => aSpec({ workflowId, deadlines }) });
    await run.until(
      async () => (await run.handle.describe()).raw.pendingActivities ?? [],
      (pending) => pending.some(({ activityType }) => activityType?.name === 'seed'),
    );
    await temporal.addWorker({ taskQueue: QUEUES.load });
    expect(await run.result()).toMatchObject({ verdict: 'pass' });
    expect(run.calls.filter(({ stage }) => stage === 'seed').map(({ attempt }) => attempt)).toEqual([1]);
  });

  test('fails after the queue wait with the name of the queue and the command that starts a worker', async () => {
    await temporal.stopWorkers(QUEUES.load);
    const deadlines = shortDeadlines({ seed: { queueWaitMs: 1_000 } });
    const run = await temporal.begin('no-worker', {
      resolve: ({ workflowId }) => aSpec({ workflowId, deadlines, holdMs: 60_000 }),
    });
    const held = await run.untilHold();
    expect(held.state.hold).toMatchObject({
      stage: 'seed',
      failure: {
        kind: 'harness',
        message:
          `no worker on task queue ${QUEUES.load} took up seed within 1s; ` +
          `is one running? "./belay worker" on the campaign's host starts one`,
      },
    });
    await temporal.addWorker({ taskQueue: QUEUES.load });
    await run.decide({ stage: 'seed', execution: 1, decision: 'retry', reason: 'worker is up' });
    expect(await run.result()).toMatchObject({ verdict: 'pass' });
  });
});
