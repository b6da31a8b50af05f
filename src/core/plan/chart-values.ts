import type { Catalogue } from '../model/catalogue.ts';
import type { Profile } from '../model/profile.ts';
import type { Substrate } from '../model/substrate.ts';
import type { System } from '../model/system.ts';
import type { ChartInputs } from '../model/system-extension.ts';
import { extensionOf } from '../profile/extensions.ts';
import { podsOfLargestCluster } from './cluster-pods.ts';
import { tiers } from './make-plan.ts';
import type { Plan } from './plan.ts';

/** The parts of a campaign that a chart's values come from. */
export interface ChartParts {
  readonly profile: Profile;
  readonly substrate: Substrate;
  readonly plan: Plan;
  readonly catalogue: Catalogue;
}

/**
 * Values for a system's chart: those that the system's extension derives from profile and plan, overridden by
 * `install.helm.values` of the system file, map by map.
 */
export function chartValues(system: System, parts: ChartParts): unknown {
  const own = system.install.helm?.values ?? {};
  const extension = extensionOf(system);
  return extension === undefined ? own : merge(extension.chartValues(chartInputs(parts)), own);
}

/** The inputs of `SystemExtension.chartValues`. */
export function chartInputs({ profile, substrate, plan, catalogue }: ChartParts): ChartInputs {
  return {
    profile,
    substrate,
    catalogue,
    clusterCount: plan.clusterCount,
    podsPerCluster: podsOfLargestCluster(plan),
    shardReplicas: plan.shardReplicas,
    hostsNeeded: plan.hostsNeeded,
    tiers: tiers(profile, catalogue, plan.clusterCount),
  };
}

function merge(below: unknown, above: unknown): unknown {
  if (!isMap(below) || !isMap(above)) return above;
  const merged: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) merged[key] = key in merged ? merge(merged[key], value) : value;
  return merged;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
