import { Command } from 'commander';
import { joinStack, leaveStack } from '../adapters/temporal/stack-users.ts';
import type { JoinedStack } from '../adapters/temporal/stack-users.ts';
import { scheduleJanitor } from '../adapters/temporal/janitor-schedule.ts';
import { uiLinks } from '../adapters/temporal/ui-links.ts';
import { workerLogPath } from '../adapters/temporal/worker-process.ts';
import { getTools } from './get-tools.ts';
import { passHostOptions, withHostOptions, type HostOptions } from './host-options.ts';
import { createProgressDisplay } from './progress-display.ts';
import { HarnessError } from './usage-error.ts';
import { externalTarget } from '../adapters/temporal/target.ts';
import type { WorkerAnnouncement } from '../adapters/temporal/worker-record.ts';
import { counted } from '../core/text/counted.ts';
import { messageOf } from '../core/text/message-of.ts';
import { withClient } from './with-client.ts';

/** `belay up`: starts Temporal and a worker, and keeps them until `belay down`. */
export function upCommand(): Command {
  const command = new Command('up').description(
    'Start Temporal and a worker unless they are running, and keep them until "belay down". TEMPORAL_ADDRESS names an existing server.',
  );
  return withHostOptions(command).action(async (options: HostOptions) => {
    passHostOptions(options);
    if (externalTarget() === undefined) await getTools(['temporal']);
    const joined = await bringUp();
    // Who may run campaigns on an external server need not be allowed to make Schedules there.
    await withClient(scheduleJanitor).catch((cause: unknown) =>
      console.error(`the janitor is not scheduled, "./belay sweep" does its work: ${messageOf(cause)}`),
    );
    await leaveStack();
    process.stdout.write(`${upText(joined)}\n`);
    const running = joined.worker?.capacityClusters;
    if (options.clusters !== undefined && running !== undefined && running !== Number(options.clusters))
      console.error(
        `--clusters ${options.clusters}: the worker that runs keeps ${running}, because campaigns are under way or another command started it; "./belay down" stops it`,
      );
  });
}

async function bringUp(): Promise<JoinedStack> {
  const display = createProgressDisplay();
  const startedAtMs = Date.now();
  const row = { label: 'Temporal and worker', startedAtMs } as const;
  display.show([{ ...row, state: 'running', detail: 'starting' }]);
  try {
    const joined = await joinStack({
      keep: true,
      onWait: () =>
        display.show([
          { ...row, state: 'running', detail: 'waiting for another belay command that starts or stops them' },
        ]),
    });
    display.show([{ ...row, state: 'done', detail: '', endedAtMs: Date.now() }]);
    return joined;
  } catch (cause) {
    display.show([{ ...row, state: 'failed', detail: '', endedAtMs: Date.now() }]);
    throw new HarnessError(messageOf(cause), { cause });
  } finally {
    display.close();
  }
}

/** What is running, and how to use it. */
export function upText({ temporal, worker }: JoinedStack): string {
  const links = uiLinks(temporal);
  const lines: (readonly [string, string])[] = [
    [
      'server',
      `${temporal.address}, namespace ${temporal.namespace}${temporal.record === undefined ? ' (named by TEMPORAL_*)' : ''}`,
    ],
    ['worker', worker === undefined ? 'none' : `pid ${worker.pid}${capacityText(worker)}, log ${workerLogPath()}`],
    ...(links === undefined
      ? [['UI', 'unknown; set BELAY_TEMPORAL_UI to its address to get links'] as const]
      : ([
          ['UI', links.workflows],
          ['a campaign', `${links.start('campaign')}   input {"profile":"quickstart"}`],
          ['a ladder', `${links.start('ladder')}   input {"ladder":"nightly"}`],
        ] as const)),
    ['stop', './belay down'],
  ];
  const width = Math.max(...lines.map(([label]) => label.length));
  return lines.map(([label, text]) => `${label.padEnd(width)}  ${text}`).join('\n');
}

/** The capacity of a worker's host. A worker of an earlier version announces none. */
function capacityText({ capacityClusters }: WorkerAnnouncement): string {
  return capacityClusters === undefined ? '' : `, takes ${counted(capacityClusters, 'local cluster')}`;
}
