import type { Client, ScheduleDescription, ScheduleOptions } from '@temporalio/client';
import { ScheduleNotFoundError } from '@temporalio/client';
import type { Ladder } from '../../core/model/ladder.ts';
import { SHARED_QUEUE } from '../../core/model/host-queues.ts';

/** A ladder's schedule as people look at it. */
export interface ScheduleView {
  readonly id: string;
  readonly paused: boolean;
  readonly note: string;
  readonly calendar: string;
  readonly next: readonly Date[];
  /** Newest first. */
  readonly recent: readonly { readonly at: Date; readonly workflowId: string }[];
  /** Nights that were skipped because the one before still ran. */
  readonly skipped: number;
  /** Nights missed because the server was down for longer than the catch-up window. */
  readonly missed: number;
}

/**
 * Creates a ladder's schedule, or brings it to what the file says. A night that still climbs is not overtaken (SKIP); after
 * an outage at most `catchupMs` is made up for; a broken harness pauses the schedule, a red system does not, because a
 * red ladder completes and a broken one fails.
 * @throws Error when the ladder has no schedule
 */
export async function applySchedule(client: Client, ladder: Ladder): Promise<'created' | 'updated'> {
  const { schedule, metadata } = ladder;
  if (schedule === undefined) {
    throw new Error(
      `ladder ${metadata.name} has no "schedule": add e.g. schedule: {calendars: [{hour: 2, minute: 0}], timezone: UTC}`,
    );
  }
  const options = scheduleOptions(ladder, schedule);
  const handle = client.schedule.getHandle(options.scheduleId);
  if (await exists(client, options.scheduleId)) {
    await handle.update((previous) => ({
      spec: options.spec,
      action: options.action as never,
      policies: options.policies as never,
      // Whether it is paused is the operators' business, not the file's, once it exists.
      state: previous.state,
    }));
    return 'updated';
  }
  await client.schedule.create(options);
  return 'created';
}

/** The id of a ladder's schedule. */
export function scheduleIdOf(ladderName: string): string {
  return `belay-${ladderName}`;
}

/** One schedule. @throws ScheduleNotFoundError when there is none */
export async function viewSchedule(client: Client, id: string): Promise<ScheduleView> {
  return view(await client.schedule.getHandle(id).describe());
}

/** All schedules of Belay. */
export async function listSchedules(client: Client): Promise<readonly ScheduleView[]> {
  const views: ScheduleView[] = [];
  for await (const { scheduleId } of client.schedule.list()) {
    if (!scheduleId.startsWith('belay-')) continue;
    views.push(await viewSchedule(client, scheduleId));
  }
  return views;
}

/** Whether a schedule exists. */
export async function exists(client: Client, id: string): Promise<boolean> {
  try {
    await client.schedule.getHandle(id).describe();
    return true;
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return false;
    throw error;
  }
}

function scheduleOptions(ladder: Ladder, schedule: NonNullable<Ladder['schedule']>): ScheduleOptions {
  const { name, description } = ladder.metadata;
  return {
    scheduleId: scheduleIdOf(name),
    spec: {
      calendars: schedule.calendars.map(({ hour, minute, dayOfWeek }) => ({
        hour,
        minute,
        ...(dayOfWeek === undefined ? {} : { dayOfWeek: dayOfWeek.toUpperCase() as 'MONDAY' }),
        comment: `ladder ${name}`,
      })),
      timezone: schedule.timezone,
    },
    action: {
      type: 'startWorkflow',
      workflowType: 'ladder',
      // Temporal appends the scheduled moment.
      workflowId: name,
      taskQueue: SHARED_QUEUE,
      args: [{ ladder: name }],
      staticSummary: `ladder ${name}${description === '' ? '' : `: ${description}`}`.slice(0, 190),
    },
    policies: { overlap: 'SKIP', catchupWindow: schedule.catchupMs, pauseOnFailure: true },
    state: { paused: schedule.paused, note: `from ladder ${name}` },
  };
}

function view(description: ScheduleDescription): ScheduleView {
  const { info, state, spec } = description;
  return {
    id: description.scheduleId,
    paused: state.paused,
    note: state.note ?? '',
    calendar: (spec.calendars ?? [])
      .map((calendar) => `${unit(calendar.hour)}:${unit(calendar.minute)}${days(calendar.dayOfWeek)}`)
      .concat(spec.timezone === undefined || spec.timezone === '' ? 'UTC' : spec.timezone)
      .join(' '),
    next: info.nextActionTimes,
    recent: info.recentActions
      .map(({ takenAt, action }) => ({ at: takenAt, workflowId: action.workflow.workflowId }))
      .reverse(),
    skipped: info.numActionsSkippedOverlap,
    missed: info.numActionsMissedCatchupWindow,
  };
}

function unit(ranges: readonly { readonly start: number }[] | undefined): string {
  return String(ranges?.[0]?.start ?? 0).padStart(2, '0');
}

function days(ranges: readonly { readonly start: string; readonly end?: string }[] | undefined): string {
  const named = (ranges ?? [])
    .filter((range) => range.start !== range.end || range.end === undefined)
    .map((range) => range.start.slice(0, 3).toLowerCase());
  const single = (ranges ?? [])
    .filter((range) => range.start === range.end)
    .map((range) => range.start.slice(0, 3).toLowerCase());
  if (single.length > 0 && single.length < 7) return ` (${single.join(', ')})`;
  return named.length === 0 || (ranges ?? []).some((range) => range.end !== undefined) ? '' : ` (${named.join(', ')})`;
}
