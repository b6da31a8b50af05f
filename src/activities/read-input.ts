import { ApplicationFailure } from '@temporalio/activity';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import { messageOf } from '../core/text/message-of.ts';
import { limitedFailure } from './limited-failure.ts';

/**
 * Reads the argument of an activity that is not a stage's. Any client with the namespace may have scheduled it, with anything.
 * @throws ApplicationFailure `InvalidSpec`, which is not tried again
 */
export function read<T>(parse: (value: unknown) => T, value: unknown): T {
  try {
    return parse(value);
  } catch (error) {
    const failure = ApplicationFailure.nonRetryable(messageOf(error), FAILURE_TYPES.invalidSpec);
    throw limitedFailure(failure, 'docs/security.md');
  }
}
