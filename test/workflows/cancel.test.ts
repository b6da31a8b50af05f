import { CancelledFailure } from '@temporalio/activity';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endsCancelled, order } from './asserting.ts';
import { missingFrom } from './history.ts';
import { aSpec, QUEUES } from './make-spec.ts';
import { breach, harnessFails, succeeds, systemFails, untilCancelled, type StageCall } from './scripted.ts';
import { TestTemporal } from './temporal.ts';

let temporal: TestTemporal;
beforeAll(async () => {
  temporal = await TestTemporal.start();
});
afterAll(() => temporal.stop());

const CLOSING = ['snapshot 1', 'judge 1', 'teardown 1'];

function callOf(calls: readonly StageCall[], stage: string): StageCall {
  const call = calls.find((each) => each.stage === stage);
  if (call === undefined) throw new Error(`${stage} was not called`);
  return call;
}

describe.concurrent('a cancel', () => {
  test.for(['provision', 'seed', 'soak'] as const)(
    'in %s is heard by the stage, which is waited for; then evidence, verdict, teardown',
    async (stage) => {
      const run = await temporal.begin('stage', {
        stages: { [stage]: (call: StageCall) => untilCancelled(call, 300) },
      });
      await run.untilCalled(stage);
      await run.handle.cancel();
      await endsCancelled(run);
      expect(order(run).slice(-4)).toEqual([`${stage} 1`, ...CLOSING]);
      // Nothing is taken down while the stage still puts things in order.
      const cancelled = callOf(run.calls, stage);
      expect(cancelled.endedAtMs).toBeGreaterThan(0);
      expect(callOf(run.calls, 'snapshot').startedAtMs).toBeGreaterThanOrEqual(cancelled.endedAtMs);
      expect(
        missingFrom(await run.history(), [
          ['WorkflowExecutionCancelRequested'],
          ['ActivityTaskCancelRequested'],
          ['ActivityTaskCanceled'],
          ['ActivityTaskScheduled', { activityType: { name: 'teardown' } }],
          ['ActivityTaskCompleted'],
          ['WorkflowExecutionCanceled'],
        ]),
      ).toBeNull();
      const { state, story } = await run.status();
      expect(state).toMatchObject({ cancelRequested: true, earlyEnd: 'cancelled' });
      expect(state.outcomes.find((outcome) => outcome.stage === stage)?.outcome).toBe('cancelled');
      expect(story.map(({ text }) => text)).toContain('cancel requested');
      const { typedSearchAttributes } = await run.handle.describe();
      expect(typedSearchAttributes.getAll().find(({ key }) => key.name === 'BelayVerdict')?.value).toBe('aborted');
    },
  );

  test('is shown at once, while the stage still puts things in order', async () => {
    const gate = Promise.withResolvers<void>();
    const run = await temporal.begin('shown', {
      stages: {
        ramp: async (call) => {
          await untilCancelled(call).catch(() => undefined);
          await gate.promise;
          throw new CancelledFailure('stopped');
        },
      },
    });
    await run.untilCalled('ramp');
    await run.handle.cancel();
    const status = await run.until(run.status, ({ state }) => state.cancelRequested);
    expect(status.state.stage).toBe('ramp');
    expect(await run.details()).toContain('Cancel was requested.');
    gate.resolve();
    await endsCancelled(run);
  });

  test('that a stage does not hear, because it ends first, begins nothing new after it', async () => {
    const gate = Promise.withResolvers<void>();
    const run = await temporal.begin('deaf', { stages: { seed: () => gate.promise } });
    await run.untilCalled('seed');
    await run.handle.cancel();
    await run.until(run.status, ({ state }) => state.cancelRequested);
    gate.resolve();
    await endsCancelled(run);
    expect(order(run)).toEqual(['provision 1', 'install 1', 'seed 1', ...CLOSING]);
    expect((await run.status()).state.outcomes.find(({ stage }) => stage === 'seed')?.outcome).toBe('succeeded');
  });

  test('during which the stage fails does not hold', async () => {
    const run = await temporal.begin('fails', {
      resolve: ({ workflowId }) => aSpec({ workflowId, holdMs: 60_000 }),
      stages: {
        ramp: async (call) => {
          await untilCancelled(call).catch(() => undefined);
          return systemFails()(call);
        },
      },
    });
    await run.untilCalled('ramp');
    await run.handle.cancel();
    await endsCancelled(run);
    expect((await run.history()).some(({ type }) => type === 'TimerStarted')).toBe(false);
    expect(order(run).slice(-3)).toEqual(CLOSING);
  });

  test('in a hold ends it', async () => {
    const run = await temporal.begin('hold', {
      resolve: ({ workflowId }) => aSpec({ workflowId, holdMs: 60_000 }),
      stages: { soak: breach() },
    });
    await run.untilHold();
    await run.handle.cancel();
    await endsCancelled(run);
    expect(order(run).slice(-4)).toEqual(['soak 1', ...CLOSING]);
    expect(
      missingFrom(await run.history(), [['TimerStarted'], ['TimerCanceled'], ['WorkflowExecutionCanceled']]),
    ).toBeNull();
    expect((await run.status()).state).toMatchObject({ earlyEnd: 'cancelled', hold: null });
  });

  test('while a stage waits for a worker ends at once', async () => {
    const run = await temporal.begin('no-worker', {
      resolve: ({ workflowId }) => aSpec({ workflowId, loadQueue: 'queue-without-worker' }),
    });
    await run.until(run.status, ({ state }) => state.stage === 'seed');
    await run.handle.cancel();
    await endsCancelled(run);
    expect(order(run)).toEqual(['provision 1', 'install 1', ...CLOSING]);
  });

  test('while the specification is made lets provision begin nothing', async () => {
    const gate = Promise.withResolvers<void>();
    const run = await temporal.begin('resolve', {
      resolve: async ({ workflowId }) => {
        await gate.promise;
        return aSpec({ workflowId });
      },
      stages: { provision: (call) => untilCancelled(call) },
    });
    await run.until(
      () => run.resolved.length,
      (count) => count > 0,
    );
    await run.handle.cancel();
    gate.resolve();
    await endsCancelled(run);
    // The workflow hears of it when the task ends in which resolve ran; provision is scheduled by then, and cancelled.
    expect(order(run).filter((call) => !call.startsWith('provision'))).toEqual(CLOSING);
  });

  test.for(['snapshot', 'judge', 'teardown'] as const)('in %s changes nothing', async (stage) => {
    const gate = Promise.withResolvers<void>();
    const aborted: boolean[] = [];
    const run = await temporal.begin('closing', {
      stages: {
        [stage]: async ({ context }: StageCall) => {
          await gate.promise;
          context.heartbeat();
          aborted.push(context.cancellationSignal.aborted);
          return {};
        },
      },
    });
    await run.untilCalled(stage);
    await run.handle.cancel();
    await run.until(run.status, ({ state }) => state.cancelRequested);
    gate.resolve();
    // Everything had been run by then: it has its verdict.
    expect(await run.result()).toMatchObject({ verdict: 'pass', ending: 'completed' });
    expect(aborted).toEqual([false]);
    expect(order(run).slice(-3)).toEqual(CLOSING);
  });

  test('in teardown of a campaign that failed leaves it failed', async () => {
    const gate = Promise.withResolvers<void>();
    const run = await temporal.begin('closing-red', {
      stages: { provision: harnessFails(), teardown: () => gate.promise },
    });
    await run.untilCalled('teardown');
    await run.handle.cancel();
    await run.until(run.status, ({ state }) => state.cancelRequested);
    gate.resolve();
    await run.result().catch(() => undefined);
    expect((await run.handle.describe()).status.name).toBe('FAILED');
  });

  test('twice is as once', async () => {
    const run = await temporal.begin('twice', { stages: { soak: (call) => untilCancelled(call, 200) } });
    await run.untilCalled('soak');
    await run.handle.cancel();
    await run.handle.cancel().catch(() => undefined);
    await endsCancelled(run);
    expect(order(run).slice(-4)).toEqual(['soak 1', ...CLOSING]);
  });
});

describe('a campaign that is cancelled before a worker takes it up', () => {
  test('ends as cancelled and starts nothing', async () => {
    await temporal.stopWorkers(QUEUES.shared);
    const run = await temporal.begin('early', { stages: { provision: succeeds } });
    await run.handle.cancel();
    await temporal.startWorkflowWorker();
    await endsCancelled(run);
    expect(run.calls).toEqual([]);
  });
});
