import { ApplicationFailure, WorkflowFailedError, type Client } from '@temporalio/client';
import { Command } from 'commander';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { styleText } from 'node:util';
import { toolsOfSystem } from '../activities/install.ts';
import { toolsOfSubstrate } from '../activities/provision.ts';
import { findLadder, loadLadderFile, looksLikePath } from '../adapters/files/find.ts';
import { runsFolder, searchFolders } from '../adapters/host/folders.ts';
import { SHARED_QUEUE } from '../adapters/host/host-queues.ts';
import { isKept, joinStack, keepStack } from '../adapters/temporal/stack-users.ts';
import { campaignName } from '../core/campaign/campaign-name.ts';
import type { ClimbResult, RungLine } from '../core/campaign/climb.ts';
import { EXIT, exitCodeOf } from '../core/campaign/exit-codes.ts';
import { STARTED_BY, type StartedBy } from '../core/campaign/started-by.ts';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import { formatFileErrors, sortFileErrors } from '../core/profile/file-error.ts';
import type { Ladder } from '../core/profile/model.ts';
import { checkCampaign } from './campaign-input.ts';
import { getTools } from './get-tools.ts';
import { holdInput } from './options.ts';
import { createProgressDisplay } from './progress-display.ts';
import { rungRows } from './rung-rows.ts';
import { timestamp } from './run.ts';
import { textTable } from './text-table.ts';
import { UsageError } from './usage-error.ts';
import { coloured } from './verdict-table.ts';
import { withStack } from './with-stack.ts';

/** Silence of server and worker after which something is done about it. */
const SILENCE_MS = 3_000;

/** `belay climb`: the rungs of a ladder until the first that is not green. */
export function climbCommand(): Command {
  return new Command('climb')
    .description(
      'Runs the rungs of a ladder, smallest first, until the first that is not green. Exit codes as of "run".',
    )
    .argument('[ladder]', 'name of a ladder, or path of its file', 'nightly')
    .option('--hold <duration>', 'how long a failed rung waits for a decision; default 0')
    .option('--id <workflow id>', 'id of the climb; default the ladder and the time')
    .option('--detach', 'leave it running and return')
    .action(
      async (ladder: string, options: { readonly hold?: string; readonly id?: string; readonly detach?: boolean }) => {
        process.exitCode = await climb(ladder, options);
      },
    );
}

/** Finds a ladder that a worker can find too. @throws UsageError with every error of the file */
export function knownLadder(nameOrPath: string): Ladder {
  const folders = searchFolders();
  const found = looksLikePath(nameOrPath) ? loadLadderFile(nameOrPath) : findLadder(nameOrPath, folders);
  if (!found.ok) throw new UsageError(formatFileErrors(sortFileErrors(found.errors)));
  const { name } = found.value.metadata;
  const byName = findLadder(name, folders);
  if (!byName.ok || byName.path !== found.path) {
    throw new UsageError(
      `${nameOrPath}: a worker finds a ladder by its name, in ${folders.map((folder) => join(folder, 'ladders')).join(', ')}; put ${name}.yaml there, or set BELAY_PATH to a folder that has ladders/`,
    );
  }
  return found.value;
}

async function climb(
  nameOrPath: string,
  options: { readonly hold?: string; readonly id?: string; readonly detach?: boolean },
): Promise<number> {
  const ladder = knownLadder(nameOrPath);
  // Every rung is checked before the first one runs, and everything they need is got.
  const checked = ladder.rungs.map((rung) =>
    checkCampaign({ profile: rung.profile, substrate: rung.substrate, set: [] }),
  );
  await getTools([
    'temporal',
    ...checked.flatMap(({ built }) => [...toolsOfSubstrate(built.spec), ...toolsOfSystem(built.system)]),
  ]);
  return await withStack({ keep: options.detach === true }, async ({ client, links }) => {
    const workflowId = options.id ?? `${ladder.metadata.name}-${timestamp()}`;
    await client.workflow.start('ladder', {
      workflowId,
      taskQueue: SHARED_QUEUE,
      args: [
        { ladder: ladder.metadata.name, ...(options.hold === undefined ? {} : { hold: holdInput(options.hold) }) },
      ],
      memo: { [STARTED_BY]: { trigger: 'cli', defaultHoldMs: 0 } satisfies StartedBy },
      workflowIdConflictPolicy: 'FAIL',
      staticSummary: `ladder ${ladder.metadata.name}: ${ladder.rungs.length} rungs`,
    });
    const pageUrl = links?.workflow(workflowId);
    console.log(
      `ladder    ${workflowId}, ${ladder.rungs.length} rungs${pageUrl === undefined ? '' : `\npage      ${pageUrl}`}\n`,
    );
    if (options.detach === true) {
      console.log('It goes on by itself. ./belay status shows it, ./belay down stops the stack.');
      return EXIT.pass;
    }
    return await followClimb(client, workflowId, pageUrl);
  });
}

async function followClimb(client: Client, workflowId: string, pageUrl: string | undefined): Promise<number> {
  const handle = client.workflow.getHandle(workflowId);
  const display = createProgressDisplay();
  const leave = new AbortController();
  let asked = false;
  const onInterrupt = (): void => {
    if (asked) {
      leave.abort();
      return;
    }
    asked = true;
    console.error('\nstopping: the running rung keeps its evidence and is taken down; Ctrl-C again leaves it running');
    void handle.cancel().catch(() => undefined);
  };
  process.on('SIGINT', onInterrupt);
  try {
    for (let silentSince = Date.now(); !leave.signal.aborted;) {
      // The server would wait for a worker much longer than it takes to start one.
      const rungs = await client
        .withDeadline(Date.now() + SILENCE_MS, () => handle.query<readonly RungLine[]>('status'))
        .catch(() => undefined);
      if (rungs !== undefined) {
        silentSince = Date.now();
        display.show(await rungRows(client, rungs));
      }
      const description = await handle.describe().catch(() => undefined);
      if (description !== undefined && description.status.name !== 'RUNNING') {
        display.close();
        return await closing(client, workflowId, pageUrl, rungs ?? []);
      }
      if (Date.now() - silentSince > SILENCE_MS) {
        await joinStack().catch(() => undefined);
        silentSince = Date.now();
      }
      await sleep(500);
    }
    keepStack();
    console.log(`\nIt goes on without this command. ./belay status shows it; ./belay abort ${workflowId} stops it.`);
    return EXIT.aborted;
  } finally {
    display.close();
    process.off('SIGINT', onInterrupt);
  }
}

async function closing(
  client: Client,
  workflowId: string,
  pageUrl: string | undefined,
  seen: readonly RungLine[],
): Promise<number> {
  let rungs = seen;
  let end: ClimbResult['end'];
  let message = '';
  try {
    const result = (await client.workflow.getHandle(workflowId).result()) as ClimbResult;
    ({ end, rungs } = result);
  } catch (error) {
    const cause = error instanceof WorkflowFailedError ? error.cause : error;
    message = cause instanceof Error ? cause.message : String(cause);
    if (cause instanceof ApplicationFailure && cause.type === FAILURE_TYPES.invalidSpec) {
      console.error(message);
      return EXIT.usage;
    }
    if (cause instanceof ApplicationFailure && cause.details?.[0] !== undefined)
      ({ rungs } = cause.details[0] as ClimbResult);
    end = cause instanceof Error && cause.name === 'CancelledFailure' ? 'aborted' : 'harness-fault';
  }
  const rows = rungs.map((rung) => [
    rung.rung,
    coloured(rung.end),
    rung.durationMs === 0 ? '' : `${Math.round(rung.durationMs / 1_000)} s`,
    rung.tightest,
    rung.reason.length > 80 ? `${rung.reason.slice(0, 79)}…` : rung.reason,
  ]);
  console.log(
    `\n${textTable(['rung', 'verdict', 'took', 'tightest gate', 'why'], rows)}\n\n${styleText('bold', 'ladder')}   ${coloured(end, end.toUpperCase())}${message === '' ? '' : `  ${message}`}`,
  );
  console.log(`evidence ${join(runsFolder(), campaignName(workflowId))}   and a folder a rung beside it`);
  if (pageUrl !== undefined) console.log(`page     ${pageUrl}${isKept() ? '' : '  (after ./belay up)'}`);
  return exitCodeOf(end);
}
