import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CampaignStatus } from '../../src/core/campaign/stage-io.ts';
import { order } from './asserting.ts';
import { missingFrom } from './history.ts';
import { aSpec, QUEUES, shortDeadlines } from './make-spec.ts';
import { breach, succeeds, untilCancelled } from './scripted.ts';
import { TestTemporal } from './temporal.ts';

let temporal: TestTemporal;
beforeAll(async () => {
  temporal = await TestTemporal.start();
});
afterAll(() => temporal.stop());

const CLOSING = ['snapshot 1', 'judge 1', 'teardown 1'];

describe('a worker that goes away', () => {
  test('in good order hands its stage over: the next attempt has its last heartbeat, the campaign notices nothing', async () => {
    const run = await temporal.begin('handover', {
      stages: {
        soak: (call) => (call.attempt > 1 ? {} : untilCancelled(call, 0, { checkpoint: { startedAtMs: 17 } })),
      },
    });
    await run.untilCalled('soak');
    await temporal.stopWorkers(QUEUES.load);
    await temporal.addWorker({ taskQueue: QUEUES.load });
    expect(await run.result()).toMatchObject({ verdict: 'pass' });
    const [first, second] = run.calls.filter(({ stage }) => stage === 'soak');
    expect([first?.attempt, second?.attempt]).toEqual([1, 2]);
    expect(second?.context.info.heartbeatDetails).toEqual({ live: 'waiting', checkpoint: { startedAtMs: 17 } });
    // A worker's end is no cancel.
    expect((await run.status()).state).toMatchObject({ cancelRequested: false, earlyEnd: null });
  });

  test('without a word is missed after the heartbeat limit, and the stage goes on elsewhere', async () => {
    const gate = Promise.withResolvers<void>();
    const run = await temporal.begin('silent', {
      resolve: ({ workflowId }) => aSpec({ workflowId, deadlines: shortDeadlines({ ramp: { heartbeatMs: 1_000 } }) }),
      stages: {
        ramp: async ({ attempt, context }) => {
          if (attempt > 1) return;
          context.heartbeat({ live: 'creating', checkpoint: { created: 120 } });
          await gate.promise;
        },
      },
    });
    expect(await run.result()).toMatchObject({ verdict: 'pass' });
    gate.resolve();
    const attempts = run.calls.filter(({ stage }) => stage === 'ramp');
    expect(attempts).toHaveLength(2);
    expect(attempts[1]?.context.info.heartbeatDetails).toMatchObject({ checkpoint: { created: 120 } });
  });

  test('time and again fails the stage; what it had reached is handed to the execution after the hold', async () => {
    const gate = Promise.withResolvers<void>();
    const deadlines = shortDeadlines({ seed: { heartbeatMs: 1_000, attempts: 2 } });
    const run = await temporal.begin('gone', {
      resolve: ({ workflowId }) => aSpec({ workflowId, deadlines, holdMs: 60_000 }),
      stages: {
        seed: [
          async ({ attempt, context }) => {
            context.heartbeat({ live: 'creating', checkpoint: { created: attempt * 100 } });
            await gate.promise;
          },
          succeeds,
        ],
      },
    });
    const held = await run.untilHold();
    gate.resolve();
    expect(held.state.hold?.failure).toEqual({
      kind: 'harness',
      message: 'the worker that ran seed sent no heartbeat any more, and no attempt was left',
    });
    await run.decide({ stage: 'seed', execution: 1, decision: 'retry', reason: 'worker is back' });
    expect(await run.result()).toMatchObject({ verdict: 'pass' });
    expect(run.calls.find(({ stage, execution }) => stage === 'seed' && execution === 2)?.input.resume).toEqual({
      created: 200,
    });
  });

  test('before it took up a stage fails the stage after the queue wait, and the message names the queue', async () => {
    const deadlines = shortDeadlines({ seed: { queueWaitMs: 1_000 } });
    const run = await temporal.begin('absent', {
      resolve: ({ workflowId }) => aSpec({ workflowId, deadlines, loadQueue: 'without-worker', holdMs: 60_000 }),
    });
    const held = await run.untilHold();
    expect(held.state.hold?.failure).toEqual({
      kind: 'harness',
      message:
        'no worker on task queue without-worker took up seed within 1s; ' +
        'is one running? "./belay worker" on the campaign\'s host starts one',
    });
    await run.decide({ stage: 'seed', execution: 1, decision: 'abort', reason: 'no worker' });
    await expect(run.result()).rejects.toThrow();
    expect(run.calls.filter(({ stage }) => stage === 'seed')).toEqual([]);
  });

  test('with the workflow in its memory leaves it to the next, which reads it from the history', async () => {
    const run = await temporal.begin('replayed', {
      resolve: ({ workflowId }) => aSpec({ workflowId, holdMs: 60_000 }),
      stages: { soak: [breach(), succeeds] },
    });
    const before = await run.untilHold();
    await temporal.stopWorkers(QUEUES.shared);
    await temporal.startWorkflowWorker();
    const after = await run.status();
    expect(withoutTimesOfResolve(after)).toEqual(withoutTimesOfResolve(before));
    await run.decide({
      stage: 'soak',
      execution: 1,
      decision: 'retry',
      reason: '',
      set: { 'gates.podBindP99.max': 9 },
    });
    await run.result();
    expect(order(run).slice(-6)).toEqual(['soak 1', 'steady 2', 'soak 2', ...CLOSING]);
    expect(run.resolved).toHaveLength(1);
    expect(
      missingFrom(await run.history(), [['WorkflowExecutionUpdateAccepted'], ['WorkflowExecutionCompleted']]),
    ).toBeNull();
    // Once more, of a campaign that has closed: status and details come from the history alone.
    await temporal.stopWorkers(QUEUES.shared);
    await temporal.startWorkflowWorker();
    expect((await run.status()).state.mode).toBe('finished');
  });
});

/**
 * After a local activity the SDK's clock is, when it replays, a fraction of a second before what it was: the end of resolve,
 * and with it the beginning of provision. Nothing is decided by them.
 */
function withoutTimesOfResolve(status: CampaignStatus): unknown {
  const { outcomes, ...state } = status.state;
  const story = status.story.map(({ text }) => text);
  const kept = outcomes.map((outcome) => ({ ...outcome, startedAtMs: 0, endedAtMs: 0 }));
  return { ...status, story, state: { ...state, outcomes: kept } };
}
