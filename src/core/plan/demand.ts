import { churnTimes, type ChurnOperation } from './churn.ts';
import { slotsByLevel } from './demand-levels.ts';
import { archetypeOf, drawDemand, podsOf, type DemandParts, type DemandSpec } from './demand-parts.ts';
import { lifeEnds } from './lifetimes.ts';
import type { Workload } from './workload.ts';

/**
 * A change of the load in the soak. `replace` and `create` make the slot's Pod of this generation, `delete` ends the one of
 * this generation, or whichever later one has taken the place of a lost Pod.
 */
export interface DemandOperation extends ChurnOperation {
  readonly kind: 'replace' | 'create' | 'delete';
}

/** Pods wanted of a cluster at a moment. */
export interface WantedPods {
  readonly pods: number;
  /** Without those beyond the machines, which are expected to stay pending. */
  readonly bindable: number;
}

/** The load of one cluster from the ramp to the end of the soak. */
export interface Demand {
  /** Pods of the ramp: slots 0 to `base` - 1. */
  readonly base: number;
  /** All that may ever be wanted, in order of slots. */
  readonly workloads: readonly Workload[];
  /** Those of them that machines are made for. */
  readonly bindable: readonly Workload[];
  /** Changes in the soak, in order of time. */
  readonly operations: readonly DemandOperation[];
  /** What is wanted `atMs` after the start of the soak; before it (below 0), the Pods of the ramp. */
  readonly wanted: (atMs: number) => WantedPods;
}

/** A slot comes to be wanted, or ceases to be. */
interface Edge {
  readonly atMs: number;
  readonly slot: number;
  readonly wanted: boolean;
}

/**
 * A cluster's demand, drawn from the campaign's seed: churn and the ends of lives replace Pods that are wanted at that
 * moment; scale-downs, demand steps, bursts and open-loop demand change which are. Times count from the start of the soak.
 * A resumed soak sees from a Pod's slot and generation what was done.
 */
export function demandSchedule(spec: DemandSpec, clusterIndex: number): Demand {
  const parts = drawDemand(spec, clusterIndex);
  const { base, growth, bursts, extra } = parts;
  const bindable = [...base, ...growth, ...bursts.flatMap(({ workloads }) => workloads)];
  const workloads = [...bindable, ...extra];
  const edges = edgesOf(parts).toSorted((a, b) => a.atMs - b.atMs);
  const bindableSlots = podsOf(bindable);
  return {
    base: podsOf(base),
    workloads,
    bindable,
    operations: operationsOf(edges, replacements(spec, clusterIndex, parts, bindable), {
      base: podsOf(base),
      all: podsOf(workloads),
    }),
    wanted: countWanted(edges, podsOf(base), bindableSlots),
  };
}

/** The slots that are wanted when the first `done` operations of a demand are. */
export function wantedSlots({ base, operations }: Demand, done: number): Set<number> {
  const wanted = new Set(Array.from({ length: base }, (_, slot) => slot));
  for (const { kind, slot } of operations.slice(0, done)) {
    if (kind === 'create') wanted.add(slot);
    else if (kind === 'delete') wanted.delete(slot);
  }
  return wanted;
}

function edgesOf({ base, growth, levels, bursts, extra }: DemandParts): readonly Edge[] {
  const edges: Edge[] = [];
  const order = levels.length === 0 ? [] : slotsByLevel(base, growth);
  let level = podsOf(base);
  for (const { atMs, pods } of levels) {
    for (const slot of order.slice(pods, level).toReversed()) edges.push({ atMs, slot, wanted: false });
    for (const slot of order.slice(level, pods)) edges.push({ atMs, slot, wanted: true });
    level = pods;
  }
  for (const { workloads, fromMs, untilMs } of bursts) {
    for (const slot of slotsOf(workloads)) {
      edges.push({ atMs: fromMs, slot, wanted: true });
      if (untilMs !== undefined) edges.push({ atMs: untilMs, slot, wanted: false });
    }
  }
  for (const slot of slotsOf(extra)) edges.push({ atMs: 0, slot, wanted: true });
  return edges;
}

/** Moments at which a slot's Pod is due for replacement, if the slot is wanted then. Only steady Pods are churned. */
function replacements(
  spec: DemandSpec,
  clusterIndex: number,
  { base, growth }: DemandParts,
  mortal: readonly Workload[],
): readonly { readonly atMs: number; readonly slot: number }[] {
  const { churnPerMinute, soakSeconds } = spec.profile.loadProfile;
  const durationMs = soakSeconds * 1_000;
  const seed = spec.randomSeed;
  const firstGrown = podsOf(base);
  const churn = { churnPerMinute, durationMs, seed };
  return [
    ...churnTimes({ ...churn, pods: firstGrown, clusterIndex }),
    ...churnTimes({ ...churn, pods: podsOf(growth), clusterIndex, purpose: 'churn-growth' }).map((each) => ({
      ...each,
      slot: firstGrown + each.slot,
    })),
    ...lifeEnds({
      meanSeconds: mortal.flatMap(({ archetype, replicas }) =>
        Array.from({ length: replicas }, () => archetypeOf(spec.catalogue, archetype)?.meanLifetimeSeconds ?? 0),
      ),
      durationMs,
      seed,
      clusterIndex,
    }),
  ];
}

/** Puts both in order of time, what is wanted before what is replaced, and counts each slot's generations through. */
function operationsOf(
  edges: readonly Edge[],
  replaced: readonly { readonly atMs: number; readonly slot: number }[],
  slots: { readonly base: number; readonly all: number },
): readonly DemandOperation[] {
  const wanted = Array.from({ length: slots.all }, (_, slot) => slot < slots.base);
  const generations = new Map<number, number>();
  const operations: DemandOperation[] = [];
  const add = (kind: DemandOperation['kind'], { atMs, slot }: { atMs: number; slot: number }): void => {
    const generation = (generations.get(slot) ?? 0) + (kind === 'delete' ? 0 : 1);
    generations.set(slot, generation);
    operations.push({ atMs, slot, kind, generation });
  };
  const events: readonly (Omit<Edge, 'wanted'> & Partial<Edge>)[] = [...edges, ...replaced];
  for (const event of events.toSorted((a, b) => a.atMs - b.atMs)) {
    if (event.wanted === undefined) {
      if (wanted[event.slot] === true) add('replace', event);
    } else {
      wanted[event.slot] = event.wanted;
      add(event.wanted ? 'create' : 'delete', event);
    }
  }
  return operations;
}

function countWanted(edges: readonly Edge[], base: number, bindableSlots: number): Demand['wanted'] {
  const before: WantedPods = { pods: base, bindable: base };
  const steps: (WantedPods & { readonly atMs: number })[] = [];
  let { pods, bindable } = before;
  for (const { atMs, slot, wanted } of edges) {
    const change = wanted ? 1 : -1;
    pods += change;
    if (slot < bindableSlots) bindable += change;
    if (steps.at(-1)?.atMs === atMs) steps.pop();
    steps.push({ atMs, pods, bindable });
  }
  return (atMs) => steps.findLast((step) => step.atMs <= atMs) ?? before;
}

function slotsOf(workloads: readonly Workload[]): readonly number[] {
  return workloads.flatMap(({ firstSlot, replicas }) =>
    Array.from({ length: replicas }, (_, replica) => firstSlot + replica),
  );
}
