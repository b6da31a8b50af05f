import type { ClusterRecord } from '../host/ledger.ts';
import { chartReference, removeRelease, upgradeRelease, type Release } from './helm.ts';
import type { ToolPaths } from '../substrates/substrate.ts';
import { chartValues } from '../../core/plan/chart-values.ts';
import type { CampaignSpec } from '../../core/plan/spec.ts';
import type { System } from '../../core/model/system.ts';

/** A system's Helm chart on one cluster of a campaign. */
export interface ChartRequest {
  readonly spec: CampaignSpec;
  readonly system: System;
  readonly systemFolder: string;
  readonly cluster: ClusterRecord;
  readonly tools: ToolPaths;
  readonly signal: AbortSignal;
}

/** Installs the system's chart, if it has one, with values rendered from profile and plan. */
export async function installChart(request: ChartRequest): Promise<void> {
  const { helm } = request.system.install;
  if (helm === undefined) return;
  const { system, spec } = request;
  await upgradeRelease(
    releaseOf(request, helm),
    chartReference(system.metadata.name, helm.chart, request.systemFolder),
    chartValues(system, spec),
  );
}

/** Whether a cluster has a chart to uninstall. A cluster of our own is removed whole. */
function hasChartToRemove({ system, cluster }: Pick<ChartRequest, 'system' | 'cluster'>): boolean {
  return system.install.helm !== undefined && !cluster.owned;
}

/** Removes the release, if there is one to remove and this campaign made it. */
export async function removeChart(request: ChartRequest): Promise<void> {
  const { helm } = request.system.install;
  if (helm === undefined || !hasChartToRemove(request)) return;
  await removeRelease(releaseOf(request, helm));
}

/**
 * What a sweep does not touch while a chart could not be uninstalled: without helm's record, what the chart made could not be
 * found any more.
 */
export const ALL_BUT_RELEASES: Readonly<Record<string, string>> = { secrets: 'type!=helm.sh/release.v1' };

/** The release of the system's chart on a cluster. */
export function releaseOf(
  { spec, cluster, tools, signal }: ChartRequest,
  helm: NonNullable<System['install']['helm']>,
): Release {
  return {
    helm: tools.get('helm')?.path ?? 'helm',
    kubeconfigPath: cluster.kubeconfigPath,
    context: cluster.context,
    release: helm.release,
    namespace: helm.namespace,
    campaign: spec.campaign,
    signal,
    budgetMs: spec.deadlines.budgets.systemReadyMs,
  };
}
