import { ScheduleAlreadyRunning, ScheduleNotFoundError, type Client, type ScheduleOptions } from '@temporalio/client';
import { SHARED_QUEUE } from '../../core/model/host-queues.ts';
import { JANITOR_EVERY_MS } from '../../core/plan/limits.ts';
import { hostName } from '../host/host-queues.ts';
import { servingHosts } from './hosts.ts';

/** The id of the janitor's schedule. Those of ladders begin with `belay-`. */
export const JANITOR_SCHEDULE_ID = 'belay.janitor';

/** Has the janitor sweep all hosts of this Temporal from time to time. Doing it again changes nothing. */
export async function scheduleJanitor(client: Client): Promise<void> {
  const options: ScheduleOptions = {
    scheduleId: JANITOR_SCHEDULE_ID,
    spec: { intervals: [{ every: JANITOR_EVERY_MS }] },
    action: {
      type: 'startWorkflow',
      workflowType: 'janitor',
      // Temporal appends the scheduled moment.
      workflowId: JANITOR_SCHEDULE_ID,
      taskQueue: SHARED_QUEUE,
      args: [],
      staticSummary: 'removes what abandoned campaigns left',
    },
    policies: { overlap: 'SKIP', catchupWindow: JANITOR_EVERY_MS, pauseOnFailure: false },
  };
  try {
    await client.schedule.create(options);
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule.getHandle(JANITOR_SCHEDULE_ID).update((previous) => ({
      spec: options.spec,
      action: options.action as never,
      policies: options.policies as never,
      // An operator may have paused it.
      state: previous.state,
    }));
  }
}

/** Removes the schedule, unless workers of other hosts serve this Temporal: the janitor is theirs too. */
export async function unscheduleJanitor(client: Client): Promise<void> {
  const own = hostName();
  if ((await servingHosts(client)).some((host) => host !== own)) return;
  try {
    await client.schedule.getHandle(JANITOR_SCHEDULE_ID).delete();
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
  }
}
