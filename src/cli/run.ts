import { Command } from 'commander';
import { styleText } from 'node:util';
import { toolsOfSubstrate } from '../adapters/substrates/registry.ts';
import { chartProblem } from '../adapters/systems/chart-problem.ts';
import { toolsOfSystem } from '../adapters/systems/tools-of-system.ts';
import { SHARED_QUEUE } from '../core/model/host-queues.ts';
import { counted } from '../core/text/counted.ts';
import { EXIT } from '../core/verdict/exit-codes.ts';
import { STARTED_BY, type StartedBy } from '../core/campaign/started-by.ts';
import { MIN_HOST_WAIT_MS } from '../core/model/host-wait.ts';
import { DEFAULT_HOLD_MS } from '../core/plan/limits.ts';
import { checkCampaign, type TypedCampaign } from './campaign-input.ts';
import { followToTheEnd } from './follow-to-the-end.ts';
import { getTools } from './get-tools.ts';
import { checkDuration, collect } from './options.ts';
import { overridesOf } from './set-option.ts';
import { checkId, started } from './start-workflow.ts';
import { withStack } from './with-stack.ts';

interface RunOptions {
  readonly substrate?: string;
  readonly set: readonly string[];
  readonly hold?: string;
  readonly hostWait?: string;
  readonly wait?: string;
  readonly id?: string;
  readonly detach?: boolean;
}

/** `belay run`: runs a campaign and prints its verdict. */
export function runCommand(): Command {
  return new Command('run')
    .description(
      'Check the profile, get what is missing (tools, Temporal, a worker), run the campaign and print its verdict.',
    )
    .argument('[profile]', 'name of a profile, or path of its file', 'quickstart')
    .option('--substrate <name>', 'name of the substrate to run on', 'local')
    .option(
      '--set <path=value>',
      'change the profile for this run, e.g. loadProfile.soakSeconds=60; can be repeated',
      collect,
      [],
    )
    .option(
      '--hold <duration>',
      'how long a failed campaign waits for a decision; default 30m at a terminal or with --detach, else 0',
    )
    .option(
      '--host-wait <duration>',
      'how long a campaign of several hosts waits for hosts with free capacity; default: what the profile says, or 5m',
    )
    .option(
      '--wait <duration>',
      'how long to wait for an existing cluster that another campaign uses; default: the campaign is refused',
    )
    .option('--id <workflow id>', 'id of the campaign; default profile and time')
    .option('--detach', 'return at once and leave it running')
    .action(async (profile: string, options: RunOptions) => {
      process.exitCode = await run(profile, options);
    });
}

async function run(profile: string, options: RunOptions): Promise<number> {
  checkId(options.id);
  const checked = checkCampaign(typedCampaign(profile, options));
  const { spec, system, notices } = checked.built;
  const startedBy: StartedBy = { trigger: 'cli', defaultHoldMs: defaultHoldMs(options.detach === true) };
  const noChart = chartProblem(checked.built);
  const shown = noChart === undefined ? notices : [...notices, `${noChart}; the environment of the worker decides`];
  for (const notice of shown) console.error(styleText('dim', notice));
  const workflowId = options.id ?? `${spec.profile.metadata.name}-${timestamp()}`;
  console.log(
    `${styleText('bold', spec.profile.metadata.name)}: ${spec.plan.totalPods} Pods on ${spec.profile.scale.machines} machines, ${counted(spec.plan.clusterCount, 'cluster')}, system ${spec.system.name}, ramp ${spec.profile.loadProfile.rampSeconds} s, soak ${spec.profile.loadProfile.soakSeconds} s`,
  );
  await getTools(['temporal', ...toolsOfSubstrate(spec), ...toolsOfSystem(system)]);
  return await withStack({ keep: options.detach === true }, async ({ client, links }) => {
    const handle = await started(client, 'campaign', {
      workflowId,
      taskQueue: SHARED_QUEUE,
      args: [checked.input],
      memo: { [STARTED_BY]: startedBy },
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary:
        `${spec.profile.metadata.name} on ${spec.substrate.metadata.name}: ${spec.plan.totalPods} Pods`.slice(0, 190),
      staticDetails: spec.profile.metadata.description.slice(0, 15_000),
    });
    const pageUrl = links?.workflow(handle.workflowId);
    console.log(`campaign  ${handle.workflowId}${pageUrl === undefined ? '' : `\npage      ${pageUrl}`}\n`);
    if (options.detach === true) {
      console.log(
        `The campaign continues. ./belay watch ${workflowId} follows it, ./belay status lists all, ./belay down stops Temporal.`,
      );
      return EXIT.pass;
    }
    return await followToTheEnd(client, handle.workflowId, pageUrl, commandOf(profile, options));
  });
}

function typedCampaign(profile: string, options: RunOptions): TypedCampaign {
  const { substrate, set, hold, hostWait, wait } = options;
  if (hostWait !== undefined) checkDuration('--host-wait', hostWait, MIN_HOST_WAIT_MS);
  if (wait !== undefined) checkDuration('--wait', wait, 0);
  return {
    profile,
    overrides: overridesOf(set),
    ...(hostWait === undefined ? {} : { hostWait }),
    ...(wait === undefined ? {} : { targetWait: wait }),
    ...(hold === undefined ? {} : { hold }),
    ...(substrate === undefined ? {} : { substrate }),
  };
}

/** The command as it was typed, without the options of this one run (hold, host wait, id). */
function commandOf(profile: string, { substrate, set }: RunOptions): string {
  const words = [
    profile,
    ...(substrate === undefined || substrate === 'local' ? [] : ['--substrate', substrate]),
    ...set.flatMap((change) => ['--set', change]),
  ];
  const quoted = words.map((word) => (/^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`));
  return `./belay run ${quoted.join(' ')}`;
}

/** The default hold at a terminal or with --detach; none in a pipeline, where no answer can come. */
function defaultHoldMs(detached: boolean): number {
  return detached || process.stdout.isTTY ? DEFAULT_HOLD_MS : 0;
}

/** The time as part of an id, with random characters that keep two ids of one second apart: `20261124-071500-x7k`. */
export function timestamp(): string {
  const now = new Date().toISOString();
  return `${now.slice(0, 10).replaceAll('-', '')}-${now.slice(11, 19).replaceAll(':', '')}-${Math.random().toString(36).slice(2, 5)}`;
}
