import {
  allHandlersFinished,
  type ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { refuseChanges } from '../core/campaign/changes.ts';
import { parseDecideInput } from '../core/campaign/decide-input.ts';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import {
  initialState,
  next,
  refuseDecision,
  type CampaignEvent,
  type CampaignState,
} from '../core/campaign/machine.ts';
import { parseOutline, type CampaignOutline } from '../core/campaign/outline.ts';
import type {
  CampaignResult,
  CampaignStatus,
  EvidencePart,
  JudgeResult,
  StageResult,
  StoryLine,
} from '../core/campaign/stage-io.ts';
import { STARTED_BY } from '../core/campaign/started-by.ts';
import { isClosing, type Stage } from '../core/model/stages.ts';
import { endingOf } from '../core/campaign/ending.ts';
import type { BudgetOutline } from '../core/campaign/budget.ts';
import { watchBudget } from './budget-watch.ts';
import { CampaignGroups } from './campaign-groups.ts';
import { decide, refusal, status } from './campaign-messages.ts';
import { concludeCampaign } from './campaign-result.ts';
import { changedOrRefused } from './changed-outline.ts';
import { showDetails } from './current-details.ts';
import { failureWithoutStack } from './failure-without-stack.ts';
import { resolve } from './local-activities.ts';
import { showOutline, showStage, showStart, showVerdict } from './search-attributes.ts';
import { stageCall, type Execution, type StageReport } from './stage-call.ts';
import { readStageFailure } from './refused-target.ts';
import type { QueueWait } from './stage-failure.ts';

/**
 * One campaign. It carries out what the state machine in core decides, one activity per stage, and reports to it what happened.
 *
 * @param input nothing, a profile's name, or an object; `resolve` decides what is allowed
 * @throws ApplicationFailure `InvalidSpec` for an input that is not valid, `HarnessFault` when Belay's own infrastructure
 *   failed; a red system is a result, not a failure
 */
export async function campaign(input?: unknown): Promise<CampaignResult> {
  const run = new CampaignRun();
  run.listen();
  // Cancellation is an event for the machine, not an exception: the stages that close a campaign run all the same.
  const requested = CancellationScope.current().cancelRequested;
  requested.catch(() => run.cancel());
  await CancellationScope.nonCancellable(() => run.toTheEnd(input));
  return run.conclude();
}

class CampaignRun {
  private state: CampaignState = initialState(Date.now());
  private outline: CampaignOutline | null = null;
  private unresolved: ApplicationFailure | null = null;
  /** Null: all clusters are on one host. */
  private groups: CampaignGroups | null = null;
  private stageScope: CancellationScope | null = null;
  private queue: QueueWait | undefined;
  private judged: JudgeResult | null = null;
  private evidence: readonly EvidencePart[] = [];
  private leftovers: readonly string[] = [];
  private holdEndsAtMs: number | null = null;
  /** Decisions below this index are in the timeline. */
  private decisionsShown = 0;
  private readonly earlierSpecHashes: string[] = [];
  private readonly checkpoints = new Map<Stage, unknown>();
  private readonly details: Record<string, string> = {};
  private readonly facts: Record<string, Readonly<Record<string, number | string>>> = {};
  private readonly story: StoryLine[] = [];

  /** Sets the handlers before the first await: an early query or a stale answer gets a reply, not a failed task. */
  listen(): void {
    setHandler(status, () => this.status(), { description: 'where the campaign is: stages, hold, story' });
    setHandler(decide, (answer) => this.takeDecision(answer), {
      description:
        'answer a hold; User Metadata has the data to paste: {"stage":…,"execution":…,"decision":…,"reason":…}',
      validator: (answer) => {
        const refused = this.refuse(answer);
        if (refused !== null) throw refusal(refused);
      },
    });
  }

  async toTheEnd(input: unknown): Promise<void> {
    const startedAtMs = Date.now();
    let endWatch: (() => void) | undefined;
    while (this.state.mode !== 'finished') {
      if (this.outline?.budget !== undefined) endWatch ??= this.watchBudget(this.outline.budget, startedAtMs);
      this.show();
      if (this.state.mode === 'hold') await this.waitForDecision();
      else await this.runStage(input);
    }
    endWatch?.();
    this.show();
    // An answer whose handler still runs gets its reply.
    await condition(allHandlersFinished);
  }

  cancel(): void {
    this.addToStory('cancel requested');
    this.apply({ type: 'cancelRequested', atMs: Date.now() });
    this.show();
    this.stageScope?.cancel();
  }

  /** Ends the campaign when its budget is used up, after a warning. Holds count. */
  private watchBudget(budget: BudgetOutline, startedAtMs: number): () => void {
    const isOver = (): boolean => this.state.mode === 'stage' && isClosing(this.state.stage);
    return watchBudget(budget, startedAtMs, {
      onWarning: (line) => {
        if (isOver()) return;
        this.addToStory(line);
        this.show();
      },
      onSpent: (reason) => {
        if (isOver()) return;
        this.addToStory(`**the campaign ends**: ${reason}`);
        this.apply({ type: 'budgetSpent', reason, atMs: Date.now() });
        this.show();
        this.stageScope?.cancel();
      },
    });
  }

  conclude(): CampaignResult {
    if (this.unresolved !== null) throw this.unresolved;
    const { state, outline, judged, leftovers, details } = this;
    return concludeCampaign({ state, outline, judged, leftovers, details, groups: this.groups?.lines ?? [] });
  }

  private async runStage(input: unknown): Promise<void> {
    const { stage, execution } = this.state;
    const scope = new CancellationScope({ cancellable: !isClosing(stage) });
    this.stageScope = scope;
    if (this.state.cancelRequested && scope.cancellable) scope.cancel();
    try {
      await scope.run(() => (stage === 'resolve' ? this.resolve(input) : this.carryOut(stage, execution)));
      this.apply({ type: 'succeeded', stage, execution, ...this.groups?.outcome, atMs: Date.now() });
    } catch (error) {
      if (isCancellation(error)) {
        this.addToStory(`${stage} stopped`);
        this.apply({ type: 'cancelled', stage, execution, atMs: Date.now() });
        return;
      }
      const { failure, type, checkpoint } = readStageFailure(stage, error, this.queue);
      if (stage === 'resolve') this.unresolved = failureWithoutStack(failure.message, type);
      // With several groups it is known what the others have kept, or left behind.
      if (stage === 'snapshot' && this.evidence.length === 0)
        this.evidence = [{ what: 'snapshot', ok: false, error: failure.message }];
      if (stage === 'teardown' && this.leftovers.length === 0) this.leftovers = [`teardown: ${failure.message}`];
      // An execution without a checkpoint does not remove the one of the execution before it.
      if (checkpoint !== undefined) this.checkpoints.set(stage, checkpoint);
      this.details[stage] = failure.message;
      this.addToStory(`**${stage} failed** (execution ${execution}): ${failure.message}`);
      const isRefused = type === FAILURE_TYPES.targetRefuses && stage === 'provision';
      const refused = failure.final === true || isRefused ? { refused: true } : {};
      this.apply({ type: 'failed', stage, execution, failure, ...refused, ...this.groups?.outcome, atMs: Date.now() });
    } finally {
      this.stageScope = null;
    }
  }

  private async carryOut(stage: Stage, execution: number): Promise<void> {
    const { outline, state, evidence, facts, earlierSpecHashes } = this;
    if (outline === null) throw failureWithoutStack(`${stage} before resolve`, FAILURE_TYPES.harnessFault);
    showStage(stage);
    const call: Execution = {
      outline,
      state,
      stage,
      execution,
      resume: this.checkpoints.get(stage),
      decisions: state.decisions.slice(this.decisionsShown),
      evidence,
      facts,
      earlierSpecHashes,
    };
    const { result, judged, parts, leftovers, caughtUp, failure } =
      (await this.groups?.carryOut(call)) ?? (await this.onOneHost(call));
    this.decisionsShown = state.decisions.length;
    if (parts !== undefined) this.evidence = parts;
    if (leftovers !== undefined) this.leftovers = leftovers;
    if (judged !== undefined) {
      this.judged = judged;
      showVerdict(endingOf(state) === 'aborted' ? 'aborted' : judged.verdict);
    }
    for (const [earlier, merged] of caughtUp ?? []) this.keepMerged(earlier, merged);
    if (failure !== undefined) throw failure;
    this.keep(stage, result);
  }

  private onOneHost(call: Execution): Promise<StageReport> {
    const { queue, run } = stageCall(call);
    this.queue = queue;
    return run();
  }

  private async resolve(input: unknown): Promise<void> {
    const { workflowId, runId, parent, searchAttributes, memo } = workflowInfo();
    showStart();
    const outline = parseOutline(
      await resolve({
        input,
        workflowId,
        runId,
        scheduled: searchAttributes['TemporalScheduledById'] !== undefined,
        child: parent !== undefined,
        startedBy: memo?.[STARTED_BY],
      }),
    );
    this.outline = outline;
    this.state = { ...this.state, holdMs: outline.holdMs, stages: outline.stages };
    if (outline.placement !== undefined)
      this.groups = new CampaignGroups(outline.placement, (line) => {
        this.addToStory(line);
        this.show();
      });
    showOutline(outline);
    this.details['resolve'] = outline.summary;
  }

  private async waitForDecision(): Promise<void> {
    const hold = this.state.hold;
    if (hold === null) return;
    showStage('hold');
    const { stage, execution } = hold;
    const remainingMs = Math.max(1, hold.openedAtMs + this.state.holdMs - Date.now());
    this.holdEndsAtMs = Date.now() + remainingMs;
    this.show();
    const answered = await condition(() => this.state.mode !== 'hold', remainingMs, {
      summary: `hold on ${stage}: User Metadata shows what broke and how to answer`,
    });
    this.holdEndsAtMs = null;
    if (!answered) {
      this.addToStory(`no answer to the hold on ${stage}`);
      this.apply({ type: 'holdExpired', stage, execution, atMs: Date.now() });
    }
  }

  private refuse(answer: unknown): string | null {
    const parsed = parseDecideInput(answer);
    if (typeof parsed === 'string') return parsed;
    const refused = refuseDecision(this.state, parsed);
    if (refused !== null) return refused;
    if (parsed.set !== undefined && this.outline !== null)
      return refuseChanges(this.outline, parsed.set).join(' ') || null;
    return null;
  }

  private async takeDecision(answer: unknown): Promise<string> {
    const parsed = parseDecideInput(answer);
    if (typeof parsed === 'string') throw refusal(parsed);
    const changed = parsed.set === undefined ? null : await changedOrRefused(this.outline, parsed.set);
    // The hold may have ended in another way while the new specification was made.
    const refused = refuseDecision(this.state, parsed);
    if (refused !== null) throw refusal(refused);
    const { stage, execution, decision, reason, set } = parsed;
    this.addToStory(
      `decision: **${decision}** of ${stage}, execution ${execution}${reason === '' ? '' : ` (${reason})`}`,
    );
    if (changed !== null && this.outline !== null) {
      this.earlierSpecHashes.push(this.outline.specHash);
      this.outline = changed;
      this.addToStory(`specification changed: ${JSON.stringify(set)}`);
    }
    if (decision === 'skip') this.groups?.skip(this.state.stages, stage);
    this.apply({ type: 'decided', ...parsed, atMs: Date.now() });
    return `${decision} of ${stage} taken; next: ${this.state.stage}, execution ${this.state.execution}`;
  }

  private apply(event: CampaignEvent): void {
    this.state = next(this.state, event);
  }

  private keepMerged(stage: Stage, result: StageResult): void {
    this.details[stage] = result.detail;
    this.facts[stage] = result.facts;
  }

  private keep(stage: Stage, result: StageResult): void {
    this.keepMerged(stage, result);
    for (const event of result.infrastructureEvents) this.addToStory(`infrastructure: ${event}`);
    this.addToStory(`${stage}: ${result.detail}`);
  }

  private addToStory(text: string): void {
    this.story.push({ atMs: Date.now(), text });
  }

  private show(): void {
    showDetails(this.status(), this.judged, this.outline);
  }

  private status(): CampaignStatus {
    return {
      campaign: this.outline?.campaign ?? null,
      profile: this.outline?.profile ?? null,
      substrate: this.outline?.substrate ?? null,
      system: this.outline?.system ?? null,
      fleetSize: this.outline?.fleetSize ?? null,
      state: this.state,
      details: this.details,
      story: this.story,
      verdict: this.judged?.verdict ?? null,
      holdEndsAtMs: this.holdEndsAtMs,
      ...(this.groups === null ? {} : { groups: this.groups.lines }),
    };
  }
}
