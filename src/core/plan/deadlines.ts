import type { Stage } from '../campaign/stages.ts';

/** Time limits of one stage's activity, integer milliseconds. */
export interface StageDeadline {
  /** One attempt (Temporal's start-to-close). */
  readonly attemptMs: number;
  readonly attempts: number;
  /** All attempts with back-off and queue wait (Temporal's schedule-to-close). */
  readonly stageMs: number;
  readonly heartbeatMs: number;
  /** How long to wait for a worker (Temporal's schedule-to-start). */
  readonly queueWaitMs: number;
  /** First retry delay. */
  readonly backoffMs: number;
  /** The inner waits it was derived from, for `belay plan` and for error messages. */
  readonly derivation: readonly DerivationStep[];
}

/** One term of a derivation: `count` waits of `eachMs`, one after another. */
export interface DerivationStep {
  readonly what: string;
  readonly count: number;
  readonly eachMs: number;
}

/** Every stage's limits, and those of the campaign around them. */
export interface StageDeadlines {
  readonly stages: Readonly<Record<Stage, StageDeadline>>;
  /** Budgets of single external calls inside the stages. */
  readonly budgets: CallBudgets;
  readonly holdMs: number;
  /** Sum of all stages plus hold: what observers (janitor, schedule, lease) must outlast. */
  readonly campaignMs: number;
  /** Age at which labelled leftovers count as abandoned. */
  readonly janitorMs: number;
}

/** Budgets of single external calls, integer milliseconds. */
export interface CallBudgets {
  readonly clusterReadyMs: number;
  readonly nodeReadyMs: number;
  readonly podReadyMs: number;
  readonly apiCallMs: number;
  readonly queryMs: number;
  readonly snapshotMs: number;
  readonly systemReadyMs: number;
  readonly processStopMs: number;
  readonly gateIntervalMs: number;
}
