import type { Catalogue } from '../model/catalogue.ts';
import type { Profile } from '../model/profile.ts';
import { ownershipLabels, type Ownership } from './labels.ts';
import { podFieldsOf } from './pod-fields.ts';
import type { Workload } from './workload.ts';

/** A priority that Pods of a campaign have, with the PriorityClass that Belay makes for it. */
export interface PlannedPriority {
  readonly name: string;
  readonly value: number;
}

/** A PriorityClass as Belay makes it. */
export interface PriorityClass {
  readonly apiVersion: 'scheduling.k8s.io/v1';
  readonly kind: 'PriorityClass';
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly value: number;
  readonly globalDefault: false;
  readonly preemptionPolicy: 'Never' | 'PreemptLowerPriority';
  readonly description: string;
}

/** The highest priority that a PriorityClass of a user may have. */
export const MAX_PRIORITY = 1_000_000_000;

/** What the priorities of Pods depend on. */
export interface PriorityRules {
  readonly slug: string;
  readonly profile: Pick<Profile, 'pods'>;
  readonly catalogue: Catalogue;
}

/**
 * The PriorityClass of each workload; undefined where its Pods name none, or one that exists already. Where the catalogue gives a
 * priority to one kind of Pods, all have one: a kind without has 1000, as in BigFleet, and would else be below all others.
 */
export function priorityOf(
  { slug, profile, catalogue }: PriorityRules,
  workload: Pick<Workload, 'archetype' | 'priority'>,
): PlannedPriority | undefined {
  if (catalogue.hasPriorities !== true || profile.pods?.priorities === 'ignore') return undefined;
  const every = [...catalogue.archetypes, ...catalogue.seedArchetypes, ...catalogue.demandArchetypes];
  const archetype = every.find(({ name }) => name === workload.archetype);
  if (podFieldsOf(profile.pods, archetype ?? {}).priorityClassName !== undefined) return undefined;
  const value = workload.priority;
  return { name: `${slug}-priority-${value < 0 ? `minus-${-value}` : value}`, value };
}

/** The PriorityClasses of a load, each once, lowest first. */
export function plannedPriorities(
  rules: PriorityRules,
  workloads: readonly Pick<Workload, 'archetype' | 'priority'>[],
): readonly PlannedPriority[] {
  const found = new Map<string, PlannedPriority>();
  const asked = new Set<string>();
  for (const workload of workloads) {
    const key = `${workload.archetype} ${workload.priority}`;
    if (asked.has(key)) continue;
    asked.add(key);
    const priority = priorityOf(rules, workload);
    if (priority !== undefined) found.set(priority.name, priority);
  }
  return [...found.values()].toSorted((a, b) => a.value - b.value);
}

/** The object of a PriorityClass. Its Pods wait their turn in the order of priority, and take room from others only if asked to. */
export function priorityBody(
  { name, value }: PlannedPriority,
  { pods }: Pick<Profile, 'pods'>,
  owner: Ownership,
): PriorityClass {
  return {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name, labels: ownershipLabels(owner) },
    value,
    globalDefault: false,
    preemptionPolicy: pods?.preemptionPolicy ?? 'Never',
    description: `Priority ${value} of the Pods of campaign ${owner.campaign}`,
  };
}
