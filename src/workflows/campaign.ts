import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  condition,
  defineQuery,
  defineUpdate,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { ResolveActivities, StageActivities } from '../activities/contract.ts';
import { endingOf } from '../core/campaign/conclusion.ts';
import { refuseChanges } from '../core/campaign/changes.ts';
import { currentDetails } from '../core/campaign/details.ts';
import { parseDecideInput } from '../core/campaign/decide-input.ts';
import { FAILURE_TYPES, NON_RETRYABLE_FAILURES } from '../core/campaign/failure-types.ts';
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
import type { Stage } from '../core/campaign/stages.ts';
import type { CampaignSpec } from '../core/plan/spec.ts';
import { activityOptions } from './activity-options.ts';
import { tellBegin, tellSpec, tellStage, tellVerdict } from './search-attributes.ts';
import { readFailure } from './stage-failure.ts';
import { STARTED_BY } from '../core/campaign/started-by.ts';

/** A person's answer to a hold. The validator refuses, in a sentence, whatever does not fit the open hold. */
export const decide = defineUpdate<string, [unknown]>('decide');
/** Where the campaign is: what `belay watch` and `belay status` show. */
export const status = defineQuery<CampaignStatus>('status');

// Everything `resolve` does is reading files and arithmetic; 30 s is for a host that is starved of CPU.
const { resolve, respec } = proxyLocalActivities<ResolveActivities>({
  startToCloseTimeout: 30_000,
  retry: { maximumAttempts: 3, nonRetryableErrorTypes: [...NON_RETRYABLE_FAILURES] },
});

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
  private failedToResolve: string | null = null;
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
      description: 'answer a hold: {"stage":…,"execution":…,"decision":"retry|skip|abort","reason":"why"}',
      validator: (answer) => {
        const refused = this.refuse(answer);
        if (refused !== null) throw ApplicationFailure.nonRetryable(refused, 'DecisionRefused');
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
  }

  cancel(): void {
    this.tell('cancel requested');
    this.apply({ type: 'cancelRequested', atMs: Date.now() });
    this.stageScope?.cancel();
  }

  conclude(): CampaignResult {
    if (this.failedToResolve !== null)
      throw ApplicationFailure.nonRetryable(this.failedToResolve, FAILURE_TYPES.invalidSpec);
    const ending = endingOf(this.state);
    const result: CampaignResult = {
      campaign: this.spec?.campaign ?? workflowInfo().workflowId,
      verdict: this.judged?.verdict ?? 'unmeasured',
      ending,
      reasons: this.judged?.reasons ?? ['the campaign was not judged'],
      gates: this.judged?.gates ?? [],
      leftovers: this.leftovers,
    };
    if (ending === 'aborted') throw new CancelledFailure('cancelled; evidence kept, torn down');
    if (ending === 'harness-fault' || this.judged === null) {
      // A schedule pauses on a failed workflow, never on a red system: this is the difference.
      throw ApplicationFailure.nonRetryable(result.reasons[0] ?? 'harness fault', FAILURE_TYPES.harnessFault, result);
    }
    return result;
  }

  private async runStage(input: unknown): Promise<void> {
    const { stage, execution } = this.state;
    const scope = new CancellationScope({
      cancellable: stage !== 'snapshot' && stage !== 'judge' && stage !== 'teardown',
    });
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
      const { failure, checkpoint } = readFailure(stage, error);
      if (stage === 'resolve') this.failedToResolve = failure.message;
      if (stage === 'snapshot') this.evidence = [{ what: 'snapshot', ok: false, error: failure.message }];
      if (stage === 'teardown') this.leftovers = [`teardown: ${failure.message}`];
      this.checkpoints.set(stage, checkpoint);
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
    if (spec === null) throw ApplicationFailure.nonRetryable(`${stage} before resolve`, FAILURE_TYPES.harnessFault);
    tellStage(stage);
    const queue = onLoadQueue(stage) ? spec.loadQueue : spec.hostQueue;
    const summary = execution > 1 ? `${stage}, execution ${execution}` : stage;
    const activities = proxyActivities<StageActivities>(activityOptions(spec.deadlines.stages[stage], queue, summary));
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
    this.details['resolve'] = `spec ${spec.specHash.slice(0, 12)}`;
    this.tell(`resolved: ${spec.plan.totalPods} Pods on ${spec.plan.clusterCount} cluster(s), seed ${spec.randomSeed}`);
  }

  private async waitForDecision(): Promise<void> {
    const hold = this.state.hold;
    if (hold === null) return;
    tellStage('hold');
    const { stage, execution } = hold;
    const remainingMs = Math.max(1, hold.openedAtMs + this.state.holdMs - Date.now());
    this.holdEndsAtMs = Date.now() + remainingMs;
    this.show();
    const answered = await condition(() => this.state.mode !== 'hold', remainingMs, { summary: `hold on ${stage}` });
    this.holdEndsAtMs = null;
    if (!answered) {
      this.tell(`nobody answered the hold on ${stage}`);
      this.apply({ type: 'holdExpired', stage, execution, atMs: Date.now() });
      return;
    }
    await this.carryChanges();
  }

  /** A retry that changes bars or load gets a new specification, made and checked as the first one was; both are kept. */
  private async carryChanges(): Promise<void> {
    const set = this.state.mode === 'stage' ? this.state.decisions.at(-1)?.set : undefined;
    if (set === undefined || this.spec === null) return;
    const before = this.spec;
    const { stage, execution } = this.state;
    try {
      this.spec = await respec({ spec: before, set });
      this.earlierSpecHashes.push(before.specHash);
      this.tell(`specification changed: ${JSON.stringify(set)}`);
    } catch (error) {
      // The validator lets through what it can check without a parser; what fails here holds again instead of being lost.
      const { failure } = readFailure(stage, error);
      this.tell(`the changes of the retry were refused: ${failure.message}`);
      this.apply({ type: 'failed', stage, execution, failure, atMs: Date.now() });
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

  private takeDecision(answer: unknown): string {
    const parsed = parseDecideInput(answer);
    if (typeof parsed === 'string') throw ApplicationFailure.nonRetryable(parsed, 'DecisionRefused');
    this.tell(
      `decision: **${parsed.decision}** of ${parsed.stage}, execution ${parsed.execution}${parsed.reason === '' ? '' : ` (${parsed.reason})`}`,
    );
    this.apply({ type: 'decided', ...parsed, atMs: Date.now() });
    return `${parsed.decision} of ${parsed.stage} taken; next: ${this.state.stage}, execution ${this.state.execution}`;
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
    setCurrentDetails(currentDetails(this.status(), this.judged));
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

/** Stages that make or watch load run on the load workers' queue; the rest on the host that holds the clusters. */
function onLoadQueue(stage: Stage): boolean {
  return stage === 'seed' || stage === 'ramp' || stage === 'steady' || stage === 'soak';
}
