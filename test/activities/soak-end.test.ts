import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import { SoakLoad } from '../../src/activities/soak-load.ts';
import { createSoak } from '../../src/activities/soak.ts';
import type { BoundEffect } from '../../src/adapters/faults/effect.ts';
import { readCheckpoint } from '../../src/adapters/host/checkpoints.ts';
import { demandSchedule } from '../../src/core/plan/demand.ts';
import { EVALUATION_QUERIES } from '../../src/core/plan/limits.ts';
import { mixedCatalogue } from '../core/plan/catalogue-samples.ts';
import { anAttempt } from './an-attempt.ts';
import { specOf } from './campaign-shapes.ts';
import { fakeTime } from './fake-time.ts';
import { clustersUp } from './scripted-adapters.ts';
import { scriptedCluster, willingClient } from './scripted-cluster.ts';
import { scriptedGates } from './scripted-gates.ts';
import { storedInput } from './stored-input.ts';

const LONGER_THAN_THE_SOAK_MS = 600_000;

fakeTime();

const client = willingClient();

/** A fault that has its effect, which never ends. */
const STAYS: BoundEffect = {
  choose: () => Promise.resolve('n0'),
  fire: () => Promise.resolve(),
  assert: () => Promise.resolve({ seen: true, detail: 'n0 is out' }),
  undo: () => Promise.resolve(),
  assertUndone: () => Promise.resolve({ seen: false, detail: 'n0 is still out' }),
  describe: () => 'n0 fails',
};

test('a fault at the end whose undoing is never seen is recorded; the soak does not count as stalled', async () => {
  const shape = { clusters: 1, profile: { runnerActions: [{ atSeconds: 55, action: 'fail-node' }] } };
  const spec = { ...specOf(shape), catalogue: mixedCatalogue };
  spec.plan = { ...spec.plan, totalPods: 0 };
  clustersUp(spec);
  const soak = createSoak(pino({ level: 'silent' }), {
    observers: { of: () => Promise.resolve([scriptedCluster(spec, 0, { client })]) },
    openGateReader: () => ({ read: () => Promise.resolve([]), close: () => Promise.resolve() }),
    effectOf: () => STAYS,
  });
  const env = anAttempt();
  const heartbeats: unknown[] = [];
  env.on('heartbeat', ({ live }: { readonly live: string }) =>
    heartbeats.push({ live, checkpoint: readCheckpoint(spec.slug, 'soak', 1) }),
  );
  const running = env.run(soak, storedInput(spec, 'soak'));
  await vi.advanceTimersByTimeAsync(LONGER_THAN_THE_SOAK_MS);
  expect(await running).toMatchObject({ detail: expect.stringMatching(/^60 s, /) as string });
  const actions = {
    '0/0': { undoError: 'it was undone, but that was not seen within 120 s: n0 is still out' },
  };
  expect(readCheckpoint(spec.slug, 'soak', 1)).toMatchObject({ actions });
  // The change of the checkpoint is progress: nothing else reports any at that time.
  expect(heartbeats).toContainEqual(
    expect.objectContaining({
      live: expect.stringMatching(/ s, 0 Pods bound/) as string,
      checkpoint: expect.objectContaining({
        actions: { '0/0': expect.objectContaining(actions['0/0']) as object },
      }) as object,
    }),
  );
});

test('evaluations that use all of their time still give the readings of the end', async () => {
  const spec = { ...specOf({ clusters: 1 }), catalogue: mixedCatalogue };
  spec.plan = { ...spec.plan, totalPods: 0 };
  clustersUp(spec);
  const evaluationMs = EVALUATION_QUERIES * spec.deadlines.budgets.queryMs;
  let evaluations = 0;
  const gates = scriptedGates(spec.gates, ({ only }) => (only === 'all' ? null : 1));
  const soak = createSoak(pino({ level: 'silent' }), {
    observers: { of: () => Promise.resolve([scriptedCluster(spec, 0, { client })]) },
    openGateReader: () => ({
      ...gates.open(),
      read: async (request) => {
        if (request.only === 'all') {
          evaluations++;
          await new Promise((wake) => setTimeout(wake, evaluationMs));
        }
        return await gates.open().read(request);
      },
    }),
    effectOf: () => undefined,
  });
  const env = anAttempt();
  const ended = env.run(soak, storedInput(spec, 'soak')).then(
    () => 'succeeded',
    (error: unknown) => error,
  );
  await vi.advanceTimersByTimeAsync(LONGER_THAN_THE_SOAK_MS);
  expect(await ended).toBe('succeeded');
  expect(evaluations).toBe(2);
});

test('Pods that two repairs replace at the same time are all counted as lost', async () => {
  const spec = { ...specOf({ clusters: 1 }), catalogue: mixedCatalogue };
  spec.plan = { ...spec.plan, totalPods: 3 };
  const load = await SoakLoad.begin(
    {
      cluster: scriptedCluster(spec, 0, { client }),
      demand: demandSchedule(spec, 0),
      startAtMs: Date.now(),
      execution: 1,
      lowWater: 0,
      callBudgetMs: 1_000,
      onLate: () => undefined,
    },
    new AbortController().signal,
  );
  const { signal } = new AbortController();
  await Promise.all([load.mend(signal), load.mend(signal)]);
  expect(load.lost).toBe(3);
});
