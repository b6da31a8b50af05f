import type { Archetype } from '../model/catalogue.ts';
import { arrivalTimes } from './arrivals.ts';
import { demandSchedule, type Demand } from './demand.ts';
import { LABELS, type Ownership } from './labels.ts';
import { planNodes, type PlannedNode } from './nodes.ts';
import { podTemplate, type PodMoments, type PodTemplate } from './pod-shape.ts';
import { plannedPriorities, priorityOf, type PlannedPriority } from './priorities.ts';
import type { CampaignSpec } from './spec.ts';
import { podName, podSlots, type PodSlot, type Workload } from './workload.ts';

/** Everything that is created in one cluster, drawn from the campaign's seed. Every draw gives the same result. */
export interface ClusterLoad {
  readonly namespace: string;
  /** Selects what the campaign made. */
  readonly labelSelector: string;
  /** Every slot that may ever be filled; the ramp fills the first `demand.base` of them. */
  readonly slots: readonly PodSlot[];
  /** Empty where the system makes the machines. */
  readonly nodes: readonly PlannedNode[];
  /** The PriorityClasses that the Pods need. */
  readonly priorities: readonly PlannedPriority[];
  /** When each slot is filled, ms after the ramp's start, ascending. */
  readonly arrivalsMs: readonly number[];
  readonly demand: Demand;
  readonly name: (slot: number, generation: number) => string;
  readonly body: (slot: number, generation: number, moments: PodMoments) => string;
}

/** Draws the load of one cluster. `owner` goes into the labels of every Pod. */
export function clusterLoad(spec: CampaignSpec, clusterIndex: number, owner: Ownership): ClusterLoad {
  const { slug, catalogue, plan, profile, randomSeed } = spec;
  const demand = demandSchedule(spec, clusterIndex);
  const slots = podSlots(demand.workloads);
  const workloads = demand.bindable;
  const layout = spec.capacityFromSystem
    ? { nodes: [], domains: new Map<number, never>() }
    : planNodes({
        slug,
        pods: profile.pods,
        catalogue,
        rows: plan.seed,
        workloads,
        clusterIndex,
        clusterCount: plan.clusterCount,
      });
  const archetypes = new Map(
    [...catalogue.archetypes, ...catalogue.seedArchetypes, ...catalogue.demandArchetypes].map(
      (each): [string, Archetype] => [each.name, each],
    ),
  );
  const context = {
    slug,
    owner,
    domains: layout.domains,
    anyInstanceType: spec.capacityFromSystem,
    zoneNames: zoneNames(spec),
    ...(profile.pods === undefined ? {} : { pods: profile.pods }),
    priorityClassOf: (workload: Workload) => priorityOf(spec, workload)?.name,
  };
  const templates = new Map<number, PodTemplate>();
  const templateOf = ({ workload }: PodSlot): PodTemplate => {
    const known = templates.get(workload.index);
    if (known !== undefined) return known;
    const archetype = archetypes.get(workload.archetype);
    if (archetype === undefined)
      throw new RangeError(`workload of archetype ${workload.archetype}, which the catalogue does not have`);
    const template = podTemplate(workload, archetype, context);
    templates.set(workload.index, template);
    return template;
  };
  return {
    namespace: slug,
    labelSelector: `${LABELS.campaign}=${spec.campaign}`,
    slots,
    nodes: layout.nodes,
    priorities: plannedPriorities(spec, demand.workloads),
    arrivalsMs: arrivalTimes({
      shape: profile.loadProfile.arrival,
      count: demand.base,
      rampMs: profile.loadProfile.rampSeconds * 1_000,
      seed: randomSeed,
      clusterIndex,
    }),
    demand,
    name: (slot, generation) => podName(slug, slot, generation),
    body: (slot, generation, moments) => {
      const podSlot = slots[slot];
      if (podSlot === undefined) throw new RangeError(`slot ${slot} of ${slots.length}`);
      return templateOf(podSlot)(slot, generation, moments);
    },
  };
}

/** Zones keep their names where Belay makes the machines; a system's own machines lie in zones that no catalogue knows. */
function zoneNames(spec: CampaignSpec): Readonly<Record<string, string>> {
  if (spec.capacityFromSystem) return {};
  const zones = spec.catalogue.archetypes.flatMap((archetype) => archetype.zones);
  return Object.fromEntries(zones.map((zone) => [zone, zone]));
}
