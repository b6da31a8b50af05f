import type { CallBudgets } from '../../core/plan/deadline-model.ts';
import type { ClusterPart } from '../../core/model/substrate-types.ts';
import type { Kubelet } from '../../core/plan/node-status.ts';
import type { CampaignSpec } from '../../core/plan/spec.ts';
import type { TrialObjects } from '../../core/plan/trial-objects.ts';
import type { ClusterRecord } from '../host/ledger.ts';
import type { ScrapeTarget } from '../prometheus/scrape-config.ts';

/** Where the tools of the toolchain lie, by name. What `ensureTools` returns fits. */
export type ToolPaths = ReadonlyMap<string, { readonly path: string }>;

/** The part of a campaign's specification that a substrate needs; a whole `CampaignSpec` fits. */
export type SubstrateSpec = Pick<
  CampaignSpec,
  'campaign' | 'runId' | 'slug' | 'substrate' | 'targets' | 'capacityFromSystem'
> & {
  readonly deadlines: { readonly budgets: Pick<CallBudgets, 'clusterReadyMs' | 'apiCallMs' | 'processStopMs'> };
};

/** Called at every step forward, never while nothing moves: what may become a heartbeat. */
type OnProgress = (done: number, total: number, detail: string) => void;

export interface ProvisionRequest {
  readonly spec: SubstrateSpec;
  /** Index of the first cluster: the other hosts of the campaign have those before it and after the last one. */
  readonly firstCluster: number;
  readonly clusterCount: number;
  readonly tools: ToolPaths;
  /** How long to wait for a borrowed cluster that another campaign uses, ms; and the page of this campaign, for others. */
  readonly lease: { readonly waitMs: number; readonly link: string };
  /**
   * What is tried in a borrowed cluster before anything is created in it, by the index of the cluster. Absent for a campaign that an
   * earlier version resolved: it has no time for it.
   */
  readonly trial?: { readonly objects: (clusterIndex: number) => TrialObjects; readonly budgetMs: number };
  /** Called with what a borrowed cluster cannot show, one sentence each. */
  readonly onUnsearched?: (line: string) => void;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/** Targets of a cluster, and those parts of it that cannot be scraped, each with the reason. */
export interface ScrapeTargets {
  readonly targets: readonly ScrapeTarget[];
  readonly absent: readonly { readonly job: ClusterPart; readonly reason: string }[];
}

/** A log file of a cluster's component, for evidence to copy. */
export interface ClusterLog {
  readonly component: string;
  readonly path: string;
}

/** What both substrates do. Every method can be called again after it was cut off anywhere, and then finishes its work. */
export interface SubstrateAdapter {
  /**
   * Brings up a host's clusters of a campaign, or takes up those that are there already, until their API answers and lists
   * nodes. Each is in the ledger before anything of it is made.
   * @throws Error naming the cluster, what was waited for, and the last lines of the log of what failed
   */
  provision(request: ProvisionRequest): Promise<readonly ClusterRecord[]>;
  /** Where the parts of a cluster are scraped. */
  scrapeTargets(cluster: ClusterRecord, signal: AbortSignal): Promise<ScrapeTargets>;
  /** What answers in place of kubelets, where Nodes may be Ready from their creation on; undefined where something turns them Ready later. */
  kubelet(cluster: ClusterRecord): Kubelet | undefined;
  /** Whether a Node with the taint of a fault turns NotReady in a cluster, as if its kubelet were dead. */
  showsFailedNodes(cluster: ClusterRecord): boolean;
  /** Log files of a cluster's components on this host; none for clusters that are not ours. */
  clusterLogs(cluster: ClusterRecord): readonly ClusterLog[];
  /**
   * Removes what the campaign made: an owned cluster whole, from a borrowed one only objects labelled with the campaign.
   * @throws Error when something is left at the end
   */
  remove(cluster: ClusterRecord, signal: AbortSignal): Promise<void>;
}
