import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import type { Logger } from 'pino';
import { readCheckpoint, readCheckpointBefore, writeCheckpoint } from '../adapters/host/checkpoints.ts';
import { readInfrastructureEvents } from '../adapters/host/infrastructure-events.ts';
import { isDiskError } from '../adapters/host/disk-room.ts';
import { giveBackForTeardown } from '../adapters/host/campaign-disks.ts';
import { readLedger, updateLedger, type ClusterRecord } from '../adapters/host/ledger.ts';
import { DECISION, openEvidence, type Evidence, type TimelineEvent } from '../adapters/evidence/evidence-folder.ts';
import { markOwner } from '../adapters/evidence/folder-owner.ts';
import { addIdentityFinding } from '../adapters/evidence/identity-findings.ts';
import { keepBesideLedger } from '../adapters/evidence/spec-store.ts';
import { workerIdentity } from '../adapters/identity/worker-identity.ts';
import { showAttempt } from '../adapters/prometheus/campaign-metrics.ts';
import { stageSeconds } from '../adapters/prometheus/own-metrics.ts';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import type { DecisionRecord } from '../core/campaign/machine.ts';
import { FORMER_EVENTS } from '../core/campaign/parse-results.ts';
import {
  parseDriveInput,
  parseJudgeInput,
  parseSnapshotInput,
  parseStageInput,
  parseTeardownInput,
  parseWatchInput,
  type ParsedInput,
} from '../core/campaign/parse-input.ts';
import {
  LEAD_GROUP,
  type DriveInput,
  type DriveResult,
  type JudgeInput,
  type JudgeResult,
  type SnapshotInput,
  type SnapshotResult,
  type StageInput,
  type StageResult,
  type TeardownInput,
  type TeardownResult,
  type WatchInput,
} from '../core/campaign/stage-io.ts';
import { isClosing, isStage, type ActivityName, type Stage } from '../core/model/stages.ts';
import type { Ownership } from '../core/plan/labels.ts';
import { remainingMs } from '../core/plan/deadlines.ts';
import { parseCheckpoint, type CheckpointOf } from '../core/plan/stages/registry.ts';
import type { CampaignSpec } from '../core/plan/spec.ts';
import { cut } from '../core/text/markdown.ts';
import { claimActivity } from './attempt.ts';
import { begun, noSpec } from './begun.ts';
import { untilCommonEnd } from './common-end.ts';
import { lastCheckpoint } from './bounded.ts';
import { isCancelled, whyCancelled } from './cancellation.ts';
import { watchForHalt } from './halt.ts';
import { limitedFailure } from './limited-failure.ts';
import { haltsOf, namingDisk, orLeaseLost, whereRoomIs } from './why-halted.ts';
import { stageSteps, type StageSteps } from './stage-steps.ts';
import { messageOf } from '../core/text/message-of.ts';

/** What the body of an activity works with that carries out a stage, or its part of a soak. */
export interface StageContext<
  A extends ActivityName = Stage,
  Input extends StageInput = StageInput,
> extends StageSteps<A> {
  readonly input: Input;
  readonly spec: CampaignSpec;
  readonly stage: Stage;
  readonly log: Logger;
  readonly evidence: Evidence;
  /** Adds an event of this stage, execution and attempt to the timeline. @param what one word, e.g. `action` */
  readonly event: (what: string, detail: string) => void;
  /** Where an earlier attempt of this execution was. The execution's clock continues. */
  readonly checkpoint: CheckpointOf<A> | undefined;
  /** Where the execution before this one was. What it made still exists, but clocks start anew. */
  readonly handedOver: CheckpointOf<A> | undefined;
  /** Keeps a checkpoint on this host's disk. */
  save(checkpoint: CheckpointOf<A>): void;
  /** Whether a later attempt has begun. Then this one changes nothing any more: no evidence, no checkpoint, no cluster. */
  readonly isSuperseded: () => boolean;
  /** The campaign's clusters on this host. @throws ApplicationFailure when it has none */
  clusters(): readonly ClusterRecord[];
  /** Labels of everything that this stage creates. */
  readonly owner: Ownership;
}

/** What a body returns; `stageActivity` adds the rest of the stage's result. */
export type BodyResult<Result extends StageResult> = Omit<Result, 'infrastructureEvents'>;

/** A stage's body: its work, without evidence, checkpoints and failures. */
type Body<A extends ActivityName, Input extends StageInput, Own extends BodyResult<StageResult>> = (
  context: StageContext<A, Input>,
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

/** The activity `drive`, out of its body. */
export function driveActivity(
  workerLog: Logger,
  body: Body<'drive', DriveInput, BodyResult<DriveResult>>,
): (input: DriveInput) => Promise<DriveResult> {
  return activityOf('drive', workerLog, parseDriveInput, body);
}

/** The activity `watch`, out of its body. */
export function watchActivity(
  workerLog: Logger,
  body: Body<'watch', WatchInput, BodyResult<StageResult>>,
): (input: WatchInput) => Promise<StageResult> {
  return activityOf('watch', workerLog, parseWatchInput, body);
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

/** The activity `teardown`, out of its body. */
export function teardownActivity(
  workerLog: Logger,
  body: Body<'teardown', TeardownInput, BodyResult<TeardownResult>>,
): (input: TeardownInput) => Promise<TeardownResult> {
  // An attempt before this one may have removed everything, and its worker may have died before it could report that.
  return activityOf('teardown', workerLog, parseTeardownInput, body, (input) => {
    if (input.group === LEAD_GROUP) return refuse(input);
    return { detail: 'nothing was there', facts: {}, leftovers: [], infrastructureEvents: [] };
  });
}

function activityOf<A extends ActivityName, Input extends StageInput, Own extends BodyResult<StageResult>>(
  activity: A,
  workerLog: Logger,
  parse: (value: unknown) => ParsedInput<Input>,
  body: Body<A, Input, Own>,
  nothingLeft: (input: Input) => Completed<Own> = refuse,
): (input: Input) => Promise<Completed<Own>> {
  return async (value) => {
    const { input, spec } = await begun(activity, parse, value);
    if (spec === undefined) return nothingLeft(input);
    const { stage, execution } = input;
    const { attempt } = Context.current().info;
    const part = partOf(activity, input);
    const log = workerLog.child({
      campaign: spec.campaign,
      stage,
      ...(part === '' ? {} : { part }),
      execution,
      attempt,
    });
    const { evidence, isSuperseded, endWatch } = opened(spec, stage);
    const startedAtMs = Date.now();
    /** On a full disk evidence, verdict and teardown are worth more than the line that says so. */
    let mayLoseEvents = isClosing(stage);
    const event = (what: string, detail: string): void => {
      try {
        evidence.event({ atMs: Date.now(), stage, execution, attempt, what, detail });
      } catch (error) {
        if (!mayLoseEvents || !isDiskError(error)) throw error;
        log.warn({ err: error, what, detail }, 'an event could not be written to the timeline');
      }
    };
    try {
      for (const decision of input.decisions ?? []) evidence.event(decisionEvent(decision));
      if (execution > 1) postponeExpiry(spec, stage);
      event(attempt === 1 ? 'began' : 'resumed', part);
      whereRoomIs(stage, () => addIdentityFinding(evidence.folder, workerIdentity()));
      showAttempt(spec, activity, execution, attempt);
      log.info('stage began');
      const result = await body({
        input,
        spec,
        stage,
        log,
        evidence,
        event,
        checkpoint: parseCheckpoint(activity, readCheckpoint(spec.slug, activity, execution) ?? lastCheckpoint()),
        handedOver: parseCheckpoint(activity, readCheckpointBefore(spec.slug, activity, execution) ?? input.resume),
        ...stageSteps(spec, activity, log),
        save: (next) => {
          if (!isSuperseded()) writeCheckpoint(spec.slug, activity, execution, next);
        },
        isSuperseded,
        clusters: () => clustersOf(spec),
        owner: { campaign: spec.campaign, stage, expiresAtMs: expiryOf(spec) },
      });
      event('ended', result.detail);
      const seconds = (Date.now() - startedAtMs) / 1_000;
      // Nothing scrapes the series after teardown, and nothing would remove it.
      if (stage !== 'teardown')
        stageSeconds.set({ campaign: spec.campaign, stage: activity, execution: String(execution) }, seconds);
      log.info({ seconds }, result.detail);
      await untilCommonEnd(spec, activity);
      const events = infrastructureEvents(spec.campaign, startedAtMs);
      const detail = cut(result.detail, MAX_DETAIL_BYTES);
      return {
        ...result,
        detail,
        facts: limitedFacts(result.facts),
        infrastructureEvents: events,
        [FORMER_EVENTS]: events,
      };
    } catch (found) {
      mayLoseEvents = true;
      if (isCancelled(found)) {
        const cause = whyCancelled() ?? found.message;
        event('cancelled', cause);
        log.info(`stage stopped: ${cause}`);
        throw new CancelledFailure(cut(found.message, MAX_DETAIL_BYTES));
      }
      const error = await orLeaseLost(found, spec, stage).catch(() => found);
      event('failed', messageOf(error));
      log.warn({ err: error }, 'stage failed');
      throw limitedFailure(namingDisk(error, spec), `runs/${spec.campaign}/timeline.jsonl`);
    } finally {
      endWatch();
    }
  };
}

/** What an activity of a campaign works on. @throws ApplicationFailure when it has to stop before it begins */
function opened(
  spec: CampaignSpec,
  stage: Stage,
): { readonly evidence: Evidence; readonly isSuperseded: () => boolean; readonly endWatch: () => void } {
  try {
    // Claims, ledgers and checkpoints of the end must not fail for want of room.
    if (isClosing(stage)) giveBackForTeardown(spec);
    // Teardown removes its own claim, and two attempts of it do no harm: both remove.
    const isSuperseded = stage === 'teardown' ? () => false : claimActivity(spec.slug);
    const evidence = openEvidence(spec, isSuperseded);
    keepBesideLedger(spec);
    const group = readLedger(spec.slug)?.group;
    if (group !== undefined) markOwner(evidence.folder, group);
    // `provision` asks for more room than the others, before it makes anything.
    const isWatched = !isClosing(stage) && stage !== 'provision';
    return { evidence, isSuperseded, endWatch: isWatched ? watchForHalt(haltsOf(spec, stage)) : () => undefined };
  } catch (error) {
    if (isCancelled(error)) throw error;
    throw limitedFailure(namingDisk(error, spec), `the worker's log of ${stage}`);
  }
}

/** @throws ApplicationFailure: without its specification an activity cannot begin */
function refuse(input: StageInput): never {
  throw limitedFailure(noSpec(input), `the worker's log of ${input.stage}`);
}

/** Which part of a stage an activity is, in words; empty for a whole stage. */
function partOf(activity: ActivityName, input: StageInput | WatchInput): string {
  if (isStage(activity)) return '';
  return 'settledAtMs' in input ? `${activity} for the end` : activity;
}

/** Facts whose texts are cut: one of them lists all clusters. */
function limitedFacts(facts: StageResult['facts']): StageResult['facts'] {
  return Object.fromEntries(
    Object.entries(facts).map(([name, fact]) => [name, typeof fact === 'string' ? cut(fact, MAX_DETAIL_BYTES) : fact]),
  );
}

/** A decision as an event of the execution that it answers. Several stages may write it; the timeline keeps it once. */
function decisionEvent({ stage, execution, decision, reason, set, atMs }: DecisionRecord): TimelineEvent {
  const why = reason === '' ? '' : `: ${reason}`;
  const changes = set === undefined ? '' : ` ${JSON.stringify(set)}`;
  const detail = `${decision} of ${stage}, execution ${execution}${why}${changes}`;
  return { atMs, stage, execution, attempt: 1, what: DECISION, detail };
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
