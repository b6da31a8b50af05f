import { stringify } from 'yaml';
import type { Belay } from './belay-cli.ts';

/** What a test's profile differs in from the small one. */
export interface SmallProfile {
  readonly name: string;
  readonly machines?: number;
  readonly density?: number;
  readonly rampSeconds?: number;
  readonly soakSeconds?: number;
  readonly failNodeAtSeconds?: number;
  readonly system?: string;
  readonly gates?: Readonly<Record<string, unknown>>;
  readonly deadlines?: Readonly<Record<string, string>>;
  /** Any other field of a profile. */
  readonly more?: Readonly<Record<string, unknown>>;
}

/** A profile that a laptop runs in half a minute: 6 machines, 36 Pods, ramp 3 s, soak 8 s, gates read every 2 s. */
export function smallProfile(given: SmallProfile): string {
  const { failNodeAtSeconds } = given;
  return stringify({
    apiVersion: 'belay.dev/v1',
    kind: 'Profile',
    metadata: { name: given.name, description: 'a small campaign of the tests' },
    system: given.system ?? 'kube-scheduler',
    scale: { machines: given.machines ?? 6, density: given.density ?? 6 },
    catalog: { archetypes: 'small' },
    loadProfile: { rampSeconds: given.rampSeconds ?? 3, soakSeconds: given.soakSeconds ?? 8, churnPerMinute: 1 },
    ...(failNodeAtSeconds === undefined
      ? {}
      : { runnerActions: [{ atSeconds: failNodeAtSeconds, action: 'fail-node' }] }),
    ...(given.gates === undefined ? {} : { gates: given.gates }),
    deadlines: { gateInterval: '2s', query: '2s', ...given.deadlines },
    ...given.more,
  });
}

/** The catalogue of {@link smallProfile}. */
export const SMALL_CATALOGUE: string = stringify({
  apiVersion: 'belay.dev/v1',
  kind: 'Catalogue',
  metadata: { name: 'small', description: 'two kinds of Pods' },
  archetypes: [
    {
      name: 'web',
      weight: 60,
      instanceTypes: ['m6i.4xlarge'],
      zones: ['zone-a', 'zone-b'],
      sizeBuckets: [{ weight: 100, resources: { cpu: '250m', memory: '256Mi' } }],
      priorityClasses: [1000],
      interruptionPenalty: 64,
      reclamationPenalty: 128,
    },
    {
      name: 'batch',
      weight: 40,
      instanceTypes: ['c6i.8xlarge'],
      zones: ['zone-a', 'zone-b'],
      sizeBuckets: [{ weight: 100, resources: { cpu: '1', memory: '512Mi' } }],
      priorityClasses: [100],
      interruptionPenalty: 8,
      reclamationPenalty: 16,
    },
  ],
});

/** Puts a small profile, and its catalogue, where Belay finds it by name. @returns the name */
export function addProfile(belay: Belay, given: SmallProfile): string {
  belay.write('files/profiles/archetypes/small.yaml', SMALL_CATALOGUE);
  belay.write(`files/profiles/${given.name}.yaml`, smallProfile(given));
  return given.name;
}

/** A gate that is measured from the first reading on and never holds: there always are Pods. */
export const BROKEN_GATE = {
  description: 'Pods that are bound; there are always more than none',
  unit: 'Pods',
  query: 'sum(belay_pods_bound{campaign="$campaign"})',
  max: 0,
  bar: 'held',
  failFast: true,
  job: 'belay-worker',
} as const;

/**
 * Puts a substrate like `local`, but whose Nodes take some time to become Ready, where Belay finds it.
 * @param usdPerHour what its host costs @returns its name
 */
export function addSlowSubstrate(belay: Belay, nodeReadyDelaySeconds: number, usdPerHour = 0): string {
  const name = `slow-${nodeReadyDelaySeconds}-${usdPerHour}`;
  const text = stringify({
    apiVersion: 'belay.dev/v1',
    kind: 'Substrate',
    metadata: { name, description: `Nodes are Ready after ${nodeReadyDelaySeconds} s` },
    type: 'local',
    host: { vCPU: 2, memoryGiB: 8 },
    cluster: { podsPerCluster: 5_000, clustersPerHost: 4, storage: 'etcd', bindThroughputPodsPerSec: 100 },
    costEstimate: { perHostUsdPerHour: usdPerHour, notes: '' },
    provisioning: '',
    local: { env: {}, nodeReadyDelaySeconds },
  });
  belay.write(`files/substrates/${name}.yaml`, text);
  return name;
}

/** Puts a substrate like `local` where Belay finds it, whose clusters take only so many Pods. */
export function addSubstrateOfClusters(belay: Belay, name: string, podsPerCluster: number): void {
  belay.write(`files/substrates/${name}.yaml`, substrateOfClusters(name, podsPerCluster));
}

/** A substrate like `local`, whose clusters take only so many Pods, and whose Nodes may take some time to become Ready. */
export function substrateOfClusters(name: string, podsPerCluster: number, nodeReadyDelaySeconds = 0): string {
  return stringify({
    apiVersion: 'belay.dev/v1',
    kind: 'Substrate',
    metadata: { name, description: `clusters of ${podsPerCluster} Pods` },
    type: 'local',
    host: { vCPU: 2, memoryGiB: 8 },
    cluster: { podsPerCluster, clustersPerHost: 4, storage: 'etcd', bindThroughputPodsPerSec: 100 },
    local: { env: {}, nodeReadyDelaySeconds },
  });
}
