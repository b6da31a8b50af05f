import type { Metadata } from './metadata.ts';
import type { GatePatch } from './gate-patch.ts';
import type { ProfilePods } from './pod-fields.ts';

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
  /** What the Pods carry. Absent = nothing beyond what Belay needs. */
  readonly pods?: ProfilePods;
  readonly system: string;
  /** Changes to the system's gates by name, or whole gates of the profile's own. */
  readonly gates: Readonly<Record<string, GatePatch>>;
  /** Readings of a host that had no CPU left are unmeasured. Absent = false. */
  readonly requireQuietHost?: boolean;
  /** Inner waits in ms that the profile sets; the rest are defaults. */
  readonly deadlines: Partial<InnerWaits>;
  /** Refused by `belay plan` when over; 0 = no limit. */
  readonly budget: { readonly usd: number; readonly wallClockMs: number };
  /** How long the campaign waits for hosts with free capacity. Undefined = the default. */
  readonly hostWaitMs?: number;
  /** Undefined = decided by who starts it. */
  readonly holdMs?: number;
  /** Seed of every random draw. */
  readonly randomSeed: number;
}

/** Shape of arrivals over the ramp. */
export type Arrival = 'constant' | 'poisson' | 'steps' | 'spread';

export interface Burst {
  /** Seconds into the soak. Below 0 = during the ramp, only in files of BigFleet's version. */
  readonly atSeconds: number;
  readonly archetype: string;
  readonly extraTarget: number;
  /** 0 = never drained. */
  readonly durationSeconds: number;
  readonly selectivity: number;
}

interface DemandChange {
  /** Seconds into the soak. Below 0 = during the ramp, only in files of BigFleet's version. */
  readonly atSeconds: number;
  readonly targetMultiplier: number;
}

/** Clusters in which a fault is injected. `random`: one that is drawn from the campaign's seed. */
export type FaultTargets = 'first' | 'each' | 'random';

/** A fault that is injected at a moment of the soak, e.g. `fail-node`, `kill-coordinator-leader`. */
export interface RunnerAction {
  readonly atSeconds: number;
  readonly action: string;
  /** Absent = `first`. */
  readonly on?: FaultTargets;
}

/** Bars under BigFleet's names; a key that the file does not have is absent. */
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
