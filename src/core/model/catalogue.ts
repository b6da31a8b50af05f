import type { PodFields } from './pod-fields.ts';

/** One kind of Pod. */
export interface Archetype {
  readonly name: string;
  readonly weight: number;
  readonly instanceTypes: readonly string[];
  readonly zones: readonly string[];
  readonly sizeBuckets: readonly { readonly weight: number; readonly resources: Readonly<Record<string, string>> }[];
  readonly priorityClasses: readonly number[];
  readonly interruptionPenalty: number;
  readonly reclamationPenalty: number;
  /** 0 = density or one, see plan. */
  readonly podsPerNode: number;
  /** 0 = immortal. */
  readonly meanLifetimeSeconds: number;
  readonly sameRack: boolean;
  readonly sameZone: boolean;
  readonly groupSizeRange?: readonly [number, number];
  readonly burstOnly: boolean;
  readonly labelAxes: readonly { readonly key: string; readonly count: number }[];
  readonly allowPartial: boolean;
  /** What its Pods carry beyond what the profile says of all Pods. */
  readonly pods?: PodFields;
  readonly spreadConstraintProb: number;
  readonly spreadConstraint?: {
    readonly topologyKey: string;
    readonly maxSkew: number;
    readonly whenUnsatisfiable: 'DoNotSchedule' | 'ScheduleAnyway';
  };
}

export interface Catalogue {
  readonly name: string;
  readonly archetypes: readonly Archetype[];
  readonly seedArchetypes: readonly Archetype[];
  readonly demandArchetypes: readonly Archetype[];
  /** The file gives priorities, so all Pods have one. Absent = it gives none, or an earlier version recorded it. */
  readonly hasPriorities?: true;
}
