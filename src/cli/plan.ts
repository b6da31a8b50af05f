import { Command } from 'commander';
import { traitsOf } from '../core/model/substrate-types.ts';
import { localNeeds } from '../core/plan/host-fit.ts';
import { podsOfCluster } from '../core/plan/cluster-pods.ts';
import type { Plan } from '../core/plan/plan.ts';
import { evidenceSetting } from '../adapters/host/evidence-setting.ts';
import { messageOf } from '../core/text/message-of.ts';
import { accessInWords } from '../core/kubeconfig/cluster-access.ts';
import { formatNotice } from '../core/files/file-error.ts';
import { hostSize } from '../adapters/host/host-size.ts';
import { hostOfClusters } from './host-of-clusters.ts';
import { isJson, withOutput } from './options.ts';
import { profileChoice, withProfileOptions, type ProfileOptions } from './profile-options.ts';
import { safeForTerminal } from '../core/text/terminal.ts';
import { UsageError } from './usage-error.ts';

interface PlanOptions extends ProfileOptions {
  readonly output: string;
}

/** `belay plan`: shows what a campaign would be, and refuses what cannot work. It starts nothing. */
export function planCommand(): Command {
  const command = new Command('plan')
    .description('Show what a campaign would be: size, cost, seed, gates and every deadline. It starts nothing.')
    .argument('<profile>', 'name of a profile, path of its file, or - for standard input');
  return withOutput(withProfileOptions(command)).action(async (profile: string, options: PlanOptions) => {
    const json = isJson(options);
    // Loaded here, so that other commands do not load them.
    const [{ campaignFiles }, { planCampaign }] = await Promise.all([
      import('./campaign-files.ts'),
      import('../core/plan/plan-campaign.ts'),
    ]);
    const { substrate, overrides, lent } = profileChoice(options);
    const target = lent === undefined ? undefined : (await import('./typed-targets.ts')).lentKubeconfig(lent).name;
    const files = campaignFiles({
      profile,
      overrides,
      ...(substrate === undefined ? {} : { substrate }),
      ...(target === undefined ? {} : { lent: target }),
    });
    for (const notice of files.notices) process.stderr.write(safeForTerminal(`${formatNotice(notice)}\n`));
    const planned = planCampaign(
      { ...files, system: files.system.value },
      { storesEvidence: storeIsSet(), ...hostOfClusters(hostSize) },
    );
    if (!planned.ok) throw new UsageError(planned.errors.map(files.refusal).join('\n'));
    const { plan, gates, deadlines, remarks } = planned;
    for (const remark of remarks) process.stderr.write(safeForTerminal(`${formatNotice(files.notice(remark))}\n`));
    const names = {
      profile: files.profile.metadata.name,
      substrate: files.substrate.metadata.name,
      system: files.system.value.metadata.name,
    };
    if (json) {
      process.stdout.write(
        `${JSON.stringify({ ...names, ...(target === undefined ? {} : { target }), plan: withPodsOfClusters(plan), gates, deadlines }, null, 2)}\n`,
      );
      return;
    }
    const tables = await import('./plan-tables.ts');
    const parts = [
      `${names.profile} on ${names.substrate}, system ${names.system}`,
      ...(target === undefined ? [] : [accessInWords(target)]),
      tables.numbersTable(plan, traitsOf(files.substrate), localNeeds({ ...files, plan })),
      ...(plan.seed.length > 0 ? ['Seed, machines by archetype and tier', tables.seedTable(plan.seed)] : []),
      'Gates',
      tables.gatesTable(gates),
      'Deadlines',
      tables.deadlinesTable(deadlines),
    ];
    process.stdout.write(`${parts.join('\n')}\n`);
  });
}

/** @throws UsageError when what is set is no store */
function storeIsSet(): boolean {
  try {
    return evidenceSetting() !== undefined;
  } catch (cause) {
    throw new UsageError(messageOf(cause));
  }
}

/** A plan with the target Pods of each cluster, which a plan does not store. */
function withPodsOfClusters(plan: Plan): Plan & { readonly podsOfCluster: readonly number[] } {
  const podsOf = Array.from({ length: plan.clusterCount }, (_, index) => podsOfCluster(plan, index));
  return { ...plan, podsOfCluster: podsOf };
}
