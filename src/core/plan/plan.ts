/** The numbers derived from profile and substrate before a campaign starts. */
export interface Plan {
  readonly totalPods: number;
  readonly clusterCount: number;
  readonly hostsNeeded: number;
  readonly rampDemandPodsPerSec: number;
  readonly rampSupplyPodsPerSec: number;
  readonly rampFeasible: boolean;
  readonly rampBudgetMs: number;
  readonly rampBudgetClause: string;
  readonly shardReplicas: number;
  readonly machinesEffective: number;
  readonly estimatedUsd: number;
  readonly usdPerHour: number;
  /** Machines by archetype and tier. */
  readonly seed: readonly SeedRow[];
  /** Upper bound of the events in the campaign's Temporal history. */
  readonly expectedHistoryEvents: number;
}

export interface SeedRow {
  readonly archetype: string;
  readonly expectedPods: number;
  readonly podsPerMachine: number;
  readonly machines: number;
  readonly gangFloor: number;
  readonly configured: number;
  readonly idle: number;
  readonly speculative: number;
  readonly spot: number;
}
