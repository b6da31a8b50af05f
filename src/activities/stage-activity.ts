import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import type { Logger } from 'pino';
import { readCheckpoint, readCheckpointBefore, writeCheckpoint } from '../adapters/host/checkpoints.ts';
import { readInfrastructureEvents } from '../adapters/host/infrastructure-events.ts';
import { readLedger, updateLedger, type ClusterRecord } from '../adapters/host/ledger.ts';
import { openEvidence, type Evidence, type TimelineEvent } from '../adapters/evidence/evidence-folder.ts';
import { addIdentityFinding } from '../adapters/evidence/identity-findings.ts';
import { keepBesideLedger, readSpec } from '../adapters/evidence/spec-store.ts';
import { workerIdentity } from '../adapters/identity/worker-identity.ts';
import { stageSeconds } from '../adapters/prometheus/own-metrics.ts';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import type { DecisionRecord } from '../core/campaign/machine.ts';
import { FORMER_EVENTS } from '../core/campaign/parse-results.ts';
import {
  parseJudgeInput,
  parseSnapshotInput,
  parseStageInput,
  type ParsedInput,
} from '../core/campaign/parse-input.ts';
import type {
  JudgeInput,
  JudgeResult,
  SnapshotInput,
  SnapshotResult,
  StageInput,
  StageResult,
} from '../core/campaign/stage-io.ts';
import type { Stage } from '../core/model/stages.ts';
import type { Ownership } from '../core/plan/labels.ts';
import { remainingMs } from '../core/plan/deadlines.ts';
import { parseSpec } from '../core/plan/parse-spec.ts';
import { parseCheckpoint, type CheckpointOf } from '../core/plan/stages/registry.ts';
import type { CampaignSpec } from '../core/plan/spec.ts';
import { cut } from '../core/text/markdown.ts';
import { lastCheckpoint } from './bounded.ts';
import { isCancelled, whyCancelled } from './cancellation.ts';
import { limitedFailure } from './limited-failure.ts';
import { stageSteps, type StageSteps } from './stage-steps.ts';
import { messageOf } from '../core/text/message-of.ts';

/** What every stage's body works with. */
export interface StageContext<S extends Stage = Stage, Input extends StageInput = StageInput> extends StageSteps<S> {
  readonly input: Input;
  readonly spec: CampaignSpec;
  readonly stage: S;
  readonly log: Logger;
  readonly evidence: Evidence;
  /** Adds an event of this stage, execution and attempt to the timeline. @param what one word, e.g. `action` */
  readonly event: (what: string, detail: string) => void;
  /** Where an earlier attempt of this execution was. The execution's clock continues. */
  readonly checkpoint: CheckpointOf<S> | undefined;
  /** Where the execution before this one was. What it made still exists, but clocks start anew. */
  readonly handedOver: CheckpointOf<S> | undefined;
  /** Keeps a checkpoint on this host's disk. */
  save(checkpoint: CheckpointOf<S>): void;
  /** The campaign's clusters on this host. @throws ApplicationFailure when it has none */
  clusters(): readonly ClusterRecord[];
  /** Labels of everything that this stage creates. */
  readonly owner: Ownership;
}

/** What a body returns; `stageActivity` adds the rest of the stage's result. */
export type BodyResult<Result extends StageResult> = Omit<Result, 'infrastructureEvents'>;

/** A stage's body: its work, without evidence, checkpoints and failures. */
type Body<S extends Stage, Input extends StageInput, Own extends BodyResult<StageResult>> = (
  context: StageContext<S, Input>,
) => Promise<Own>;

/** The result of a stage: what its body returned, limited, and what happened to the infrastructure. */
type Completed<Own extends BodyResult<StageResult>> = Own & StageResult;

/** Results stay small in the history; the evidence has the rest. */
const MAX_DETAIL_BYTES = 1_000;
const MAX_INFRASTRUCTURE_EVENTS = 20;

/**
 * Makes a stage's activity out of its body. It finds the specification, writes to the timeline when the stage began and how it
 * ended, logs with campaign, stage and attempt, hands over the checkpoint of an earlier attempt, and limits the size of failures.
 */
export function stageActivity<S extends Stage, Own extends BodyResult<StageResult> = BodyResult<StageResult>>(
  stage: S,
  workerLog: Logger,
  body: Body<S, StageInput, Own>,
): (input: StageInput) => Promise<Completed<Own>> {
  return activityOf(stage, workerLog, (value) => parseStageInput(stage, value), body);
}

/** The activity `snapshot`, out of its body. */
export function snapshotActivity(
  workerLog: Logger,
  body: Body<'snapshot', SnapshotInput, BodyResult<SnapshotResult>>,
): (input: SnapshotInput) => Promise<SnapshotResult> {
  return activityOf('snapshot', workerLog, parseSnapshotInput, body);
}

/** The activity `judge`, out of its body. */
export function judgeActivity(
  workerLog: Logger,
  body: Body<'judge', JudgeInput, BodyResult<JudgeResult>>,
): (input: JudgeInput) => Promise<JudgeResult> {
  return activityOf('judge', workerLog, parseJudgeInput, body);
}

function activityOf<S extends Stage, Input extends StageInput, Own extends BodyResult<StageResult>>(
  stage: S,
  workerLog: Logger,
  parse: (value: unknown) => ParsedInput<Input>,
  body: Body<S, Input, Own>,
): (input: Input) => Promise<Completed<Own>> {
  return async (value) => {
    const { input, spec } = begun(stage, parse, value);
    const { execution } = input;
    const { attempt } = Context.current().info;
    const log = workerLog.child({ campaign: spec.campaign, stage, execution, attempt });
    const evidence = openEvidence(spec);
    keepBesideLedger(spec);
    const startedAtMs = Date.now();
    const event = (what: string, detail: string): void =>
      evidence.event({ atMs: Date.now(), stage, execution, attempt, what, detail });
    for (const decision of input.decisions ?? []) evidence.event(decisionEvent(decision));
    if (execution > 1) postponeExpiry(spec, stage);
    event(attempt === 1 ? 'began' : 'resumed', '');
    addIdentityFinding(evidence.folder, workerIdentity());
    log.info('stage began');
    try {
      const result = await body({
        input,
        spec,
        stage,
        log,
        evidence,
        event,
        checkpoint: parseCheckpoint(stage, readCheckpoint(spec.slug, stage, execution) ?? lastCheckpoint()),
        handedOver: parseCheckpoint(stage, readCheckpointBefore(spec.slug, stage, execution) ?? input.resume),
        ...stageSteps(spec, stage, log),
        save: (next) => writeCheckpoint(spec.slug, stage, execution, next),
        clusters: () => clustersOf(spec),
        owner: { campaign: spec.campaign, stage, expiresAtMs: expiryOf(spec) },
      });
      event('ended', result.detail);
      const seconds = (Date.now() - startedAtMs) / 1_000;
      // Nothing scrapes the series after teardown, and nothing would remove it.
      if (stage !== 'teardown')
        stageSeconds.set({ campaign: spec.campaign, stage, execution: String(execution) }, seconds);
      log.info({ seconds }, result.detail);
      const events = infrastructureEvents(spec.campaign, startedAtMs);
      const detail = cut(result.detail, MAX_DETAIL_BYTES);
      return {
        ...result,
        detail,
        facts: limitedFacts(result.facts),
        infrastructureEvents: events,
        [FORMER_EVENTS]: events,
      };
    } catch (error) {
      if (isCancelled(error)) {
        const cause = whyCancelled() ?? error.message;
        event('cancelled', cause);
        log.info(`stage stopped: ${cause}`);
        throw new CancelledFailure(cut(error.message, MAX_DETAIL_BYTES));
      }
      event('failed', messageOf(error));
      log.warn({ err: error }, 'stage failed');
      throw limitedFailure(error, `runs/${spec.campaign}/timeline.jsonl`);
    }
  };
}

/** Facts whose texts are cut: one of them lists all clusters. */
function limitedFacts(facts: StageResult['facts']): StageResult['facts'] {
  return Object.fromEntries(
    Object.entries(facts).map(([name, fact]) => [name, typeof fact === 'string' ? cut(fact, MAX_DETAIL_BYTES) : fact]),
  );
}

/** The input and its specification. @throws ApplicationFailure when one of them cannot be read on this host */
function begun<Input extends StageInput>(
  stage: Stage,
  parse: (value: unknown) => ParsedInput<Input>,
  value: unknown,
): { readonly input: Input; readonly spec: CampaignSpec } {
  try {
    const { input, sentSpec } = parse(value);
    const spec = sentSpec === undefined ? readSpec(input.campaign, input.specHash) : parseSpec(sentSpec);
    if (spec !== undefined) return { input, spec };
    throw ApplicationFailure.create({
      message:
        `this host does not have specification ${input.specHash.slice(0, 12)} of campaign ${input.campaign}; ` +
        `"resolve" wrote it to runs/${input.campaign}/spec.json of the campaign's host`,
      type: FAILURE_TYPES.harnessFault,
    });
  } catch (error) {
    throw limitedFailure(error, `the worker's log of stage ${stage}`);
  }
}

/** A decision as an event of the execution that it answers. Several stages may write it; the timeline keeps it once. */
function decisionEvent({ stage, execution, decision, reason, set, atMs }: DecisionRecord): TimelineEvent {
  const why = reason === '' ? '' : `: ${reason}`;
  const changes = set === undefined ? '' : ` ${JSON.stringify(set)}`;
  const detail = `${decision} of ${stage}, execution ${execution}${why}${changes}`;
  return { atMs, stage, execution, attempt: 1, what: 'decision', detail };
}

/** Failures and repairs of the infrastructure since `fromMs`, one sentence each. */
function infrastructureEvents(campaign: string, fromMs: number): readonly string[] {
  const events = readInfrastructureEvents(campaign)
    .filter(({ atMs }) => atMs >= fromMs)
    .map(
      ({ cluster, component, what, detail }) =>
        `${cluster === undefined ? '' : `${cluster} `}${component} ${what}${detail === '' ? '' : `: ${detail}`}`,
    );
  const more = events.length - MAX_INFRASTRUCTURE_EVENTS;
  return [
    ...events.slice(0, MAX_INFRASTRUCTURE_EVENTS).map((event) => cut(event, MAX_DETAIL_BYTES)),
    ...(more > 0 ? [`and ${more} more, see summary.json`] : []),
  ];
}

/**
 * A failure of the system under test: it did not reach what the stage waits for.
 * @param mayPass whether another attempt is worth its time; otherwise it would only wait longer
 */
export function systemNotThere(message: string, mayPass = false): ApplicationFailure {
  return ApplicationFailure.create({ message, type: FAILURE_TYPES.systemNotThere, nonRetryable: !mayPass });
}

function clustersOf(spec: CampaignSpec): readonly ClusterRecord[] {
  const clusters = readLedger(spec.slug)?.clusters ?? [];
  if (clusters.length === 0) {
    throw ApplicationFailure.create({
      message: `campaign ${spec.campaign} has no clusters on this host`,
      type: FAILURE_TYPES.harnessFault,
    });
  }
  return clusters;
}

/** A retry gives a campaign more time. Everything that looks for abandoned campaigns reads the expiry. */
function postponeExpiry(spec: CampaignSpec, stage: Stage): void {
  if (readLedger(spec.slug) === undefined) return;
  const expiresAtMs = Date.now() + remainingMs(spec, stage);
  updateLedger(spec.slug, (ledger) => ({ ...ledger, expiresAtMs: Math.max(ledger.expiresAtMs, expiresAtMs) }));
}

function expiryOf(spec: CampaignSpec): number {
  return readLedger(spec.slug)?.expiresAtMs ?? Date.now() + spec.deadlines.janitorMs;
}
