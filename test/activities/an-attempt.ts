import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';

/** What a test says about an attempt. */
type Info = ConstructorParameters<typeof MockActivityEnvironment>[0];

/** The workflow whose campaign `aSpec` specifies. */
export const CALLER = { workflowId: 'campaign', runId: 'run' };

/** Surroundings of one attempt of an activity, which `CALLER` has scheduled. What Temporal would log is left out, but for errors. */
export function anAttempt(attempt = 1, info: Info = {}): MockActivityEnvironment {
  return new MockActivityEnvironment(
    { attempt, workflowExecution: CALLER, ...info },
    { logger: new DefaultLogger('ERROR') },
  );
}
