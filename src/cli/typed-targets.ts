import { contextsOf, thisShell, type TargetSpec } from '../adapters/substrates/kubeconfig/campaign-targets.ts';
import { askTarget } from '../adapters/substrates/kubeconfig/ask-target.ts';
import { ownKubeconfig, type OwnKubeconfig } from '../adapters/substrates/kubeconfig/own-kubeconfig.ts';
import { readContext } from '../adapters/kube/kubeconfig-files.ts';
import { externalTarget } from '../adapters/temporal/target.ts';
import type { AccessName } from '../core/kubeconfig/cluster-access.ts';
import { KubeconfigProblem } from '../core/kubeconfig/kubeconfig-problem.ts';
import type { CampaignTargets } from '../core/profile/targets.ts';
import { messageOf } from '../core/text/message-of.ts';
import { HarnessError, UsageError } from './usage-error.ts';

/** A cluster that is lent on the command line. Empty: the current context; the user's own kubeconfig. */
export interface Lent {
  readonly context: string;
  readonly kubeconfig: string;
}

/** Used instead of the record until the kubeconfigs are kept, directly before the campaign starts. */
const NO_RECORD = '0'.repeat(32);

/** The kubeconfig of a cluster that is lent on the command line. @throws UsageError when it cannot be used */
export function lentKubeconfig({ context, kubeconfig }: Lent): OwnKubeconfig {
  try {
    return ownKubeconfig(readContext(kubeconfig, context, process.env, 'shell'), thisShell());
  } catch (error) {
    if (error instanceof KubeconfigProblem) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

/**
 * The kubeconfigs of the existing clusters that a campaign's substrate names, as this shell has them. Where a worker elsewhere may
 * have them, this shell need not.
 * @throws UsageError when one cannot be used
 */
export function typedKubeconfigs(spec: TargetSpec, clusterCount: number): readonly OwnKubeconfig[] {
  if (spec.substrate.type !== 'kubeconfig') return [];
  const { file = '' } = spec.substrate.kubeconfig ?? {};
  try {
    return contextsOf(spec, 0, clusterCount).map((context) =>
      ownKubeconfig(readContext(file, context, process.env, 'shell'), thisShell()),
    );
  } catch (error) {
    if (!(error instanceof KubeconfigProblem)) throw error;
    if (externalTarget() !== undefined) return [];
    throw new UsageError(`substrate ${spec.substrate.metadata.name}: ${error.message}`, { cause: error });
  }
}

/** Key `targets` of the workflow's input. `lent`: no substrate names them. */
export function targetsInput(
  names: readonly AccessName[],
  { lent, record = NO_RECORD }: { readonly lent: boolean; readonly record?: string },
): CampaignTargets {
  return { record, ...(lent ? { lent } : {}), clusters: names };
}

/** @throws HarnessError for clusters that do not answer, a line each; the signal's reason */
export async function askTargets(kubeconfigs: readonly OwnKubeconfig[], signal: AbortSignal): Promise<void> {
  const asked = await Promise.allSettled(kubeconfigs.map((each) => askTarget(each, signal)));
  signal.throwIfAborted();
  const failed = asked.flatMap((each) => (each.status === 'rejected' ? [messageOf(each.reason)] : []));
  if (failed.length > 0) throw new HarnessError(failed.join('\n'));
}
