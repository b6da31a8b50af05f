import type { Archetype, Catalogue } from '../model/catalogue.ts';
import type { ProfilePods } from '../model/pod-fields.ts';
import { campaignTaint, LABELS, ownershipLabels } from './labels.ts';
import type { Ownership } from './labels.ts';
import { readyNodeStatus, type Kubelet } from './node-status.ts';
import type { SeedRow } from './plan.ts';
import { formatQuantity, quantityValue } from '../model/quantity.ts';
import { podFieldsOf } from './pod-fields.ts';
import { evenPart } from './whole-numbers.ts';
import type { Workload } from './workload.ts';

/** A machine to be made as a Node. */
export interface PlannedNode {
  readonly name: string;
  readonly archetype: string;
  readonly instanceType: string;
  readonly zone: string;
  readonly rack: string;
  /** What the Pods ask for by `nodeSelector`, and values on the archetype's label axes. */
  readonly labels: Readonly<Record<string, string>>;
  readonly allocatable: Readonly<Record<string, string>>;
}

/** Where a gang's Pods have room together. */
export interface Domain {
  readonly zone: string;
  /** Only for gangs of one rack. */
  readonly rack?: string;
}

/** The machines of a cluster, and the place of each gang (by index of its workload) among them. */
export interface NodePlan {
  readonly nodes: readonly PlannedNode[];
  readonly domains: ReadonlyMap<number, Domain>;
}

/** Zone of archetypes that name none. */
const ONLY_ZONE = 'zone-a';

/** Machines in a rack that no gang needs larger or smaller. */
const RACK_MACHINES = 10;

/** A kubelet's default limit of Pods. */
const PODS_PER_NODE = 110;

/** Machines for one archetype and one draw of its label axes: Pods drawn so fit on these and no others. */
interface Pool {
  readonly archetype: Archetype;
  readonly labels: Readonly<Record<string, string>>;
  readonly podsPerMachine: number;
  readonly workloads: Workload[];
}

/**
 * The Nodes of one cluster: per archetype its share of the machines that the plan says exist (configured and idle tiers),
 * and never fewer than the drawn workloads need, so that kube-scheduler can bind all of them, and again after one machine
 * failed: a Node holds `podsPerMachine` Pods of the largest size; each zone has room for its share of spread Pods and a
 * machine more; each gang has a rack or zone reserved in which it fits whole (kube-scheduler places Pods one at a time and
 * could leave no room for a whole gang; BigFleet reserves room for gangs too).
 */
export function planNodes(request: {
  readonly slug: string;
  /** What all Pods carry. */
  readonly pods?: ProfilePods | undefined;
  readonly catalogue: Catalogue;
  readonly rows: readonly SeedRow[];
  readonly workloads: readonly Workload[];
  readonly clusterIndex: number;
  readonly clusterCount: number;
}): NodePlan {
  const { slug, catalogue, workloads, clusterIndex, clusterCount } = request;
  const layout = new NodeLayout(slug, request.pods);
  const rows = new Map(request.rows.map((row) => [row.archetype, row]));
  for (const archetype of allArchetypes(catalogue)) {
    const row = rows.get(archetype.name);
    const podsPerMachine = row?.podsPerMachine ?? Math.max(1, archetype.podsPerNode);
    const existing = row === undefined ? 0 : evenPart(row.configured + row.idle, clusterCount, clusterIndex);
    const pools = poolsOf(archetype, podsPerMachine, workloads);
    const before = layout.nodes.length;
    for (const pool of pools) {
      if (archetype.sameRack) placeRackGangs(layout, pool);
      else if (archetype.sameZone) placeZoneGangs(layout, pool);
      else placeServices(layout, pool);
    }
    for (let extra = 0; layout.nodes.length - before < existing; extra++) {
      const pool = pools[extra % pools.length];
      if (pool !== undefined) layout.add(pool, zoneOf(archetype, extra), rackMachines(pool));
    }
  }
  return { nodes: layout.nodes, domains: layout.domains };
}

/**
 * The Node object for a planned machine.
 * @param ready given: the Node is Ready from its creation on. Otherwise a kwok controller turns it Ready.
 */
export function nodeBody(
  node: PlannedNode,
  owner: Ownership,
  ready?: { readonly kubelet: Kubelet; readonly nowMs: number },
): Record<string, unknown> {
  const { allocatable } = node;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: node.name,
      annotations: { 'kwok.x-k8s.io/node': 'fake' },
      labels: nodeLabels(node, owner),
    },
    spec: {
      // Without one, the cloud controller of a borrowed cluster looks the Node up among its machines, and deletes it.
      providerID: `belay://${node.zone}/${node.name}`,
      taints: [campaignTaint(owner)],
    },
    status:
      ready === undefined
        ? { allocatable, capacity: allocatable }
        : readyNodeStatus(allocatable, ready.kubelet, ready.nowMs),
  };
}

/** The labels of the Node object for a planned machine. */
export function nodeLabels(node: PlannedNode, owner: Ownership): Readonly<Record<string, string>> {
  return {
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': 'amd64',
    // Kubelets still report these two. The controller-manager would add them, with a request for each Node.
    'beta.kubernetes.io/os': 'linux',
    'beta.kubernetes.io/arch': 'amd64',
    ...node.labels,
    ...ownershipLabels(owner),
    [LABELS.archetype]: node.archetype,
    [LABELS.instanceType]: node.instanceType,
    [LABELS.zone]: node.zone,
    [LABELS.rack]: node.rack,
    [LABELS.hostname]: node.name,
  };
}

/** What has been placed so far. A rack stays open until it is full. */
class NodeLayout {
  readonly nodes: PlannedNode[] = [];
  readonly domains = new Map<number, Domain>();
  readonly #slug: string;
  readonly #pods: ProfilePods | undefined;
  readonly #racksOfZone = new Map<string, number>();
  readonly #open = new Map<string, { rack: string; room: number }>();

  constructor(slug: string, pods: ProfilePods | undefined) {
    this.#slug = slug;
    this.#pods = pods;
  }

  /** Adds a machine to the pool's open rack in a zone, or to a new one; returns the rack. */
  add(pool: Pool, zone: string, machinesPerRack: number): string {
    const key = JSON.stringify([pool.archetype.name, pool.labels, zone]);
    let open = this.#open.get(key);
    if (open === undefined || open.room === 0) {
      const number = this.#racksOfZone.get(zone) ?? 0;
      this.#racksOfZone.set(zone, number + 1);
      open = { rack: `${zone}-r${number}`, room: machinesPerRack };
      this.#open.set(key, open);
    }
    open.room--;
    const { archetype } = pool;
    const index = this.nodes.length;
    this.nodes.push({
      name: `${this.#slug}-n${index}`,
      archetype: archetype.name,
      instanceType: archetype.instanceTypes[index % archetype.instanceTypes.length] ?? archetype.name,
      zone,
      rack: open.rack,
      labels: { ...podFieldsOf(this.#pods, archetype).nodeSelector, ...pool.labels },
      allocatable: allocatableOf(pool),
    });
    return open.rack;
  }
}

/** Whole racks, each with room for the largest gang and a spare machine; gangs go into the first rack that has room. */
function placeRackGangs(layout: NodeLayout, pool: Pool): void {
  const machines = rackMachines(pool);
  const racks: { domain: Domain; room: number }[] = [];
  for (const gang of pool.workloads) {
    let rack = racks.find(({ room }) => room >= gang.replicas);
    if (rack === undefined) {
      const zone = zoneOf(pool.archetype, racks.length);
      const names = Array.from({ length: machines }, () => layout.add(pool, zone, machines));
      rack = { domain: { zone, rack: names[0] ?? '' }, room: (machines - 1) * pool.podsPerMachine };
      racks.push(rack);
    }
    rack.room -= gang.replicas;
    layout.domains.set(gang.index, rack.domain);
  }
}

/** Each gang goes to the zone that has fewest Pods so far; each zone that got any has a spare machine. */
function placeZoneGangs(layout: NodeLayout, pool: Pool): void {
  const pods = new Map(zonesOf(pool.archetype).map((zone) => [zone, 0]));
  for (const gang of pool.workloads) {
    const [zone, load] = [...pods].reduce((least, entry) => (entry[1] < least[1] ? entry : least));
    pods.set(zone, load + gang.replicas);
    layout.domains.set(gang.index, { zone });
  }
  for (const [zone, load] of pods) {
    const machines = load === 0 ? 0 : Math.ceil(load / pool.podsPerMachine) + 1;
    for (let made = 0; made < machines; made++) layout.add(pool, zone, RACK_MACHINES);
  }
}

/**
 * Machines over the zones in turn, with one to spare. Where Pods must be spread, every zone gets its equal share with a
 * tenth (at least a machine) to spare: kube-scheduler fills Nodes evenly, but not exactly so.
 */
function placeServices(layout: NodeLayout, pool: Pool): void {
  const pods = pool.workloads.reduce((sum, workload) => sum + workload.replicas, 0);
  if (pods === 0) return;
  const zones = zonesOf(pool.archetype).length;
  const mustSpread =
    pool.archetype.spreadConstraint?.whenUnsatisfiable === 'DoNotSchedule' &&
    pool.workloads.some(({ spread }) => spread);
  const needed = Math.ceil(pods / pool.podsPerMachine);
  const perZone = Math.ceil(needed / zones);
  const machines = mustSpread ? zones * (perZone + Math.ceil(perZone / 10)) : needed + 1;
  for (let made = 0; made < machines; made++) layout.add(pool, zoneOf(pool.archetype, made), RACK_MACHINES);
}

function poolsOf(archetype: Archetype, podsPerMachine: number, workloads: readonly Workload[]): readonly Pool[] {
  const pools = new Map<string, Pool>();
  const poolOf = (labels: Workload['labels']): Pool => {
    const key = JSON.stringify(labels);
    const pool = pools.get(key) ?? { archetype, labels, podsPerMachine, workloads: [] };
    pools.set(key, pool);
    return pool;
  };
  for (const workload of workloads) {
    if (workload.archetype === archetype.name) poolOf(workload.labels).workloads.push(workload);
  }
  if (pools.size === 0) poolOf(Object.fromEntries(archetype.labelAxes.map(({ key }) => [key, 'v0'])));
  return [...pools.values()];
}

function rackMachines({ archetype, podsPerMachine, workloads }: Pool): number {
  if (!archetype.sameRack) return RACK_MACHINES;
  const largest = workloads.reduce(
    (most, { replicas }) => Math.max(most, replicas),
    archetype.groupSizeRange?.[1] ?? 1,
  );
  return Math.ceil(largest / podsPerMachine) + 1;
}

function allocatableOf({ archetype, podsPerMachine }: Pool): Record<string, string> {
  const largest = new Map<string, number>();
  for (const { resources } of archetype.sizeBuckets) {
    for (const [name, quantity] of Object.entries(resources)) {
      largest.set(name, Math.max(largest.get(name) ?? 0, quantityValue(quantity)));
    }
  }
  const amounts = [...largest].map(([name, amount]) => [name, formatQuantity(amount * podsPerMachine)] as const);
  return { ...Object.fromEntries(amounts), pods: String(Math.max(PODS_PER_NODE, podsPerMachine + 10)) };
}

function allArchetypes(catalogue: Catalogue): readonly Archetype[] {
  const every = [...catalogue.archetypes, ...catalogue.seedArchetypes, ...catalogue.demandArchetypes];
  return [...new Map(every.map((archetype) => [archetype.name, archetype])).values()];
}

function zonesOf(archetype: Archetype): readonly string[] {
  return archetype.zones.length > 0 ? archetype.zones : [ONLY_ZONE];
}

function zoneOf(archetype: Archetype, turn: number): string {
  const zones = zonesOf(archetype);
  return zones[turn % zones.length] ?? ONLY_ZONE;
}
