import { Command } from 'commander';
import { join } from 'node:path';
import { toolsOfSystem } from '../adapters/systems/tools-of-system.ts';
import { toolsOfSubstrate } from '../adapters/substrates/registry.ts';
import { findLadder, loadLadderFile, looksLikePath } from '../adapters/files/find.ts';
import { searchFolders } from '../adapters/host/folders.ts';
import { keepTargets } from '../adapters/substrates/kubeconfig/kept-targets.ts';
import { joinStack } from '../adapters/temporal/stack-users.ts';
import { accessInWords } from '../core/kubeconfig/cluster-access.ts';
import type { CampaignTargets } from '../core/profile/targets.ts';
import { SHARED_QUEUE } from '../core/model/host-queues.ts';
import { EXIT } from '../core/verdict/exit-codes.ts';
import { STARTED_BY, type StartedBy } from '../core/campaign/started-by.ts';
import { formatFileErrors, sortFileErrors } from '../core/files/file-error.ts';
import type { Ladder } from '../core/model/ladder.ts';
import { checkCampaign, type CheckedCampaign } from './campaign-input.ts';
import { followClimb } from './follow-climb.ts';
import { getTools } from './get-tools.ts';
import { holdInput, isJson, withOutput } from './options.ts';
import { createRungEvents, type RungEvents } from './rung-events.ts';
import { timestamp } from './run.ts';
import { checkId, started } from './start-workflow.ts';
import { stoppable } from './stoppable.ts';
import { sayingRefusals, UsageError } from './usage-error.ts';
import { askTargets, targetsInput } from './typed-targets.ts';
import { withStack } from './with-stack.ts';

interface ClimbOptions {
  readonly hold?: string;
  readonly runAgain?: boolean;
  readonly id?: string;
  readonly detach?: boolean;
  readonly output: string;
}

/** `belay climb`: runs the rungs of a ladder until one is not green. */
export function climbCommand(): Command {
  return withOutput(new Command('climb'), 'text')
    .description(
      'Run the rungs of a ladder, smallest first, until one is not green. The exit codes are those of "run".',
    )
    .argument('[ladder]', 'name of a ladder, or path of its file', 'nightly')
    .option('--hold <duration>', 'how long a failed rung waits for a decision; default 0')
    .option('--run-again', 'run a rung once more if its trend flags a metric: that confirms or withdraws it')
    .option('--id <workflow id>', 'id of the climb; default ladder and time')
    .option('--detach', 'return at once and leave it running')
    .action(async (ladder: string, options: ClimbOptions) => {
      const events = isJson(options, 'text') ? createRungEvents() : undefined;
      process.exitCode = await sayingRefusals(events?.refused, () => climb(ladder, options, events));
    });
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

async function climb(nameOrPath: string, options: ClimbOptions, events: RungEvents | undefined): Promise<number> {
  const ladder = knownLadder(nameOrPath);
  checkId(options.id);
  const checked = checkRungs(ladder, options.hold);
  const kubeconfigs = checked.flatMap((rung) => rung.kubeconfigs);
  const targets = new Set(kubeconfigs.map(({ name }) => accessInWords(name)));
  for (const target of targets) (events === undefined ? console.log : console.error)(target);
  return await stoppable(async (signal) => {
    await askTargets(kubeconfigs, signal);
    await getTools(
      [
        'temporal',
        ...checked.flatMap(({ built }) => [...toolsOfSubstrate(built.spec), ...toolsOfSystem(built.system)]),
      ],
      signal,
    );
    return await withStack({ keep: options.detach === true, signal }, async ({ client, links }) => {
      const workflowId = options.id ?? `${ladder.metadata.name}-${timestamp()}`;
      const isRunAgain = options.runAgain === true || ladder.runAgain;
      await started(client, 'ladder', {
        workflowId,
        taskQueue: SHARED_QUEUE,
        args: [
          {
            ladder: ladder.metadata.name,
            ...(kubeconfigs.length === 0 ? {} : { targets: keptOf(checked) }),
            // Kubeconfigs are removed with the clusters of the first run.
            ...(kubeconfigs.length === 0 || !isRunAgain ? {} : { targetsAgain: keptOf(checked) }),
            ...(options.runAgain === true ? { runAgain: true } : {}),
            ...(options.hold === undefined ? {} : { hold: holdInput(options.hold) }),
          },
        ],
        memo: { [STARTED_BY]: { trigger: 'cli', defaultHoldMs: 0 } satisfies StartedBy },
        staticSummary: `ladder ${ladder.metadata.name}: ${ladder.rungs.length} rungs`,
      });
      events?.begun(workflowId);
      const pageUrl = links?.workflow(workflowId);
      if (events === undefined)
        console.log(
          `ladder    ${workflowId}, ${ladder.rungs.length} rungs${pageUrl === undefined ? '' : `\npage      ${pageUrl}`}\n`,
        );
      if (options.detach === true) {
        events?.left(EXIT.pass);
        if (events === undefined)
          console.log(
            `The climb continues. ./belay watch ${workflowId} follows it, ./belay status lists all, ./belay down stops Temporal.`,
          );
        return EXIT.pass;
      }
      return await followClimb(client, workflowId, { pageUrl, events, stop: signal, onSilence: () => joinStack() });
    });
  });
}

/** Keeps the kubeconfigs of each rung on this host. Each rung has a record of its own, which goes with its clusters. */
function keptOf(checked: readonly CheckedCampaign[]): readonly (CampaignTargets | null)[] {
  return checked.map(({ kubeconfigs }) => {
    if (kubeconfigs.length === 0) return null;
    const names = kubeconfigs.map(({ name }) => name);
    return targetsInput(names, { lent: false, record: keepTargets(kubeconfigs) });
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
