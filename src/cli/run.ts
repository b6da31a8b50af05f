import { Command } from 'commander';
import { styleText } from 'node:util';
import { toolsOfSubstrate } from '../adapters/substrates/registry.ts';
import { chartProblem } from '../adapters/systems/chart-problem.ts';
import { toolsOfSystem } from '../adapters/systems/tools-of-system.ts';
import { keepTargets, removeTargets } from '../adapters/substrates/kubeconfig/kept-targets.ts';
import { accessInWords } from '../core/kubeconfig/cluster-access.ts';
import { SHARED_QUEUE } from '../core/model/host-queues.ts';
import { counted } from '../core/text/counted.ts';
import { EXIT } from '../core/verdict/exit-codes.ts';
import { STARTED_BY, type StartedBy } from '../core/campaign/started-by.ts';
import { MIN_HOST_WAIT_MS } from '../core/model/host-wait.ts';
import { DEFAULT_HOLD_MS } from '../core/plan/limits.ts';
import { checkCampaign, inputWithRecord, type CheckedCampaign, type TypedCampaign } from './campaign-input.ts';
import { followToTheEnd } from './follow-to-the-end.ts';
import { getTools } from './get-tools.ts';
import { checkDuration, isJson, withOutput } from './options.ts';
import { profileChoice, withProfileOptions, type ProfileOptions } from './profile-options.ts';
import { jsonOutput, textOutput, type RunOutput, type StartedCampaign } from './run-output.ts';
import { checkId, started } from './start-workflow.ts';
import { stoppable } from './stoppable.ts';
import { askTargets } from './typed-targets.ts';
import { sayingRefusals } from './usage-error.ts';
import { withStack } from './with-stack.ts';

interface RunOptions extends ProfileOptions {
  readonly hold?: string;
  readonly hostWait?: string;
  readonly wait?: string;
  readonly keep?: string;
  readonly id?: string;
  readonly detach?: boolean;
  readonly output: string;
}

/** `belay run`: runs a campaign and prints its verdict. */
export function runCommand(): Command {
  const command = new Command('run')
    .description(
      'Check the profile, get what is missing (tools, Temporal, a worker), run the campaign and print its verdict.',
    )
    .argument('[profile]', 'name of a profile, path of its file, or - for standard input', 'quickstart');
  return withOutput(withProfileOptions(command), 'text')
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
    .option(
      '--keep <duration>',
      'how long to keep what the campaign has, e.g. its clusters, after it has begun, also when it has ended; "belay keep" changes it',
    )
    .option('--id <workflow id>', 'id of the campaign; default profile and time')
    .option('--detach', 'return at once and leave it running')
    .action(async (profile: string, options: RunOptions) => {
      const output = isJson(options, 'text') ? jsonOutput() : textOutput();
      process.exitCode = await sayingRefusals(output.refused, () => run(profile, options, output));
    });
}

async function run(profile: string, options: RunOptions, output: RunOutput): Promise<number> {
  checkId(options.id);
  const checked = checkCampaign(typedCampaign(profile, options));
  const { spec, system, notices } = checked.built;
  const startedBy: StartedBy = { trigger: 'cli', defaultHoldMs: defaultHoldMs(options.detach === true) };
  const noChart = chartProblem(checked.built);
  const shown = noChart === undefined ? notices : [...notices, `${noChart}; the environment of the worker decides`];
  for (const notice of shown) console.error(styleText('dim', notice));
  const workflowId = options.id ?? `${spec.profile.metadata.name}-${timestamp()}`;
  if (output.isForPeople)
    console.log(
      `${styleText('bold', spec.profile.metadata.name)}: ${spec.plan.totalPods} Pods on ${spec.profile.scale.machines} machines, ${counted(spec.plan.clusterCount, 'cluster')}, system ${spec.system.name}, ramp ${spec.profile.loadProfile.rampSeconds} s, soak ${spec.profile.loadProfile.soakSeconds} s`,
    );
  const targets = checked.kubeconfigs.map(({ name }) => accessInWords(name));
  if (output.isForPeople) for (const target of targets) console.log(target);
  return await stoppable(async (signal) => {
    await askTargets(checked.kubeconfigs, signal);
    await getTools(['temporal', ...toolsOfSubstrate(spec), ...toolsOfSystem(system)], signal);
    return await withStack({ keep: options.detach === true, signal }, async ({ client, links }) => {
      const record = checked.kubeconfigs.length === 0 ? undefined : keepTargets(checked.kubeconfigs);
      const handle = await started(client, 'campaign', {
        workflowId,
        taskQueue: SHARED_QUEUE,
        args: [record === undefined ? checked.input : inputWithRecord(checked, record)],
        memo: { [STARTED_BY]: startedBy },
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        staticSummary:
          `${spec.profile.metadata.name} on ${spec.substrate.metadata.name}: ${spec.plan.totalPods} Pods`.slice(0, 190),
        staticDetails: spec.profile.metadata.description.slice(0, 15_000),
      }).catch((error: unknown) => {
        if (record !== undefined) removeTargets(record);
        throw error;
      });
      const pageUrl = links?.workflow(handle.workflowId);
      const facts = { ...factsOf(spec), ...(targets.length === 0 ? {} : { targets: targets.join('; ') }) };
      output.started({ workflowId, pageUrl, facts });
      if (options.detach === true) {
        output.left(workflowId, { exitCode: EXIT.pass, detached: true });
        return EXIT.pass;
      }
      return await followToTheEnd(client, workflowId, pageUrl, {
        output,
        again: commandOf(profile, options),
        stop: signal,
      });
    });
  });
}

/** What runs, for the first event. */
function factsOf({ profile, substrate, system, plan }: CheckedCampaign['built']['spec']): StartedCampaign['facts'] {
  return {
    profile: profile.metadata.name,
    substrate: substrate.metadata.name,
    system: system.name,
    pods: plan.totalPods,
    machines: profile.scale.machines,
    clusters: plan.clusterCount,
    rampSeconds: profile.loadProfile.rampSeconds,
    soakSeconds: profile.loadProfile.soakSeconds,
  };
}

function typedCampaign(profile: string, options: RunOptions): TypedCampaign {
  const { hold, hostWait, wait, keep } = options;
  const { substrate, overrides, lent } = profileChoice(options);
  if (hostWait !== undefined) checkDuration('--host-wait', hostWait, MIN_HOST_WAIT_MS);
  if (wait !== undefined) checkDuration('--wait', wait, 0);
  if (keep !== undefined) checkDuration('--keep', keep, 0);
  return {
    profile,
    overrides,
    ...(hostWait === undefined ? {} : { hostWait }),
    ...(wait === undefined ? {} : { targetWait: wait }),
    ...(keep === undefined ? {} : { keep }),
    ...(hold === undefined ? {} : { hold }),
    ...(substrate === undefined ? {} : { substrate }),
    ...(lent === undefined ? {} : { lent }),
  };
}

/** The command as it was typed, without the options of this one run (hold, host wait, id). */
function commandOf(profile: string, options: RunOptions): string {
  const { substrate, changes, lent } = profileChoice(options);
  const words = [
    profile,
    ...(substrate === undefined || substrate === 'local' ? [] : ['--substrate', substrate]),
    ...(lent === undefined || lent.context === '' ? [] : ['--context', lent.context]),
    ...(lent === undefined || lent.kubeconfig === '' ? [] : ['--kubeconfig', lent.kubeconfig]),
    ...changes.flatMap((change) => ['--set', change]),
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
