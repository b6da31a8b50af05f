import type { Client } from '@temporalio/client';
import { Command } from 'commander';
import { runningDevServer } from '../adapters/temporal/dev-server.ts';
import {
  applySchedule,
  listSchedules,
  scheduleIdOf,
  viewSchedule,
  exists,
  type ScheduleView,
} from '../adapters/temporal/schedules.ts';
import { externalTarget } from '../adapters/temporal/target.ts';
import { momentText } from '../core/text/time.ts';
import { knownLadder } from './climb.ts';
import { HarnessError, UsageError } from './usage-error.ts';
import { textTable } from './text-table.ts';
import { coloured } from './verdict-table.ts';
import { withClient } from './with-client.ts';

/** `belay schedule`: climbs a ladder at set times, by a Schedule of Temporal. */
export function scheduleCommand(): Command {
  const command = new Command('schedule').description(
    'Climb a ladder at set times. No climb starts while the one before it runs. A harness fault pauses the schedule; a failed gate does not.',
  );
  command
    .command('apply')
    .argument('[ladder]', 'name of a ladder, or path of its file', 'nightly')
    .description("create the ladder's schedule, or update it from the file")
    .action((ladder: string) =>
      withTemporal(async (client) => {
        const known = knownLadder(ladder);
        if (known.schedule === undefined)
          throw new UsageError(
            `ladder ${known.metadata.name} has no "schedule"; add e.g. schedule: {calendars: [{hour: 2, minute: 0}], timezone: UTC}`,
          );
        const done = await applySchedule(client, known);
        const view = await viewSchedule(client, scheduleIdOf(known.metadata.name));
        console.log(`${view.id} ${done}: ${view.calendar}; next ${nextOf(view)}`);
      }),
    );
  command
    .command('list')
    .description('list all schedules, with next and last climbs')
    .action(() => withTemporal(async (client) => console.log(await listText(client))));
  command
    .command('show')
    .argument('[ladder]', 'name of the ladder', 'nightly')
    .description('show one schedule: next times, last results, skipped and missed climbs')
    .action((ladder: string) => withSchedule(ladder, async (client, id) => console.log(await showText(client, id))));
  command
    .command('pause')
    .argument('[ladder]', 'name of the ladder', 'nightly')
    .option('--note <text>', 'the reason', 'paused from the command line')
    .description('start no climb until it is resumed')
    .action((ladder: string, options: { readonly note: string }) =>
      withSchedule(ladder, async (client, id) => {
        await client.schedule.getHandle(id).pause(options.note);
        console.log(`${id} paused`);
      }),
    );
  command
    .command('resume')
    .argument('[ladder]', 'name of the ladder', 'nightly')
    .description('start climbs again at the next time')
    .action((ladder: string) =>
      withSchedule(ladder, async (client, id) => {
        await client.schedule.getHandle(id).unpause('resumed from the command line');
        console.log(`${id} resumed; next ${nextOf(await viewSchedule(client, id))}`);
      }),
    );
  command
    .command('trigger')
    .argument('[ladder]', 'name of the ladder', 'nightly')
    .description('climb now, unless a climb is running')
    .action((ladder: string) =>
      withSchedule(ladder, async (client, id) => {
        // The server's default would start it beside a running climb.
        await client.schedule.getHandle(id).trigger('SKIP');
        console.log(`${id} triggered; ./belay status lists the climb, ./belay watch ID follows it`);
      }),
    );
  command
    .command('delete')
    .argument('[ladder]', 'name of the ladder', 'nightly')
    .description('remove the schedule; a running climb continues')
    .action((ladder: string) =>
      withSchedule(ladder, async (client, id) => {
        await client.schedule.getHandle(id).delete();
        console.log(`${id} deleted`);
      }),
    );
  return command;
}

async function withTemporal(work: (client: Client) => Promise<void>): Promise<void> {
  if (externalTarget() === undefined && runningDevServer() === undefined) {
    throw new HarnessError(
      'Temporal is not running, and a schedule needs it all the time: "./belay up" starts it, "./belay down" stops it',
    );
  }
  await withClient(work);
}

async function withSchedule(ladder: string, work: (client: Client, id: string) => Promise<void>): Promise<void> {
  await withTemporal(async (client) => {
    const id = scheduleIdOf(ladder.replace(/^.*\//, '').replace(/\.ya?ml$/, ''));
    if (!(await exists(client, id))) {
      const known = (await listSchedules(client)).map((view) => view.id.slice('belay-'.length));
      throw new UsageError(
        `ladder "${ladder}" has no schedule; ${known.length === 0 ? 'there is no schedule yet' : `ladders with a schedule: ${known.join(', ')}`}. ./belay schedule apply ${ladder} creates one`,
      );
    }
    await work(client, id);
  });
}

async function listText(client: Client): Promise<string> {
  const views = await listSchedules(client);
  if (views.length === 0) return 'No schedule yet. ./belay schedule apply ladders/nightly.yaml creates one.';
  const rows = views.map((view) => [
    view.id,
    view.calendar,
    view.paused ? `paused: ${view.note}` : 'on',
    nextOf(view),
    view.skipped,
    view.missed,
  ]);
  return textTable(['schedule', 'when', 'state', 'next', 'skipped', 'missed'], rows);
}

async function showText(client: Client, id: string): Promise<string> {
  const view = await viewSchedule(client, id);
  const lines = [
    `${view.id}   ${view.calendar}   ${view.paused ? `PAUSED: ${view.note}` : 'on'}`,
    `next     ${view.next.slice(0, 5).map(shortTime).join(', ') || 'none'}`,
    `skipped  ${view.skipped} (a climb was still running)`,
    `missed   ${view.missed} (Temporal was not running until after the catch-up window)`,
    'last climbs',
  ];
  for (const { at, workflowId } of view.recent.slice(0, 10))
    lines.push(`  ${shortTime(at)}  ${await resultOf(client, workflowId)}  ${workflowId}`);
  if (view.recent.length === 0) lines.push('  none yet');
  return lines.join('\n');
}

async function resultOf(client: Client, workflowId: string): Promise<string> {
  try {
    const description = await client.workflow.getHandle(workflowId).describe();
    const verdict = String(description.searchAttributes['BelayVerdict']?.[0] ?? '');
    return coloured(verdict, verdict === '' ? description.status.name.toLowerCase() : verdict);
  } catch {
    return 'no longer stored';
  }
}

function nextOf(view: ScheduleView): string {
  return view.paused ? '–' : view.next[0] === undefined ? 'never' : shortTime(view.next[0]);
}

function shortTime(at: Date): string {
  return momentText(at.getTime()).replace(/:\d\d UTC$/, ' UTC');
}
