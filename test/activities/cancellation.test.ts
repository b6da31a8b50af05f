import { ActivityCancellationDetails } from '@temporalio/common';
import { Context } from '@temporalio/activity';
import { expect, test } from 'vitest';
import { continuesElsewhere, isCancelled, whyCancelled, type CancelCause } from '../../src/activities/cancellation.ts';
import { anAttempt } from './an-attempt.ts';

test.for<[CancelCause, Partial<ActivityCancellationDetails>, continues: boolean]>([
  ['requested', { cancelRequested: true }, false],
  ['requested', { cancelRequested: true, workerShutdown: true }, false],
  ['worker-shutdown', { workerShutdown: true }, true],
  ['timed-out', { timedOut: true }, true],
  ['paused', { paused: true }, true],
  ['reset', { reset: true, paused: true }, true],
  ['not-found', { notFound: true }, true],
  // The SDK cancels what is left at the end of a shutdown without details.
  ['unknown', {}, true],
])('a cancel is %s by the details %j', async ([cause, details, continues]) => {
  const env = anAttempt();
  const seen = await env.run(async () => {
    env.cancel('CANCELLED', new ActivityCancellationDetails(details));
    const error = await Context.current().cancelled.catch((reason: unknown) => reason);
    return { cause: whyCancelled(), continues: continuesElsewhere(), isCancelled: isCancelled(error) };
  });
  expect(seen).toEqual({ cause, continues, isCancelled: true });
});

test('an activity that was not cancelled has no cause, and an error of its own is no cancel', async () => {
  const seen = await anAttempt().run(() =>
    Promise.resolve([whyCancelled(), continuesElsewhere(), isCancelled(new Error('CANCELLED'))]),
  );
  expect(seen).toEqual([undefined, false, false]);
});
