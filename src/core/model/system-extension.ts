import type { Catalogue } from './catalogue.ts';
import type { GatePatch } from './gate-patch.ts';
import type { Profile, Slo } from './profile.ts';
import type { Substrate } from './substrate.ts';
import type { Tiers } from './tiers.ts';

/** Gates by name. */
type Gates = Readonly<Record<string, GatePatch>>;

/** The size of a run where it is known better than from the profile, e.g. from a stored summary. */
export interface RunSize {
  readonly totalPods?: number;
  readonly shardReplicas?: number;
}

/** The inputs of a chart's values. */
export interface ChartInputs {
  readonly profile: Profile;
  readonly substrate: Substrate;
  readonly catalogue: Catalogue;
  readonly clusterCount: number;
  /** Target Pods of the largest cluster. */
  readonly podsPerCluster: number;
  readonly shardReplicas: number;
  readonly hostsNeeded: number;
  readonly tiers: Tiers;
}

/** A field of the profile that takes effect only through the chart of a system. */
interface ChartSetting {
  readonly field: string;
  /** The value in words where the profile uses the field; undefined where it does not. */
  readonly found: (profile: Profile) => string | undefined;
  /** What a campaign without the chart may have instead. */
  readonly allowed: string;
}

/** The gate that a key of `slo` changes. `retired`: the key is read and judged by nothing. */
export type SloBar =
  | 'retired'
  | {
      readonly gate: string;
      /** The key adds the gate. Otherwise it changes a gate of the system file. */
      readonly added?: true;
      /** The key has an effect only where this one is true. */
      readonly onlyWith?: keyof Slo;
    };

/**
 * What Belay knows about one system beyond its system file. Most systems have no extension: a YAML file is enough. An
 * extension is one descriptor and one entry in `profile/extensions.ts`; a system file names it in `extension`.
 */
export interface SystemExtension {
  /** Value of `extension` in system files. */
  readonly name: string;
  /** Name of the system for messages. */
  readonly title: string;
  /** Whether a system file without `extension` belongs to it. For files from before that field existed. */
  readonly recognises: (gates: Gates) => boolean;
  /** The system's gates with the bars of the profile's `slo`. */
  readonly applySlo: (gates: Gates, profile: Profile, size: RunSize) => Gates;
  /** What `applySlo` makes of each key. */
  readonly sloBars: Readonly<Record<keyof Slo, SloBar>>;
  /** Values of the system's chart; `install.helm.values` of the system file overrides them. */
  readonly chartValues: (inputs: ChartInputs) => Readonly<Record<string, unknown>>;
  readonly chartSettings: readonly ChartSetting[];
  /** The system keeps configured, idle, speculative and spot machines, divided among its shards. */
  readonly hasTiers: boolean;
  /** The chart gives every cluster the same target, so the Pods must divide evenly. */
  readonly needsEqualClusters: boolean;
  /** The system has a runner of its own, whose summaries lack what only Belay measures. */
  readonly hasOwnRunner: boolean;
}
