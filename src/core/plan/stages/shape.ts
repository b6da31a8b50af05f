import { traitsOf } from '../../model/substrate-types.ts';
import type { Profile } from '../../model/profile.ts';
import type { Substrate } from '../../model/substrate.ts';
import type { System } from '../../model/system.ts';
import { budgetField } from '../call-budgets.ts';
import { podsOfLargestCluster } from '../cluster-pods.ts';
import type { CallBudgets, Wait } from '../deadline-model.ts';
import type { DemandPeak } from '../demand-peak.ts';
import {
  CALLS_PER_MANIFEST,
  GROUP_CLUSTERS,
  LIST_PAGE,
  OVERLOADED_PODS_PER_SECOND_FLOOR,
  UNANSWERED_LIMIT_MS,
} from '../limits.ts';
import type { Plan } from '../plan.ts';

/** Everything that the waits of a campaign depend on. */
export interface CampaignShape {
  readonly profile: Profile;
  readonly plan: Plan;
  readonly substrate: Substrate;
  readonly budgets: CallBudgets;
  readonly system: SystemShape;
  readonly peak: DemandPeak;
  /** The clusters are placed on several hosts, in groups. */
  readonly placed: boolean;
  /** A store is set, into which the finished run folder is put. */
  readonly storesEvidence: boolean;
  /** How long a borrowed cluster is waited for that another campaign uses, ms. */
  readonly targetWaitMs: number;
}

/** What the system file says about waits. */
export interface SystemShape {
  /** Calls that apply all manifests to one cluster; 0 without manifests. */
  readonly manifestCalls: number;
  readonly processesPerCluster: number;
  /** Helm charts installed into one cluster. */
  readonly chartsPerCluster: number;
  /** Entries of `scrape`. */
  readonly scrapeEntries: number;
  /** The system creates the Nodes, so that seed creates none. */
  readonly makesNodes: boolean;
}

/** Upper bounds that hold for every shipped system. */
export const DEFAULT_SYSTEM_SHAPE: SystemShape = {
  manifestCalls: 40,
  processesPerCluster: 2,
  chartsPerCluster: 1,
  scrapeEntries: 1,
  makesNodes: false,
};

/** What a system file says about waits. */
export function systemShape({ install, capacity, scrape }: System): SystemShape {
  return {
    manifestCalls: install.manifests.length * CALLS_PER_MANIFEST,
    processesPerCluster: install.processes.length,
    chartsPerCluster: install.helm === undefined ? 0 : 1,
    scrapeEntries: scrape.length,
    makesNodes: capacity === 'system',
  };
}

/** A wait of `count` call budgets, one after another. */
export function callWait(shape: CampaignShape, what: string, name: keyof CallBudgets, count = 1): Wait {
  return { what, count, eachMs: shape.budgets[name], field: budgetField(name) };
}

/** A wait with items, of which `atOnce` run at once and each has `perItem` call budgets. */
export function itemWait(
  shape: CampaignShape,
  what: string,
  name: keyof CallBudgets,
  items: { readonly total: number; readonly atOnce: number; readonly perItem?: number },
): Wait {
  const { total, atOnce, perItem = 1 } = items;
  return { ...callWait(shape, what, name, Math.ceil(total / atOnce) * perItem), perItem, atOnce };
}

/** The wait of requests for a server that refuses or does not answer for a while. */
export function answerWait(what: string): Wait {
  return { what: `${what} of a server that does not answer`, count: 1, eachMs: UNANSWERED_LIMIT_MS, yields: true };
}

/** The wait for a server that is so overloaded that it takes only a few Pods a second, or does not answer for a while. */
export function overloadWait(shape: CampaignShape): Wait {
  const pods = largestCluster(shape);
  const seconds = secondsOf(pods, OVERLOADED_PODS_PER_SECOND_FLOOR) + UNANSWERED_LIMIT_MS / 1_000;
  return {
    what: `an overloaded server, at least ${OVERLOADED_PODS_PER_SECOND_FLOOR} Pods a second in a cluster`,
    count: seconds,
    eachMs: 1_000,
    yields: true,
  };
}

/** Clusters of one host: all of them, except where hosts work side by side: on a hosted substrate, and in groups. */
export function clustersOnHost({ plan, substrate, placed }: CampaignShape): number {
  if (placed) return Math.min(plan.clusterCount, GROUP_CLUSTERS);
  return traitsOf(substrate).hostsWorkInParallel
    ? Math.min(plan.clusterCount, substrate.cluster.clustersPerHost)
    : plan.clusterCount;
}

/** The most Pods that one cluster has at once. */
export function largestCluster({ plan, peak }: Pick<CampaignShape, 'plan' | 'peak'>): number {
  return Math.max(1, podsOfLargestCluster(plan)) + peak.bindable + peak.extra;
}

/**
 * Upper bound of the Nodes of one cluster. Nodes are laid out around the gangs that were drawn, which may take more Nodes than
 * the rows of the seed. A Pod of a burst may need a Node of its own.
 */
export function nodesOfCluster({ plan, peak }: CampaignShape): number {
  const seeded = plan.seed.reduce((sum, row) => sum + row.configured + row.idle, 0);
  return 2 * Math.ceil(Math.max(seeded, plan.machinesEffective) / Math.max(1, plan.clusterCount)) + peak.bindable;
}

/** Pages of a list of `objects`. An empty list has one page. */
export function pagesOf(objects: number): number {
  return Math.max(1, Math.ceil(objects / LIST_PAGE));
}

/** Seconds that `objects` take at `perSecond`, at least 1. */
export function secondsOf(objects: number, perSecond: number): number {
  return Math.max(1, Math.ceil(objects / perSecond));
}
