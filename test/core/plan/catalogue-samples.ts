import type { Archetype, Catalogue } from '../../../src/core/model/catalogue.ts';
import type { SeedRow } from '../../../src/core/plan/plan.ts';

/** An archetype that is plain unless told otherwise. */
export function archetype(change: Partial<Archetype> & { readonly name: string }): Archetype {
  return {
    weight: 1,
    instanceTypes: ['m6i.large', 'm6i.xlarge'],
    zones: ['zone-a', 'zone-b', 'zone-c'],
    sizeBuckets: [
      { weight: 60, resources: { cpu: '400m', memory: '500Mi' } },
      { weight: 40, resources: { cpu: '1', memory: '384Mi' } },
    ],
    priorityClasses: [100],
    interruptionPenalty: 0,
    reclamationPenalty: 0,
    podsPerNode: 0,
    meanLifetimeSeconds: 0,
    sameRack: false,
    sameZone: false,
    burstOnly: false,
    labelAxes: [],
    allowPartial: false,
    spreadConstraintProb: 0,
    ...change,
  };
}

/** A catalogue with everything that decides where a Pod may go: spread, gangs of a rack, gangs of a zone, axes, bursts. */
export const mixedCatalogue: Catalogue = catalogue([
  archetype({ name: 'web', weight: 40 }),
  archetype({
    name: 'api',
    weight: 20,
    instanceTypes: ['m6i.xlarge'],
    spreadConstraintProb: 0.75,
    spreadConstraint: { topologyKey: 'topology.kubernetes.io/zone', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' },
  }),
  archetype({ name: 'memory-cache', weight: 8, sameRack: true, groupSizeRange: [3, 5] }),
  archetype({
    name: 'train',
    weight: 6,
    instanceTypes: ['a3-highgpu-8g'],
    podsPerNode: 1,
    sizeBuckets: [{ weight: 1, resources: { cpu: '64', memory: '256Gi', 'nvidia.com/gpu': '8' } }],
    sameZone: true,
    groupSizeRange: [2, 4],
  }),
  archetype({ name: 'tenant', weight: 5, labelAxes: [{ key: 'example.com/tenant', count: 3 }] }),
  archetype({ name: 'spike', weight: 500, burstOnly: true }),
]);

export function catalogue(archetypes: readonly Archetype[]): Catalogue {
  return { name: 'sample', archetypes, seedArchetypes: [], demandArchetypes: [] };
}

export function seedRow(change: Partial<SeedRow> & { readonly archetype: string }): SeedRow {
  return {
    expectedPods: 0,
    podsPerMachine: 20,
    machines: 0,
    gangFloor: 0,
    configured: 0,
    idle: 0,
    speculative: 0,
    spot: 0,
    ...change,
  };
}

/** Rows of the mixed catalogue: twenty Pods a machine, whole machines for training. */
export const mixedRows: readonly SeedRow[] = mixedCatalogue.archetypes.map(({ name, podsPerNode }) =>
  seedRow({ archetype: name, podsPerMachine: podsPerNode > 0 ? podsPerNode : 20 }),
);
