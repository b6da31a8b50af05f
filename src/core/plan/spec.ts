import type { GateDefinition } from '../gates/model.ts';
import type { Profile } from '../model/profile.ts';
import type { Trigger } from '../model/trigger.ts';
import type { Stage } from '../model/stages.ts';
import type { Substrate } from '../model/substrate.ts';
import type { Catalogue } from '../model/catalogue.ts';
import type { CampaignTargets } from '../profile/targets.ts';
import type { StageDeadlines } from './deadline-model.ts';
import type { Plan } from './plan.ts';

/**
 * The stages of a campaign whose record lists none, because a version before such lists wrote it. This list never changes; the
 * stages of new campaigns are `STAGES`.
 */
export const FIRST_STAGES: readonly Stage[] = [
  'resolve',
  'provision',
  'install',
  'seed',
  'ramp',
  'steady',
  'soak',
  'snapshot',
  'judge',
  'teardown',
];

/**
 * A campaign, complete and hashed: what `resolve` makes of a workflow's input. Durations are integer milliseconds. It lies on
 * the campaign's host as `runs/<campaign>/spec.json`, and every activity finds it there by its hash. It contains no command
 * and no path of the worker's machine: processes come from the system file that `system` names, on the worker's own disk.
 */
export interface CampaignSpec {
  /** Folder name under `runs/`, value of the `belay.dev/campaign` label: safe for both. */
  readonly campaign: string;
  /** Short DNS label, unique per campaign; every object and cluster made for it starts with this. */
  readonly slug: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly trigger: Trigger;
  /** The stages in the order in which they run. Records of earlier versions lack it; they mean `FIRST_STAGES`. */
  readonly stages: readonly Stage[];
  /** Seed of every random draw, so that a retry replays the same arrivals. */
  readonly randomSeed: number;
  readonly profile: Profile;
  readonly substrate: Substrate;
  readonly catalogue: Catalogue;
  /** Name of the system file and the sha256 of its text when it was resolved. */
  readonly system: { readonly name: string; readonly sha256: string };
  /** The system brings its own machines (e.g. Karpenter): seed makes no Nodes. */
  readonly capacityFromSystem: boolean;
  /** Job of each scrape entry of the system; each has one target in every cluster. Records of earlier versions lack it. */
  readonly systemJobs?: readonly string[];
  /** By job: how often it is scraped, ms, where its entry says so. Absent: all as the rest of the campaign. */
  readonly scrapeIntervals?: Readonly<Record<string, number>>;
  readonly gates: readonly GateDefinition[];
  readonly plan: Plan;
  readonly deadlines: StageDeadlines;
  /** How long a failed campaign waits for a decision; 0 = not at all. */
  readonly holdMs: number;
  /** How long a borrowed cluster is waited for that another campaign uses, ms. Absent: not at all. */
  readonly targetWaitMs?: number;
  /** How long what it has is kept after it has begun, also when it has ended, ms. Absent: until its teardown. */
  readonly keepMs?: number;
  /** The existing clusters that it uses, as the command line has found them. Absent: the worker's own kubeconfig decides. */
  readonly targets?: CampaignTargets;
  /** Task queue of the host that holds the clusters, and of its load workers. */
  readonly hostQueue: string;
  readonly loadQueue: string;
  /** The clusters are placed on several hosts, for which the campaign waits. Absent: this host takes all of them. */
  readonly placement?: {
    readonly clusterCount: number;
    readonly hostWaitMs: number;
    /** Memory that the largest of them is estimated to need. */
    readonly clusterBytes?: number;
  };
  /** sha256 over everything above that decides what is tested (not ids, not trigger, not queues). */
  readonly specHash: string;
}
