import { Command } from 'commander';
import { join } from 'node:path';
import { toolsOfSystem } from '../adapters/systems/tools-of-system.ts';
import { toolsOfSubstrate } from '../adapters/substrates/registry.ts';
import { findLadder, loadLadderFile, looksLikePath } from '../adapters/files/find.ts';
import { searchFolders } from '../adapters/host/folders.ts';
import { SHARED_QUEUE } from '../core/model/host-queues.ts';
import { EXIT } from '../core/verdict/exit-codes.ts';
import { STARTED_BY, type StartedBy } from '../core/campaign/started-by.ts';
import { formatFileErrors, sortFileErrors } from '../core/files/file-error.ts';
import type { Ladder } from '../core/model/ladder.ts';
import { checkCampaign, type CheckedCampaign } from './campaign-input.ts';
import { followClimb } from './follow-climb.ts';
import { getTools } from './get-tools.ts';
import { holdInput } from './options.ts';
import { timestamp } from './run.ts';
import { checkId, started } from './start-workflow.ts';
import { UsageError } from './usage-error.ts';
import { withStack } from './with-stack.ts';

/** `belay climb`: runs the rungs of a ladder until one is not green. */
export function climbCommand(): Command {
  return new Command('climb')
    .description(
      'Run the rungs of a ladder, smallest first, until one is not green. The exit codes are those of "run".',
    )
    .argument('[ladder]', 'name of a ladder, or path of its file', 'nightly')
    .option('--hold <duration>', 'how long a failed rung waits for a decision; default 0')
    .option('--id <workflow id>', 'id of the climb; default ladder and time')
    .option('--detach', 'return at once and leave it running')
    .action(
      async (ladder: string, options: { readonly hold?: string; readonly id?: string; readonly detach?: boolean }) => {
        process.exitCode = await climb(ladder, options);
      },
    );
}

/** Finds a ladder that the worker finds by its name too. @throws UsageError with every error of the file */
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
  checkId(options.id);
  const checked = checkRungs(ladder, options.hold);
  await getTools([
    'temporal',
    ...checked.flatMap(({ built }) => [...toolsOfSubstrate(built.spec), ...toolsOfSystem(built.system)]),
  ]);
  return await withStack({ keep: options.detach === true }, async ({ client, links }) => {
    const workflowId = options.id ?? `${ladder.metadata.name}-${timestamp()}`;
    await started(client, 'ladder', {
      workflowId,
      taskQueue: SHARED_QUEUE,
      args: [
        { ladder: ladder.metadata.name, ...(options.hold === undefined ? {} : { hold: holdInput(options.hold) }) },
      ],
      memo: { [STARTED_BY]: { trigger: 'cli', defaultHoldMs: 0 } satisfies StartedBy },
      staticSummary: `ladder ${ladder.metadata.name}: ${ladder.rungs.length} rungs`,
    });
    const pageUrl = links?.workflow(workflowId);
    console.log(
      `ladder    ${workflowId}, ${ladder.rungs.length} rungs${pageUrl === undefined ? '' : `\npage      ${pageUrl}`}\n`,
    );
    if (options.detach === true) {
      console.log(
        `The climb continues. ./belay watch ${workflowId} follows it, ./belay status lists all, ./belay down stops Temporal.`,
      );
      return EXIT.pass;
    }
    return await followClimb(client, workflowId, pageUrl);
  });
}

/** Checks every rung before the first one runs. @throws UsageError with the errors of all rungs */
function checkRungs(ladder: Ladder, hold: string | undefined): readonly CheckedCampaign[] {
  const refused: string[] = [];
  const checked: CheckedCampaign[] = [];
  for (const [index, { profile, substrate, overrides }] of ladder.rungs.entries()) {
    try {
      const typed = { profile, substrate, overrides, ...(hold === undefined ? {} : { hold }) };
      checked.push(checkCampaign(typed));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      refused.push(...error.message.split('\n').map((line) => `rungs[${index}]: ${line}`));
    }
  }
  if (refused.length === 0) return checked;
  throw new UsageError(refused.map((line) => `ladder ${ladder.metadata.name}, ${line}`).join('\n'));
}
