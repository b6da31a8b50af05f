import type { SpentBudget } from './budget.ts';
import { isClosing, isOnLead, isSkippable, STAGES, type Stage } from '../model/stages.ts';

/**
 * The campaign's state machine, pure. It alone decides which stage runs next, when a campaign holds, and what a decision may
 * do. The workflow carries this out and reports every event to the machine.
 */

/** What a person may answer to a hold. */
export type Decision = 'retry' | 'skip' | 'abort';

/**
 * Why a stage failed.
 * - `breach`: a fail-fast gate broke in the soak.
 * - `system`: the system under test did not reach the stage's goal (Pods stayed pending, it never became ready).
 * - `target`: the owner of a borrowed cluster refuses what the campaign needs (rights, a quota, a policy, a webhook).
 * - `harness`: Belay's own infrastructure failed (a tool did not start, a deadline passed, no worker was running).
 */
export type FailureKind = 'breach' | 'system' | 'target' | 'harness';

/** A failure of one execution of one stage. */
export interface StageFailure {
  readonly kind: FailureKind;
  /** One sentence for a person: what broke, by how much, since when. */
  readonly message: string;
  /** The gate that broke, for a breach. */
  readonly gate?: string;
  /** No execution after it can do better, and a hold would only do harm: a disk is full, or a lease is lost. */
  readonly final?: true;
}

/** How one execution of a stage ended. */
export interface StageOutcome {
  readonly stage: Stage;
  readonly execution: number;
  readonly outcome: 'succeeded' | 'failed' | 'cancelled' | 'skipped';
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly failure?: StageFailure;
  /**
   * A breach that is in the readings of this execution although the execution ended in another way: its worker died before it
   * could report the breach. `withBreachesRead` sets it.
   */
  readonly breachRead?: string;
  /** How its groups ended. Absent on a single host. */
  readonly groups?: GroupsOutcome;
}

/** How the groups of one execution ended. */
export interface GroupsOutcome {
  readonly ran: number;
  readonly failedCount: number;
  /** The first of those that failed, by their numbers. */
  readonly failed: readonly { readonly group: string; readonly host: string; readonly kind: FailureKind }[];
}

/** A decision that was accepted. */
export interface DecisionRecord {
  readonly stage: Stage;
  readonly execution: number;
  readonly decision: Decision;
  readonly reason: string;
  readonly atMs: number;
  /** Changed settings that a retry carries, dotted path to value. */
  readonly set?: Readonly<Record<string, unknown>>;
}

/** The open hold: which execution failed, and when the wait began. */
export interface Hold {
  readonly stage: Stage;
  readonly execution: number;
  readonly failure: StageFailure;
  readonly openedAtMs: number;
}

/** Why a campaign closes early. */
export type EarlyEnd = 'over-budget' | 'failed' | 'hold-expired' | 'aborted' | 'cancelled' | 'lead-lost';

/** Everything the machine knows. `mode` says what happens now. */
export interface CampaignState {
  readonly mode: 'stage' | 'hold' | 'finished';
  /** The campaign's stages in the order in which they run: those of its specification, once that is known. */
  readonly stages: readonly Stage[];
  /** The stage that runs (mode `stage`), ran last (`finished`), or failed (`hold`). */
  readonly stage: Stage;
  readonly execution: number;
  readonly stageStartedAtMs: number;
  readonly hold: Hold | null;
  readonly holdMs: number;
  readonly outcomes: readonly StageOutcome[];
  readonly decisions: readonly DecisionRecord[];
  readonly cancelRequested: boolean;
  readonly earlyEnd: EarlyEnd | null;
  /** The host with the campaign's Prometheus and its run folder does not come back: nothing can be judged. */
  readonly leadLost?: true;
  /** A budget is used up: the campaign ends as soon as the stage that runs has stopped. */
  readonly spent?: SpentBudget;
}

/** What can happen to a campaign. Events about another stage, execution or hold than the current one change nothing. */
export type CampaignEvent =
  | {
      readonly type: 'succeeded';
      readonly stage: Stage;
      readonly execution: number;
      readonly atMs: number;
      readonly groups?: GroupsOutcome;
    }
  | {
      readonly type: 'failed';
      readonly stage: Stage;
      readonly execution: number;
      readonly failure: StageFailure;
      readonly atMs: number;
      readonly groups?: GroupsOutcome;
      readonly leadLost?: boolean;
      /** A hold is of no use: the campaign was refused its clusters, or the failure is final. */
      readonly refused?: boolean;
    }
  | { readonly type: 'cancelled'; readonly stage: Stage; readonly execution: number; readonly atMs: number }
  | { readonly type: 'cancelRequested'; readonly atMs: number }
  | { readonly type: 'budgetSpent'; readonly reason: string; readonly atMs: number }
  | ({ readonly type: 'decided' } & DecisionRecord)
  | { readonly type: 'holdExpired'; readonly stage: Stage; readonly execution: number; readonly atMs: number };

/** A campaign that is about to resolve. `stages` and `holdMs` are replaced when the specification is known. */
export function initialState(atMs: number): CampaignState {
  return {
    mode: 'stage',
    stages: STAGES,
    stage: 'resolve',
    execution: 1,
    stageStartedAtMs: atMs,
    hold: null,
    holdMs: 0,
    outcomes: [],
    decisions: [],
    cancelRequested: false,
    earlyEnd: null,
  };
}

/** The state after `event`. Total: an event that does not fit the state returns the very same state. */
export function next(state: CampaignState, event: CampaignEvent): CampaignState {
  if (state.mode === 'finished') return state;
  switch (event.type) {
    case 'succeeded':
      return isCurrent(state, event) ? afterSuccess(record(state, event, 'succeeded'), event.atMs) : state;
    case 'failed':
      return isCurrent(state, event) ? afterFailure(record(state, event, 'failed', event.failure), event) : state;
    case 'cancelled':
      return isCurrent(state, event) ? afterCancelled(record(state, event, 'cancelled'), event.atMs) : state;
    case 'cancelRequested':
      return afterCancelRequest(state, event.atMs);
    case 'budgetSpent':
      return afterBudgetSpent(state, event);
    case 'decided':
      return refuseDecision(state, event) === null ? afterDecision(state, event) : state;
    case 'holdExpired':
      return holdIs(state, event) ? close({ ...state, hold: null }, 'hold-expired', event.atMs) : state;
  }
}

/**
 * Why a decision cannot be accepted now, as a sentence that names what is allowed; null if it can. The Update's validator and
 * `next` call the same function.
 */
export function refuseDecision(
  state: CampaignState,
  decision: { readonly stage: Stage; readonly execution: number; readonly decision: Decision },
): string | null {
  const hold = state.hold;
  if (state.mode !== 'hold' || hold === null) {
    return state.mode === 'finished'
      ? 'The campaign has ended; there is no hold.'
      : `There is no hold: stage ${state.stage} (execution ${state.execution}) is running. A decision is accepted only during a hold.`;
  }
  if (hold.stage !== decision.stage || hold.execution !== decision.execution) {
    return `The hold is on stage "${hold.stage}", execution ${hold.execution}; this answers stage "${decision.stage}", execution ${decision.execution}. Send {"stage":"${hold.stage}","execution":${hold.execution},…}.`;
  }
  if (decision.decision === 'skip' && !isSkippable(hold.stage)) {
    return `Stage "${hold.stage}" cannot be skipped, the stages after it need it. Allowed here: retry, abort.`;
  }
  return null;
}

/** Whether clusters may exist: true once provision has started. Teardown must run then. */
export function clustersMayExist(state: CampaignState): boolean {
  return (
    state.stages.indexOf(state.stage) >= state.stages.indexOf('provision') ||
    state.outcomes.some(({ stage }) => stage === 'provision')
  );
}

/** How the latest execution of a stage ended; undefined when it did not run. */
export function latestOutcome(state: Pick<CampaignState, 'outcomes'>, stage: Stage): StageOutcome | undefined {
  return state.outcomes.findLast((outcome) => outcome.stage === stage && outcome.outcome !== 'skipped');
}

function isCurrent(state: CampaignState, event: { readonly stage: Stage; readonly execution: number }): boolean {
  return state.mode === 'stage' && state.stage === event.stage && state.execution === event.execution;
}

function holdIs(state: CampaignState, event: { readonly stage: Stage; readonly execution: number }): boolean {
  return state.mode === 'hold' && state.hold?.stage === event.stage && state.hold.execution === event.execution;
}

function record(
  state: CampaignState,
  event: {
    readonly stage: Stage;
    readonly execution: number;
    readonly atMs: number;
    readonly groups?: GroupsOutcome;
  },
  outcome: StageOutcome['outcome'],
  failure?: StageFailure,
): CampaignState {
  const entry: StageOutcome = {
    stage: event.stage,
    execution: event.execution,
    outcome,
    startedAtMs: state.stageStartedAtMs,
    endedAtMs: event.atMs,
    ...(failure === undefined ? {} : { failure }),
    ...(event.groups === undefined ? {} : { groups: event.groups }),
  };
  return { ...state, outcomes: [...state.outcomes, entry] };
}

function afterSuccess(state: CampaignState, atMs: number): CampaignState {
  // A stage that finished during a cancel still counts, but no new stage starts after it.
  if (state.cancelRequested && !isClosing(state.stage)) return close(state, 'cancelled', atMs);
  if (state.spent !== undefined && !isClosing(state.stage)) return close(state, 'over-budget', atMs);
  return advance(state, atMs);
}

function afterFailure(
  before: CampaignState,
  event: {
    readonly failure: StageFailure;
    readonly atMs: number;
    readonly leadLost?: boolean;
    readonly refused?: boolean;
  },
): CampaignState {
  const state: CampaignState = event.leadLost === true ? { ...before, leadLost: true } : before;
  if (isClosing(state.stage)) return advance(state, event.atMs);
  if (state.cancelRequested) return close(state, 'cancelled', event.atMs);
  // Nothing exists yet that a retry could use.
  if (state.stage === 'resolve') return { ...state, mode: 'finished', earlyEnd: 'failed' };
  if (state.spent !== undefined) return close(state, 'over-budget', event.atMs);
  // A retry would need the lead.
  if (state.leadLost === true) return close(state, 'lead-lost', event.atMs);
  if (state.holdMs === 0 || event.refused === true) return close(state, 'failed', event.atMs);
  const hold: Hold = {
    stage: state.stage,
    execution: state.execution,
    failure: event.failure,
    openedAtMs: event.atMs,
  };
  return { ...state, mode: 'hold', hold };
}

function afterCancelled(state: CampaignState, atMs: number): CampaignState {
  // The closing stages run in a non-cancellable scope. If one is cancelled nevertheless, the next one still runs.
  if (isClosing(state.stage)) return advance({ ...state, cancelRequested: true }, atMs);
  // A budget stops a stage too, and is no request to stop the campaign without a verdict.
  if (state.spent !== undefined && !state.cancelRequested) return close(state, 'over-budget', atMs);
  return close({ ...state, cancelRequested: true }, 'cancelled', atMs);
}

/** The running stage is stopped first, and reports how it ended. A hold has nothing to wait for. Closing stages go on. */
function afterBudgetSpent(
  state: CampaignState,
  { reason, atMs }: { readonly reason: string; readonly atMs: number },
): CampaignState {
  if (state.spent !== undefined || (state.mode === 'stage' && isClosing(state.stage))) return state;
  const spent: CampaignState = { ...state, spent: { reason, atMs } };
  return state.mode === 'hold' ? close({ ...spent, hold: null }, 'over-budget', atMs) : spent;
}

function afterCancelRequest(state: CampaignState, atMs: number): CampaignState {
  const asked = { ...state, cancelRequested: true };
  // A running stage ends first and reports how. A hold has nothing to wait for.
  return state.mode === 'hold' ? close({ ...asked, hold: null }, 'cancelled', atMs) : asked;
}

function afterDecision(state: CampaignState, event: DecisionRecord): CampaignState {
  const { stage, execution, decision, reason, atMs, set } = event;
  const entry: DecisionRecord = { stage, execution, decision, reason, atMs, ...(set === undefined ? {} : { set }) };
  const decided: CampaignState = { ...state, hold: null, decisions: [...state.decisions, entry] };
  switch (decision) {
    case 'abort':
      return close(decided, 'aborted', atMs);
    case 'skip': {
      const skipped: StageOutcome = { stage, execution, outcome: 'skipped', startedAtMs: atMs, endedAtMs: atMs };
      return advance({ ...decided, outcomes: [...decided.outcomes, skipped] }, atMs);
    }
    case 'retry':
      // A soak measures a steady system, so steadiness is proved again first.
      return begin(decided, stage === 'soak' && state.stages.includes('steady') ? 'steady' : stage, atMs);
  }
}

function advance(state: CampaignState, atMs: number): CampaignState {
  const later = state.stages.slice(state.stages.indexOf(state.stage) + 1);
  const following = later.find((stage) => state.leadLost !== true || !isOnLead(stage));
  if (following === undefined) return { ...state, mode: 'finished' };
  return begin(state, following, atMs);
}

function close(state: CampaignState, earlyEnd: EarlyEnd, atMs: number): CampaignState {
  const ended: CampaignState = { ...state, earlyEnd };
  const closing = state.stages.find(isClosing);
  // Cancelled before anything could exist: there is nothing to keep, to judge, or to tear down.
  if (closing === undefined || !clustersMayExist(state)) return { ...ended, mode: 'finished' };
  return begin(ended, closing, atMs);
}

function begin(state: CampaignState, stage: Stage, atMs: number): CampaignState {
  const earlier = state.outcomes.filter((outcome) => outcome.stage === stage && outcome.outcome !== 'skipped').length;
  return { ...state, mode: 'stage', stage, execution: earlier + 1, stageStartedAtMs: atMs };
}
