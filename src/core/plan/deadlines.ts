import { isSettable, STAGES, type ActivityName, type Stage } from '../model/stages.ts';
import type { Profile } from '../model/profile.ts';
import type { Substrate } from '../model/substrate.ts';
import { callBudgets } from './call-budgets.ts';
import { refuseEndless, refuseOuter, sumOf, type DeadlineError } from './deadline-errors.ts';
import type { DerivationStep, StageDeadline, StageDeadlines } from './deadline-model.ts';
import type { DemandPeak } from './demand-peak.ts';
import {
  ATTEMPTS,
  BACKOFF_COEFFICIENT,
  BACKOFF_MS,
  CAMPAIGN_GRACE_MS,
  DEFAULT_HOLD_MS,
  HEARTBEAT_MS,
  MAX_ATTEMPT_MS,
  MIN_ATTEMPT_MS,
  MIN_MARGIN_MS,
  OBSERVER_GRACE_MS,
  QUEUE_WAIT_MS,
} from './limits.ts';
import type { Plan } from './plan.ts';
import type { CampaignSpec } from './spec.ts';
import { deadlineIn, deriveSteps } from './stages/derive-steps.ts';
import { DEFAULT_SYSTEM_SHAPE, type SystemShape } from './stages/shape.ts';

/** What deadlines are derived from. */
export interface DeadlineInput {
  readonly profile: Profile;
  readonly plan: Plan;
  readonly substrate: Substrate;
  /** Counts of the system file, and its own readiness limit in ms. Absent counts are upper bounds. */
  readonly system?: Partial<SystemShape> & { readonly readyTimeoutMs?: number };
  /** What the soak adds to the Pods of the ramp. Absent: nothing. */
  readonly peak?: DemandPeak;
  /** Overrides the profile's hold, e.g. 0 for a scheduled run. */
  readonly holdMs?: number;
  /** The clusters are placed on several hosts. */
  readonly placed?: PlacedInput;
  /** A store is set, into which the finished run folder is put. Absent: none is. */
  readonly storesEvidence?: boolean;
  /** How long a borrowed cluster is waited for that another campaign uses, ms. Absent: not at all. */
  readonly targetWaitMs?: number;
}

/** What the deadlines of a campaign with groups depend on. */
export interface PlacedInput {
  /** How long a placement waits for hosts with free capacity. */
  readonly hostWaitMs: number;
}

/** Deadlines, or every inequality the profile breaks. */
export type DeadlineResult =
  | { readonly ok: true; readonly deadlines: StageDeadlines }
  | { readonly ok: false; readonly errors: readonly DeadlineError[] };

/**
 * Derives every limit of a campaign from the steps inside it, so that no outer limit is shorter than what it contains:
 * attempt > sum of serial inner waits; stage >= attempts x (attempt + queue wait) + back-off; campaign > sum of stages +
 * hold; janitor > campaign. A limit that the profile sets itself (`deadlines.seed`, ...) is the limit of one attempt. It is
 * refused when its inner waits and a margin do not fit. All refusals are reported at once.
 */
export function deriveDeadlines(input: DeadlineInput): DeadlineResult {
  const { profile, plan, substrate } = input;
  const { budgets, errors: budgetErrors } = callBudgets(profile, {
    systemReadyMs: input.system?.readyTimeoutMs,
    nodeDelayMs: 1_000 * (substrate.local?.nodeReadyDelaySeconds ?? 0),
  });
  const errors: DeadlineError[] = [...budgetErrors];
  const shape = {
    profile,
    plan,
    substrate,
    budgets,
    system: { ...DEFAULT_SYSTEM_SHAPE, ...input.system },
    peak: input.peak ?? { bindable: 0, extra: 0 },
    placed: input.placed !== undefined,
    storesEvidence: input.storesEvidence === true,
    targetWaitMs: input.targetWaitMs ?? 0,
  };
  const steps = byStage((stage) => fitted(deriveSteps(stage, shape), limitOf(profile, stage)));
  for (const stage of STAGES) {
    const limitMs = limitOf(profile, stage);
    if (limitMs === undefined) continue;
    const refusal = refuseOuter(`deadlines.${stage}`, limitMs, steps[stage], MIN_MARGIN_MS, MIN_ATTEMPT_MS);
    if (refusal !== undefined) errors.push(refusal);
  }
  if (errors.length > 0) return { ok: false, errors };

  for (const stage of STAGES) {
    const refusal = refuseEndless(stage, steps[stage], MAX_ATTEMPT_MS);
    if (refusal !== undefined) errors.push(refusal);
  }
  if (errors.length > 0) return { ok: false, errors };

  const stages = byStage((stage) => deadlineOf(steps[stage], limitOf(profile, stage)));
  const soakParts =
    input.placed === undefined
      ? {}
      : {
          soakParts: { drive: deadlineOf(deriveSteps('drive', shape)), watch: deadlineOf(deriveSteps('watch', shape)) },
        };
  const holdMs = input.holdMs ?? profile.holdMs ?? DEFAULT_HOLD_MS;
  const deadlines = { stages, ...soakParts, budgets, holdMs };
  const campaignMs = sumOfStages(STAGES, stageMsIn(deadlines)) + placingMs(input) + holdMs;
  const withGraceMs = campaignMs + CAMPAIGN_GRACE_MS;
  return {
    ok: true,
    deadlines: { ...deadlines, campaignMs: withGraceMs, janitorMs: withGraceMs + OBSERVER_GRACE_MS },
  };
}

/**
 * How long these stages may take one after another, ms. With several groups, a soak is what takes longest of its parts side by
 * side, and then once more a watch, which reads the gates; evidence and leftovers of the lead come after those of the others.
 *
 * @param msOf how long an activity may take, undefined for one that the campaign does not have
 */
export function sumOfStages(stages: readonly Stage[], msOf: (activity: ActivityName) => number | undefined): number {
  const driveMs = msOf('drive');
  const watchMs = msOf('watch') ?? 0;
  return stages.reduce((sum, stage) => {
    const stageMs = msOf(stage) ?? 0;
    if (driveMs === undefined) return sum + stageMs;
    if (stage === 'soak') return sum + Math.max(stageMs, driveMs, watchMs) + watchMs;
    return sum + (LEAD_LAST.has(stage) ? 2 * stageMs : stageMs);
  }, 0);
}

/** The stages in which the lead waits for the other groups. */
const LEAD_LAST: ReadonlySet<Stage> = new Set(['snapshot', 'teardown']);

function stageMsIn(deadlines: Pick<StageDeadlines, 'stages' | 'soakParts'>) {
  return (activity: ActivityName): number | undefined => deadlineIn(deadlines, activity)?.stageMs;
}

function placingMs({ placed }: DeadlineInput): number {
  return placed === undefined ? 0 : placed.hostWaitMs;
}

function byStage<T>(of: (stage: Stage) => T): Readonly<Record<Stage, T>> {
  return Object.fromEntries(STAGES.map((stage) => [stage, of(stage)])) as Record<Stage, T>;
}

/**
 * How long a campaign that continues at `stage` may still take, ms: that stage and the later ones, one hold, and the grace.
 * A retry gives a campaign this much time from now on, and its expiry (`belay.dev/expires-at`) moves with it.
 */
export function remainingMs({ stages, deadlines }: Pick<CampaignSpec, 'stages' | 'deadlines'>, stage: Stage): number {
  const rest = stages.slice(stages.indexOf(stage));
  return sumOfStages(rest, stageMsIn(deadlines)) + deadlines.holdMs + CAMPAIGN_GRACE_MS;
}

/** The steps under a limit that the profile sets: what the others leave of it is divided among those that yield. */
function fitted(steps: readonly DerivationStep[], limitMs: number | undefined): readonly DerivationStep[] {
  const yielding = steps.filter((step) => step.yields === true);
  const leftMs = limitMs === undefined ? Infinity : limitMs - MIN_MARGIN_MS - sumOf(steps) + sumOf(yielding);
  const share = Math.max(0, Math.min(1, leftMs / sumOf(yielding)));
  return steps
    .map((step) => (step.yields === true ? { ...step, eachMs: Math.floor(step.eachMs * share) } : step))
    .filter(({ eachMs }) => eachMs > 0);
}

function limitOf(profile: Profile, stage: Stage): number | undefined {
  return isSettable(stage) ? profile.deadlines[`${stage}Ms`] : undefined;
}

/**
 * The limits of an activity with these serial steps. The margin is a fifth of their sum and at least a minute. Under a limit
 * that the profile sets, it is the rest.
 */
export function deadlineOf(steps: readonly DerivationStep[], limitMs?: number): StageDeadline {
  const sumMs = sumOf(steps);
  const marginMs = limitMs === undefined ? Math.max(60_000, Math.ceil(sumMs / 5_000) * 1_000) : limitMs - sumMs;
  const attemptMs = sumMs + marginMs;
  return {
    attemptMs,
    attempts: ATTEMPTS,
    stageMs: ATTEMPTS * (attemptMs + QUEUE_WAIT_MS) + backoffTotalMs(),
    heartbeatMs: HEARTBEAT_MS,
    queueWaitMs: QUEUE_WAIT_MS,
    backoffMs: BACKOFF_MS,
    derivation: [...steps, { id: 'margin', what: 'margin', count: 1, eachMs: marginMs }],
  };
}

/** Sum of the delays between the attempts, ms. */
export function backoffTotalMs(): number {
  let total = 0;
  for (let retry = 0; retry < ATTEMPTS - 1; retry += 1) total += BACKOFF_MS * BACKOFF_COEFFICIENT ** retry;
  return total;
}
