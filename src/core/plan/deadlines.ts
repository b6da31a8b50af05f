import { STAGES } from '../model/stages.ts';
import type { Stage } from '../model/stages.ts';
import type { Profile } from '../model/profile.ts';
import type { Substrate } from '../model/substrate.ts';
import { callBudgets } from './call-budgets.ts';
import { refuseEndless, refuseOuter, sumOf } from './deadline-errors.ts';
import type { DeadlineError } from './deadline-errors.ts';
import type { DemandPeak } from './demand-peak.ts';
import type { Plan } from './plan.ts';
import { DEFAULT_SYSTEM_SHAPE, stageWaits } from './stage-waits.ts';
import type { SystemShape } from './stage-waits.ts';

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

/** One term of a derivation: `count` waits of `eachMs`, one after another. An attempt is the sum of its terms. */
export interface DerivationStep {
  readonly what: string;
  readonly count: number;
  readonly eachMs: number;
  /** The field of the profile (or system, substrate) that sets `eachMs`; absent for a constant of Belay's own. */
  readonly field?: string;
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

/** A beat is sent this often while a bounded step makes progress. */
export const BEAT_PERIOD_MS = 5_000;
/** Silence after which a worker counts as dead; the SDK passes on a beat at most every 0.8 of it. */
export const HEARTBEAT_MS = 20_000;
/** Every stage survives two dead workers. */
export const ATTEMPTS = 3;
/** How long a stage waits for a worker on its queue: time to start one again by hand. */
export const QUEUE_WAIT_MS = 300_000;
/** First retry delay, and the factor between delays. */
export const BACKOFF_MS = 1_000;
export const BACKOFF_COEFFICIENT = 2;
/** How long a failed campaign waits for a decision where nothing else is said. */
export const DEFAULT_HOLD_MS = 1_800_000;
/** What a limit set by hand must have above its inner waits. */
export const MIN_MARGIN_MS = 10_000;
/** No attempt is shorter: a heartbeat limit has to be well below the attempt it watches. */
export const MIN_ATTEMPT_MS = 3 * HEARTBEAT_MS;
/** The waits of one attempt may not sum to more: timers hold 31 bits of ms, and the margin is a fifth. */
export const MAX_ATTEMPT_MS = Math.floor((2 ** 31 - 1) / 1.2);
/** What a campaign has above its stages and hold, for the workflow's own tasks. */
export const CAMPAIGN_GRACE_MS = 300_000;
/** What an observer has above the campaign it observes. */
export const OBSERVER_GRACE_MS = 3_600_000;

/** What deadlines are derived from. */
export interface DeadlineInput {
  readonly profile: Profile;
  readonly plan: Plan;
  readonly substrate: Substrate;
  /** Counts out of the system file, and its own readiness limit in ms; upper bounds where left out. */
  readonly system?: Partial<SystemShape> & { readonly readyTimeoutMs?: number };
  /** What the soak adds to the Pods of the ramp; nothing where left out. */
  readonly peak?: DemandPeak;
  /** Overrides the profile's hold, e.g. 0 for a scheduled run. */
  readonly holdMs?: number;
}

/** Deadlines, or every inequality the profile breaks. */
export type DeadlineResult =
  | { readonly ok: true; readonly deadlines: StageDeadlines }
  | { readonly ok: false; readonly errors: readonly DeadlineError[] };

/** Stages for which a profile may set the limit of one attempt. */
const OUTER_LIMITS = ['provision', 'install', 'seed', 'ramp', 'steady', 'teardown'] as const satisfies readonly Stage[];

/**
 * Derives every limit of a campaign from the waits inside it, so that no outer limit can be shorter than what it contains:
 * attempt > sum of serial inner waits; stage >= attempts x (attempt + queue wait) + back-off; campaign > sum of stages +
 * hold; janitor > campaign. A limit that the profile sets by itself (`deadlines.seed`, …) is that of one attempt, and is
 * refused when its inner waits and a margin do not fit; all refusals come at once.
 */
export function deriveDeadlines(input: DeadlineInput): DeadlineResult {
  const { profile, plan, substrate } = input;
  const { budgets, errors: budgetErrors } = callBudgets(profile, input.system?.readyTimeoutMs);
  const errors: DeadlineError[] = [...budgetErrors];
  const waits = stageWaits({
    profile,
    plan,
    substrate,
    budgets,
    system: { ...DEFAULT_SYSTEM_SHAPE, ...input.system },
    peak: input.peak ?? { bindable: 0, extra: 0 },
  });
  for (const stage of OUTER_LIMITS) {
    const limitMs = profile.deadlines[`${stage}Ms`];
    if (limitMs === undefined) continue;
    const refusal = refuseOuter(`deadlines.${stage}`, limitMs, waits[stage], MIN_MARGIN_MS, MIN_ATTEMPT_MS);
    if (refusal !== undefined) errors.push(refusal);
  }
  if (errors.length > 0) return { ok: false, errors };

  for (const stage of STAGES) {
    const refusal = refuseEndless(stage, waits[stage], MAX_ATTEMPT_MS);
    if (refusal !== undefined) errors.push(refusal);
  }
  if (errors.length > 0) return { ok: false, errors };

  const stages = Object.fromEntries(
    STAGES.map((stage) => [stage, deadlineOf(waits[stage], limitOf(profile, stage))]),
  ) as Record<Stage, StageDeadline>;
  const holdMs = input.holdMs ?? profile.holdMs ?? DEFAULT_HOLD_MS;
  const campaignMs = STAGES.reduce((sum, stage) => sum + stages[stage].stageMs, 0) + holdMs + CAMPAIGN_GRACE_MS;
  return { ok: true, deadlines: { stages, budgets, holdMs, campaignMs, janitorMs: campaignMs + OBSERVER_GRACE_MS } };
}

/**
 * How long a campaign may still take that goes on at `stage`, ms: that stage and those behind it, one hold, and the grace.
 * A retry gives a campaign this much from now on, and what observes it (`belay.dev/expires-at`) must be told.
 */
export function remainingMs(deadlines: StageDeadlines, stage: Stage): number {
  const rest = STAGES.slice(STAGES.indexOf(stage));
  return rest.reduce((sum, each) => sum + deadlines.stages[each].stageMs, 0) + deadlines.holdMs + CAMPAIGN_GRACE_MS;
}

function limitOf(profile: Profile, stage: Stage): number | undefined {
  const settable: readonly Stage[] = OUTER_LIMITS;
  return settable.includes(stage) ? profile.deadlines[`${stage as (typeof OUTER_LIMITS)[number]}Ms`] : undefined;
}

/**
 * The limits of an activity with these serial waits. The margin is a fifth of them and at least a minute, or what a limit set
 * by hand leaves.
 */
export function deadlineOf(waits: readonly DerivationStep[], limitMs?: number): StageDeadline {
  const sumMs = sumOf(waits);
  const marginMs = limitMs === undefined ? Math.max(60_000, Math.ceil(sumMs / 5_000) * 1_000) : limitMs - sumMs;
  const attemptMs = sumMs + marginMs;
  return {
    attemptMs,
    attempts: ATTEMPTS,
    stageMs: ATTEMPTS * (attemptMs + QUEUE_WAIT_MS) + backoffTotalMs(),
    heartbeatMs: HEARTBEAT_MS,
    queueWaitMs: QUEUE_WAIT_MS,
    backoffMs: BACKOFF_MS,
    derivation: [
      ...waits.filter((step) => step.count * step.eachMs > 0),
      { what: 'margin', count: 1, eachMs: marginMs },
    ],
  };
}

/** Sum of the delays between the attempts, ms. */
export function backoffTotalMs(): number {
  let total = 0;
  for (let retry = 0; retry < ATTEMPTS - 1; retry += 1) total += BACKOFF_MS * BACKOFF_COEFFICIENT ** retry;
  return total;
}
