/**
 * The five kinds of file a user edits, as they are after parsing: defaults filled in, durations in integer milliseconds,
 * names as in the file otherwise. Fields shared with BigFleet's V2 files keep its names, units and meaning
 * (`reference/bigfleet-harness.md` §3-5). Types only; parsing lies beside this file.
 */

export interface Metadata {
  readonly name: string;
  readonly description: string;
}

/** What is tested. */
export interface Profile {
  readonly metadata: Metadata;
  readonly scale: { readonly machines: number; readonly density: number };
  /** Name of the catalogue, a file in `archetypes/` beside the profile. */
  readonly catalog: { readonly archetypes: string };
  readonly seed: {
    /** Share of the effective machines that exist and are bound before the ramp, 0..1. */
    readonly configuredFraction: number;
    readonly speculativeMultiplier: number;
    /** Absolute per shard; exclusive with the multiplier. */
    readonly speculativeCount: number;
    readonly spotCount: number;
    readonly idleHeadroomFraction: number;
    readonly preBind: boolean;
  };
  readonly loadProfile: {
    readonly rampSeconds: number;
    readonly soakSeconds: number;
    /** Share of the target Pods replaced each minute. */
    readonly churnPerMinute: number;
    readonly settleSeconds: number;
    readonly arrival: Arrival;
    readonly bursts: readonly Burst[];
    readonly scaleDowns: readonly DemandChange[];
    readonly demandSteps: readonly DemandChange[];
    readonly openLoopDemandMultiplier: number;
  };
  /** 0 = derived (see plan). */
  readonly rampBudgetMs: number;
  readonly runnerActions: readonly RunnerAction[];
  readonly topology: { readonly shardReplicas: number; readonly coordinatorReplicas: number };
  readonly shard: { readonly failureRatePerSec: number };
  readonly slo: Slo;
  /** Belay's own fields. */
  readonly system: string;
  /** Changes to the system's gates by name, or whole gates of the profile's own. */
  readonly gates: Readonly<Record<string, GatePatch>>;
  /** Inner waits in ms that the profile sets; the rest are defaults. */
  readonly deadlines: Partial<InnerWaits>;
  /** Refused by `belay plan` when over; 0 = no limit. */
  readonly budget: { readonly usd: number; readonly wallClockMs: number };
  /** Undefined = decided by who starts it. */
  readonly holdMs?: number;
  /** Seed of every random draw. */
  readonly randomSeed: number;
}

/** Shape of arrivals over the ramp. */
export type Arrival = 'constant' | 'poisson' | 'steps' | 'spread';

export interface Burst {
  /** Into the soak. Below 0, in the ramp, only in files of upstream's version: see `intoSoak`. */
  readonly atSeconds: number;
  readonly archetype: string;
  readonly extraTarget: number;
  /** 0 = never drained. */
  readonly durationSeconds: number;
  readonly selectivity: number;
}

export interface DemandChange {
  /** Into the soak. Below 0, in the ramp, only in files of upstream's version: see `intoSoak`. */
  readonly atSeconds: number;
  readonly targetMultiplier: number;
}

/** Something done to the cluster at a moment of the soak, e.g. `fail-node`, `kill-coordinator-leader`. */
export interface RunnerAction {
  readonly atSeconds: number;
  readonly action: string;
}

/** Upstream's bars; an absent key is absent here. */
export interface Slo {
  readonly internalBindingLatencyP99Seconds?: number;
  readonly shardCycleDurationP99Seconds?: number;
  readonly operatorRollupP99Seconds?: number;
  readonly operatorAckP99Seconds?: number;
  readonly maxReclaimActionsDuringSoak?: number;
  readonly shardConfigurePhaseP99Seconds?: number;
  readonly bootstrapSuccessRatio?: number;
  readonly operatorNodeStateUpdateP99Seconds?: number;
  readonly endToEndPodBindP50Seconds?: number;
  readonly expectStandingShortfall?: boolean;
  readonly shortfallStabilityMax?: number;
  readonly expectPreemptions?: boolean;
  readonly shortfallConfinedBelowPriorityClass?: string;
  readonly expectCostRouting?: boolean;
  readonly costRoutingTolerantPenaltyBucket?: string;
  readonly costRoutingSensitivePenaltyBucket?: string;
  readonly costRoutingMisroutedMax?: number;
}

/** Waits and budgets a profile may set (`deadlines:`), integer ms. Field in the file: the name without `Ms`, a duration. */
export interface InnerWaits {
  readonly clusterReadyMs: number;
  readonly nodeReadyMs: number;
  readonly podReadyMs: number;
  readonly systemReadyMs: number;
  readonly apiCallMs: number;
  readonly queryMs: number;
  readonly snapshotMs: number;
  readonly processStopMs: number;
  readonly gateIntervalMs: number;
  /** Outer limits, where a profile insists; refused if an inner wait does not fit. */
  readonly provisionMs: number;
  readonly installMs: number;
  readonly seedMs: number;
  readonly rampMs: number;
  readonly steadyMs: number;
  readonly teardownMs: number;
}

/** A gate as it stands in a file: every part optional, because a profile may change just a bar. */
export interface GatePatch {
  readonly description?: string;
  readonly unit?: string;
  readonly query?: string;
  readonly ratio?: { readonly numerator: string; readonly denominator: string };
  readonly delta?: { readonly counter: string };
  readonly min?: number;
  readonly max?: number;
  readonly bar?: 'held' | 'scaled' | 'informational';
  /** Steps of a scaled bar: the first whose `upTo` is not below the measure of scale applies; the last has no `upTo`. */
  readonly scale?: {
    readonly by: 'machines' | 'pods' | 'clusters';
    readonly steps: readonly { readonly upTo?: number; readonly min?: number; readonly max?: number }[];
  };
  readonly failFast?: boolean;
  /** `soak`, or ms. */
  readonly windowMs?: number | 'soak';
  readonly minSamples?: number;
  readonly job?: string;
  readonly topFiniteBucket?: number;
  readonly unmeasured?: 'fail' | 'allow';
}

/** Where: local kwok clusters, existing contexts, or kwok clusters hosted as pods. */
export interface Substrate {
  readonly metadata: Metadata;
  readonly type: 'local' | 'kubeconfig' | 'hosted';
  readonly host: { readonly vCPU: number; readonly memoryGiB: number };
  readonly cluster: {
    readonly podsPerCluster: number;
    readonly clustersPerHost: number;
    readonly storage: 'etcd' | 'kine';
    readonly bindThroughputPodsPerSec: number;
  };
  readonly kwokPod?: {
    readonly requests: { readonly cpu: string; readonly memory: string };
    readonly limits: { readonly cpu: string; readonly memory: string };
    readonly sharedVolumeSizeLimit?: string;
  };
  readonly costEstimate: { readonly perHostUsdPerHour: number; readonly notes: string };
  readonly provisioning: string;
  /** `kubeconfig` only: contexts in order, one cluster each; `file` empty = the user's own. */
  readonly kubeconfig?: { readonly file: string; readonly contexts: readonly string[] };
  /** `local` only: environment of the cluster's processes (e.g. GOGC) and seconds of delay before a Node turns Ready. */
  readonly local?: { readonly env: Readonly<Record<string, string>>; readonly nodeReadyDelaySeconds: number };
}

/** One kind of Pod. */
export interface Archetype {
  readonly name: string;
  readonly weight: number;
  readonly instanceTypes: readonly string[];
  readonly zones: readonly string[];
  readonly sizeBuckets: readonly { readonly weight: number; readonly resources: Readonly<Record<string, string>> }[];
  readonly priorityClasses: readonly number[];
  readonly interruptionPenalty: number;
  readonly reclamationPenalty: number;
  /** 0 = density or one, see plan. */
  readonly podsPerNode: number;
  /** 0 = immortal. */
  readonly meanLifetimeSeconds: number;
  readonly sameRack: boolean;
  readonly sameZone: boolean;
  readonly groupSizeRange?: readonly [number, number];
  readonly burstOnly: boolean;
  readonly labelAxes: readonly { readonly key: string; readonly count: number }[];
  readonly allowPartial: boolean;
  readonly spreadConstraintProb: number;
  readonly spreadConstraint?: {
    readonly topologyKey: string;
    readonly maxSkew: number;
    readonly whenUnsatisfiable: 'DoNotSchedule' | 'ScheduleAnyway';
  };
}

export interface Catalogue {
  readonly name: string;
  readonly archetypes: readonly Archetype[];
  readonly seedArchetypes: readonly Archetype[];
  readonly demandArchetypes: readonly Archetype[];
}

/** How the system under test is installed, known to be ready, scraped and gated. */
export interface System {
  readonly metadata: Metadata;
  /** The system makes the machines itself. */
  readonly capacity: 'belay' | 'system';
  readonly install: {
    /** Files beside the system file, applied server-side in order; `module:` = a file of a Go module in the toolchain. */
    readonly manifests: readonly { readonly path: string; readonly module?: string }[];
    readonly helm?: {
      readonly chart: string;
      readonly release: string;
      readonly namespace: string;
      readonly values: unknown;
    };
    readonly processes: readonly SystemProcess[];
  };
  readonly ready: {
    /** HTTP paths of the processes, or objects and conditions, or CRDs that must be served. */
    readonly crds: readonly string[];
    readonly http: readonly { readonly process: string; readonly port: string; readonly path: string }[];
    readonly timeoutMs: number;
  };
  readonly scrape: readonly {
    readonly job: string;
    readonly process?: string;
    readonly port?: string;
    readonly url?: string;
    readonly path: string;
  }[];
  readonly gates: Readonly<Record<string, GatePatch>>;
}

/** A local process of the system, one per cluster: `${port.NAME}`, `${kubeconfig}`, `${cluster}`, `${slug}`, `${folder}` are filled in. */
export interface SystemProcess {
  readonly name: string;
  /** Name of a tool of the toolchain (e.g. `karpenter`) or an absolute path. */
  readonly tool: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Names of ports to pick free ones for. */
  readonly ports: readonly string[];
  readonly restart: boolean;
}

/** Campaigns in order of size; the climb stops at the first that is not green. */
export interface Ladder {
  readonly metadata: Metadata;
  readonly rungs: readonly {
    readonly profile: string;
    readonly substrate: string;
    readonly overrides: Readonly<Record<string, unknown>>;
  }[];
  readonly schedule?: {
    readonly calendars: readonly { readonly hour: number; readonly minute: number; readonly dayOfWeek?: string }[];
    readonly timezone: string;
    readonly catchupMs: number;
    readonly paused: boolean;
  };
}
