import type { SoakPart, Stage } from '../model/stages.ts';

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
  /** The steps it was derived from and its margin: for `belay plan`, for error messages, and for the code that runs the steps. */
  readonly derivation: readonly DerivationStep[];
}

/** The wait of one step: `count` waits of `eachMs`, one after another. */
export interface Wait {
  readonly what: string;
  readonly count: number;
  readonly eachMs: number;
  /** The field of the profile (or system, substrate) that sets `eachMs`. Absent: a constant of Belay. */
  readonly field?: string;
  /** A step with items, e.g. clusters: how many waits of `eachMs` one item has. Absent: 1. */
  readonly perItem?: number;
  /** A step with items: how many of them run at once. Absent: 1. */
  readonly atOnce?: number;
  /** The longest time without progress. Absent: the whole step. */
  readonly stallMs?: number;
  /** A wait for what should not happen. Under a limit that the profile sets for the stage, it has what the other waits leave. */
  readonly yields?: boolean;
}

/** One term of a derivation. The sum of the terms is one attempt. */
export interface DerivationStep extends Wait {
  /** Name of the step, by which the stage runs it, or `margin`. Campaigns of earlier versions recorded none. */
  readonly id: string;
}

/** The limits of every stage, and those of the campaign around them. */
export interface StageDeadlines {
  readonly stages: Readonly<Record<Stage, StageDeadline>>;
  /** The activities of a soak over several groups. Absent where all clusters are on one host. */
  readonly soakParts?: Readonly<Record<SoakPart, StageDeadline>>;
  /** Budgets of single external calls inside the stages. */
  readonly budgets: CallBudgets;
  readonly holdMs: number;
  /** Sum of all stages plus hold. Every observer (janitor, schedule, lease) waits longer. */
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
