import { ApplicationFailure } from '@temporalio/workflow';

/**
 * A failure whose message is complete. It carries no stack trace: the Temporal UI would print the trace under the message, and
 * lines of code would hide what was found and what is allowed.
 */
export function failureWithoutStack(message: string, type: string, ...details: readonly unknown[]): ApplicationFailure {
  const failure = ApplicationFailure.nonRetryable(message, type, ...details);
  failure.stack = '';
  return failure;
}
