import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { readFailure } from '../../src/workflows/stage-failure.ts';

/** As the workflow gets it: what the activity threw lies inside of Temporal's own failure. */
function thrownBy(cause: Error): ActivityFailure {
  return new ActivityFailure('Activity task failed', 'seed', '1', 'MAXIMUM_ATTEMPTS_REACHED', 'worker', cause);
}

describe('a failed activity', () => {
  test.for([
    ['GateBreach', 'breach', 'GateBreach'],
    ['SystemNotThere', 'system', 'SystemNotThere'],
    ['TargetRefuses', 'target', 'TargetRefuses'],
    ['HarnessFault', 'harness', 'HarnessFault'],
    ['StepBudgetExceeded', 'harness', 'StepBudgetExceeded'],
    ['StepStalled', 'harness', 'StepStalled'],
    ['InvalidSpec', 'harness', 'InvalidSpec'],
    ['TypeError', 'harness', 'HarnessFault'],
    ['', 'harness', 'HarnessFault'],
  ] as const)('of type %j is of kind %s', ([given, kind, type]) => {
    const read = readFailure('seed', thrownBy(ApplicationFailure.nonRetryable('what broke', given)));
    expect(read).toEqual({ failure: { kind, message: 'what broke' }, type, checkpoint: undefined });
  });

  test('names the gate, and hands over the checkpoint', () => {
    const details = { gate: 'podBindP99', checkpoint: { churned: 12 } };
    const read = readFailure('soak', thrownBy(ApplicationFailure.nonRetryable('9 s > 5 s', 'GateBreach', details)));
    expect(read.failure).toEqual({ kind: 'breach', message: '9 s > 5 s', gate: 'podBindP99' });
    expect(read.checkpoint).toEqual({ churned: 12 });
  });

  test.for([undefined, null, 'text', 7, { gate: 7 }])('with details %j has neither', (details) => {
    const read = readFailure('soak', thrownBy(ApplicationFailure.nonRetryable('broke', 'GateBreach', details)));
    expect(read).toMatchObject({ failure: { kind: 'breach', message: 'broke' }, checkpoint: undefined });
    expect(read.failure).not.toHaveProperty('gate');
  });

  test.for([
    ['HEARTBEAT', 'the worker that ran seed sent no heartbeat any more, and no attempt was left'],
    [
      'SCHEDULE_TO_START',
      'no worker on task queue belay-load-a took up seed within 5m; ' +
        'is one running? "./belay worker" on the campaign\'s host starts one',
    ],
    ['START_TO_CLOSE', 'seed did not end within its deadline (START_TO_CLOSE)'],
    ['SCHEDULE_TO_CLOSE', 'seed did not end within its deadline (SCHEDULE_TO_CLOSE)'],
  ] as const)('by time-out %s is a fault of the harness, with the last heartbeat', ([timeoutType, message]) => {
    const failure = new TimeoutFailure('activity timed out', { checkpoint: { created: 300 } }, timeoutType);
    const queue = { taskQueue: 'belay-load-a', queueWaitMs: 300_000 };
    expect(readFailure('seed', thrownBy(failure), queue)).toEqual({
      failure: { kind: 'harness', message },
      type: 'HarnessFault',
      checkpoint: { created: 300 },
    });
  });

  test("of a ladder's own summary names the summary, and no stage", () => {
    const failure = new TimeoutFailure('activity timed out', undefined, 'START_TO_CLOSE');
    expect(readFailure('the summary of the climb', thrownBy(failure)).failure.message).toBe(
      'the summary of the climb did not end within its deadline (START_TO_CLOSE)',
    );
  });

  test('with a checkpoint that is too large for an input leaves it to the disk', () => {
    const checkpoint = { lowWater: 'x'.repeat(20_000) };
    const failure = new TimeoutFailure('activity timed out', { checkpoint }, 'HEARTBEAT');
    expect(readFailure('ramp', thrownBy(failure)).checkpoint).toBeUndefined();
  });

  test.for([new Error('out of memory'), thrownBy(new Error('out of memory'))])(
    'with the unexpected error %s is a fault of the harness, with the message of the error',
    (error) => expect(readFailure('seed', error).failure).toEqual({ kind: 'harness', message: 'out of memory' }),
  );
});
