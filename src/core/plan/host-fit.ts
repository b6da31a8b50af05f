import type { HostRoom, HostSize } from '../model/host-size.ts';
import type { Profile } from '../model/profile.ts';
import { traitsOf } from '../model/substrate-types.ts';
import type { Substrate } from '../model/substrate.ts';
import { counted } from '../text/counted.ts';
import { gigabytesInWords } from '../text/gigabytes.ts';
import { podsOfLargestCluster, podsOfSmallestCluster } from './cluster-pods.ts';
import {
  BELAY_BYTES,
  BELAY_CORES,
  CLUSTER_BYTES,
  CLUSTER_CORES,
  NODE_BYTES,
  POD_BYTES,
  POD_CPU_SEC,
} from './local-cost.ts';
import type { Plan } from './plan.ts';

/** What decides how much of its host a campaign needs. */
interface HostQuestion {
  readonly profile: Pick<Profile, 'loadProfile'>;
  readonly substrate: Pick<Substrate, 'type'>;
  readonly plan: Pick<Plan, 'totalPods' | 'clusterCount' | 'machinesEffective' | 'rampDemandPodsPerSec'>;
}

/** Whether the clusters of a campaign fit on their host, in a sentence where they do not, or hardly do. */
export type HostFit =
  { readonly fits: true; readonly warning?: string } | { readonly fits: false; readonly problem: string };

/** What a campaign with all its local clusters on one host is estimated to need of it; undefined where the host has no clusters. */
export function localNeeds({ profile, substrate, plan }: HostQuestion): HostSize | undefined {
  if (!traitsOf(substrate).madeOnAnyHost) return undefined;
  const { totalPods, clusterCount, machinesEffective, rampDemandPodsPerSec } = plan;
  const churnPodsPerSec = (totalPods * profile.loadProfile.churnPerMinute) / 60;
  return {
    memoryBytes: BELAY_BYTES + clusterCount * CLUSTER_BYTES + machinesEffective * NODE_BYTES + totalPods * POD_BYTES,
    cores: BELAY_CORES + clusterCount * CLUSTER_CORES + Math.max(rampDemandPodsPerSec, churnPodsPerSec) * POD_CPU_SEC,
  };
}

/** Memory that the largest local cluster of a campaign is estimated to need; 0 where the host has no clusters. */
export function clusterBytes({ substrate, plan }: Pick<HostQuestion, 'substrate' | 'plan'>): number {
  if (!traitsOf(substrate).madeOnAnyHost) return 0;
  const nodes = Math.ceil(plan.machinesEffective / plan.clusterCount);
  return CLUSTER_BYTES + nodes * NODE_BYTES + podsOfLargestCluster(plan) * POD_BYTES;
}

/**
 * Compares what a campaign needs with its host. Too little memory ends processes of the host, so it is a problem; too few cores make
 * a campaign late, so they are a warning. Where it is known what the host has free, the clusters have to fit in that: Temporal and a
 * worker are there already.
 */
export function hostFit(question: HostQuestion, host: HostSize | HostRoom): HostFit {
  const needs = localNeeds(question);
  if (needs === undefined) return { fits: true };
  const free = 'freeBytes' in host ? host : undefined;
  const has = `this host has ${sizeInWords(host)}${free === undefined ? '' : freeInWords(free)}`;
  const sentence = `${clustersInWords(question.plan)} about ${sizeInWords(needs)}; ${has}`;
  if (needs.memoryBytes > host.memoryBytes) {
    return {
      fits: false,
      problem: `${sentence}: they do not fit in its memory; allowed: fewer Pods, a larger host, or several hosts (docs/workers.md)`,
    };
  }
  if (free !== undefined && needs.memoryBytes - BELAY_BYTES > free.freeBytes) {
    return {
      fits: false,
      problem: `${sentence}: they do not fit in the memory that is free; allowed: fewer Pods, several hosts (docs/workers.md), or to wait until memory is free`,
    };
  }
  if (needs.cores <= host.cores) return { fits: true };
  return {
    fits: true,
    warning: `${sentence}: it will have no CPU left, the ramp may be late, and readings may not count`,
  };
}

/** Memory and cores in words, e.g. `9 GB and 6 cores`. */
export function sizeInWords({ memoryBytes, cores }: HostSize): string {
  return `${gigabytesInWords(memoryBytes)} and ${counted(Math.ceil(cores), 'core')}`;
}

function freeInWords({ freeBytes, reservedBytes, campaigns }: HostRoom): string {
  const free = `, and ${gigabytesInWords(freeBytes)} of its memory are free`;
  if (campaigns === 0) return free;
  return `${free} (${counted(campaigns, 'campaign')} under way reserved ${gigabytesInWords(reservedBytes)})`;
}

function clustersInWords(plan: HostQuestion['plan']): string {
  const [most, least] = [podsOfLargestCluster(plan), podsOfSmallestCluster(plan)].map((pods) =>
    pods.toLocaleString('en'),
  );
  const pods = most === least ? most : `${least} to ${most}`;
  return plan.clusterCount === 1
    ? `1 cluster with ${pods} Pods needs`
    : `${plan.clusterCount} clusters with ${pods} Pods each need`;
}
