import {
  allHandlersFinished,
  type ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  condition,
  isCancellation,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { StageActivities } from '../activities/contract.ts';
import { endingOf } from '../core/verdict/conclusion.ts';
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
import type {
  CampaignResult,
  CampaignStatus,
  EvidencePart,
  JudgeResult,
  SnapshotResult,
  StageResult,
  StoryLine,
  TeardownResult,
} from '../core/campaign/stage-io.ts';
import { isClosing, onLoadQueue, type Stage } from '../core/model/stages.ts';
import { specSummary, stageSummary } from '../core/campaign/stage-summary.ts';
import { STARTED_BY } from '../core/campaign/started-by.ts';
import type { CampaignSpec } from '../core/plan/spec.ts';
import { activityOptions } from './activity-options.ts';
import { decide, refusal, status } from './campaign-messages.ts';
import { tellDetails } from './current-details.ts';
import { resolve, respec } from './local-activities.ts';
import { tellBegin, tellSpec, tellStage, tellVerdict } from './search-attributes.ts';
import { readFailure } from './stage-failure.ts';
import { toldFailure } from './told-failure.ts';

/**
 * One campaign. It carries out what the state machine in core decides, one activity a stage, and tells it what happened.
 *
 * @param input nothing, a profile's name, or an object; `resolve` says what is allowed
 * @throws ApplicationFailure `InvalidSpec` for an input that is not valid, `HarnessFault` when Belay's own ground gave way;
 *   a red system is a result, not a failure
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
  private spec: CampaignSpec | null = null;
  private unresolved: ApplicationFailure | null = null;
  private stageScope: CancellationScope | null = null;
  private judged: JudgeResult | null = null;
  private evidence: readonly EvidencePart[] = [];
  private leftovers: readonly string[] = [];
  private holdEndsAtMs: number | null = null;
  private readonly earlierSpecHashes: string[] = [];
  private readonly checkpoints = new Map<Stage, unknown>();
  private readonly details: Record<string, string> = {};
  private readonly facts: Record<string, Readonly<Record<string, number | string>>> = {};
  private readonly story: StoryLine[] = [];

  /** Handlers are there before the first await: an early query or a stale answer meets a reply, not a failed task. */
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
    while (this.state.mode !== 'finished') {
      this.show();
      if (this.state.mode === 'hold') await this.waitForDecision();
      else await this.runStage(input);
    }
    this.show();
    // An answer that is still being looked at gets its reply.
    await condition(allHandlersFinished);
  }

  cancel(): void {
    this.tell('cancel requested');
    this.apply({ type: 'cancelRequested', atMs: Date.now() });
    this.show();
    this.stageScope?.cancel();
  }

  conclude(): CampaignResult {
    if (this.unresolved !== null) throw this.unresolved;
    const ending = endingOf(this.state);
    const result: CampaignResult = {
      campaign: this.spec?.campaign ?? workflowInfo().workflowId,
      verdict: this.judged?.verdict ?? 'unmeasured',
      ending,
      reasons: this.judged?.reasons ?? [`the campaign was not judged: ${this.details['judge'] ?? 'it ended before'}`],
      gates: this.judged?.gates ?? [],
      leftovers: this.leftovers,
    };
    if (ending === 'aborted') throw new CancelledFailure('cancelled; evidence kept, torn down');
    if (ending === 'harness-fault' || this.judged === null) {
      // A schedule pauses on a failed workflow, never on a red system: this is the difference.
      throw toldFailure(result.reasons[0] ?? 'harness fault', FAILURE_TYPES.harnessFault, result);
    }
    return result;
  }

  private async runStage(input: unknown): Promise<void> {
    const { stage, execution } = this.state;
    const scope = new CancellationScope({ cancellable: !isClosing(stage) });
    this.stageScope = scope;
    if (this.state.cancelRequested && scope.cancellable) scope.cancel();
    try {
      await scope.run(() => this.carryOut(stage, execution, input));
      this.apply({ type: 'succeeded', stage, execution, atMs: Date.now() });
    } catch (error) {
      if (isCancellation(error)) {
        this.tell(`${stage} stopped`);
        this.apply({ type: 'cancelled', stage, execution, atMs: Date.now() });
        return;
      }
      const { failure, type, checkpoint } = readFailure(stage, error);
      if (stage === 'resolve') this.unresolved = toldFailure(failure.message, type);
      if (stage === 'snapshot') this.evidence = [{ what: 'snapshot', ok: false, error: failure.message }];
      if (stage === 'teardown') this.leftovers = [`teardown: ${failure.message}`];
      // An execution that got nowhere takes nothing from what the one before it reached.
      if (checkpoint !== undefined) this.checkpoints.set(stage, checkpoint);
      this.details[stage] = failure.message;
      this.tell(`**${stage} failed** (execution ${execution}): ${failure.message}`);
      this.apply({ type: 'failed', stage, execution, failure, atMs: Date.now() });
    } finally {
      this.stageScope = null;
    }
  }

  private async carryOut(stage: Stage, execution: number, input: unknown): Promise<void> {
    if (stage === 'resolve') return this.resolve(input);
    const spec = this.spec;
    if (spec === null) throw toldFailure(`${stage} before resolve`, FAILURE_TYPES.harnessFault);
    tellStage(stage);
    const queue = onLoadQueue(stage) ? spec.loadQueue : spec.hostQueue;
    const activities = proxyActivities<StageActivities>(
      activityOptions(spec.deadlines.stages[stage], queue, stageSummary(spec, stage, execution)),
    );
    const resume = this.checkpoints.get(stage);
    const stageInput = {
      spec,
      execution,
      decisions: this.state.decisions,
      outcomes: this.state.outcomes,
      ...(resume === undefined ? {} : { resume }),
    };
    if (stage === 'judge') {
      const { evidence, facts, earlierSpecHashes, state } = this;
      this.judged = await activities.judge({ ...stageInput, state, evidence, facts, earlierSpecHashes });
      tellVerdict(endingOf(state) === 'aborted' ? 'aborted' : this.judged.verdict);
      return this.keep(stage, this.judged);
    }
    const result = await activities[stage](stageInput);
    if (stage === 'snapshot') this.evidence = (result as SnapshotResult).parts;
    if (stage === 'teardown') this.leftovers = (result as TeardownResult).leftovers;
    this.keep(stage, result);
  }

  private async resolve(input: unknown): Promise<void> {
    const { workflowId, runId, parent, searchAttributes, memo } = workflowInfo();
    tellBegin();
    const spec = await resolve({
      input,
      workflowId,
      runId,
      scheduled: searchAttributes['TemporalScheduledById'] !== undefined,
      child: parent !== undefined,
      startedBy: memo?.[STARTED_BY],
    });
    this.spec = spec;
    this.state = { ...this.state, holdMs: spec.holdMs };
    tellSpec(spec);
    this.details['resolve'] = specSummary(spec);
  }

  private async waitForDecision(): Promise<void> {
    const hold = this.state.hold;
    if (hold === null) return;
    tellStage('hold');
    const { stage, execution } = hold;
    const remainingMs = Math.max(1, hold.openedAtMs + this.state.holdMs - Date.now());
    this.holdEndsAtMs = Date.now() + remainingMs;
    this.show();
    const answered = await condition(() => this.state.mode !== 'hold', remainingMs, {
      summary: `hold on ${stage}: User Metadata tells what broke and how to answer`,
    });
    this.holdEndsAtMs = null;
    if (!answered) {
      this.tell(`nobody answered the hold on ${stage}`);
      this.apply({ type: 'holdExpired', stage, execution, atMs: Date.now() });
    }
  }

  private refuse(answer: unknown): string | null {
    const parsed = parseDecideInput(answer);
    if (typeof parsed === 'string') return parsed;
    const refused = refuseDecision(this.state, parsed);
    if (refused !== null) return refused;
    if (parsed.set !== undefined && this.spec !== null) return refuseChanges(this.spec, parsed.set).join(' ') || null;
    return null;
  }

  private async takeDecision(answer: unknown): Promise<string> {
    const parsed = parseDecideInput(answer);
    if (typeof parsed === 'string') throw refusal(parsed);
    const changed = parsed.set === undefined ? null : await this.changedSpec(parsed.stage, parsed.set);
    // While the changes were looked at, the hold may have ended in another way.
    const refused = refuseDecision(this.state, parsed);
    if (refused !== null) throw refusal(refused);
    const { stage, execution, decision, reason, set } = parsed;
    this.tell(`decision: **${decision}** of ${stage}, execution ${execution}${reason === '' ? '' : ` (${reason})`}`);
    if (changed !== null && this.spec !== null) {
      this.earlierSpecHashes.push(this.spec.specHash);
      this.spec = changed;
      this.tell(`specification changed: ${JSON.stringify(set)}`);
    }
    this.apply({ type: 'decided', ...parsed, atMs: Date.now() });
    return `${decision} of ${stage} taken; next: ${this.state.stage}, execution ${this.state.execution}`;
  }

  /**
   * A retry that changes bars or load gets a new specification, made and checked as the first one was; both are kept. The
   * validator cannot read files: what only this finds out is told to whoever answered, and the hold goes on.
   */
  private async changedSpec(stage: Stage, set: Readonly<Record<string, unknown>>): Promise<CampaignSpec> {
    const { spec } = this;
    if (spec === null) throw refusal('there is no specification yet that could be changed.');
    try {
      // A cancel that comes meanwhile ends the hold, and that is then what the answer is refused for.
      return await CancellationScope.nonCancellable(() => respec({ spec, set }));
    } catch (error) {
      throw refusal(`set: ${readFailure(stage, error).failure.message}`);
    }
  }

  private apply(event: CampaignEvent): void {
    this.state = next(this.state, event);
  }

  private keep(stage: Stage, result: StageResult): void {
    this.details[stage] = result.detail;
    this.facts[stage] = result.facts;
    for (const event of result.groundEvents) this.tell(`ground: ${event}`);
    this.tell(`${stage}: ${result.detail}`);
  }

  private tell(text: string): void {
    this.story.push({ atMs: Date.now(), text });
  }

  private show(): void {
    tellDetails(this.status(), this.judged, this.spec);
  }

  private status(): CampaignStatus {
    return {
      campaign: this.spec?.campaign ?? null,
      profile: this.spec?.profile.metadata.name ?? null,
      substrate: this.spec?.substrate.metadata.name ?? null,
      system: this.spec?.system.name ?? null,
      fleetSize: this.spec?.profile.scale.machines ?? null,
      state: this.state,
      details: this.details,
      story: this.story,
      verdict: this.judged?.verdict ?? null,
      holdEndsAtMs: this.holdEndsAtMs,
    };
  }
}
