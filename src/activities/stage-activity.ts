import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Logger } from 'pino';
import { readCheckpoint, writeCheckpoint } from '../adapters/host/checkpoints.ts';
import { readGround } from '../adapters/host/ground.ts';
import { readLedger, updateLedger, type ClusterRecord } from '../adapters/host/ledger.ts';
import { openEvidence, type Evidence, type TimelineEvent } from '../adapters/evidence/evidence-folder.ts';
import { stageSeconds } from '../adapters/prometheus/own-metrics.ts';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import type { DecisionRecord } from '../core/campaign/machine.ts';
import type { StageInput, StageResult } from '../core/campaign/stage-io.ts';
import type { Stage } from '../core/model/stages.ts';
import type { Ownership } from '../core/plan/labels.ts';
import { remainingMs } from '../core/plan/deadlines.ts';
import type { CampaignSpec } from '../core/plan/spec.ts';
import { lastCheckpoint } from './bounded.ts';
import { isCancelled, whyCancelled } from './cancellation.ts';

/** What every stage's body works with. */
export interface StageContext<Input extends StageInput = StageInput> {
  readonly input: Input;
  readonly spec: CampaignSpec;
  readonly stage: Stage;
  readonly log: Logger;
  readonly evidence: Evidence;
  /** Adds an event of this stage, execution and attempt to the timeline. @param what one word, e.g. `action` */
  readonly event: (what: string, detail: string) => void;
  /** Where an earlier attempt of this execution had got to: its clock goes on. */
  readonly checkpoint: unknown;
  /** Where the execution before this one had got to: what was made stands, but clocks start anew. */
  readonly handedOver: unknown;
  /** Keeps a checkpoint on this host's disk; heartbeats carry it besides. */
  save(checkpoint: unknown): void;
  /** The campaign's clusters on this host. @throws ApplicationFailure when it has none */
  clusters(): readonly ClusterRecord[];
  /** Labels of what this stage makes. */
  readonly owner: Ownership;
}

/** What a body returns; the rest of the stage's result is added around it. */
export type BodyResult<Result extends StageResult> = Omit<Result, 'groundEvents'>;

/**
 * Makes a stage's activity of its body: evidence of when it began and how it ended, log lines with campaign, stage and
 * attempt, the checkpoint of whoever was here before, and failures in the words that the workflow reads.
 */
export function stageActivity<Input extends StageInput, Result extends StageResult>(
  stage: Stage,
  workerLog: Logger,
  body: (context: StageContext<Input>) => Promise<BodyResult<Result>>,
): (input: Input) => Promise<Result> {
  return async (input) => {
    const { spec, execution } = input;
    const { attempt } = Context.current().info;
    const log = workerLog.child({ campaign: spec.campaign, stage, execution, attempt });
    const evidence = openEvidence(spec);
    let checkpoint = readCheckpoint(spec.slug, stage, execution) ?? lastCheckpoint();
    const startedAtMs = Date.now();
    const event = (what: string, detail: string): void =>
      evidence.event({ atMs: Date.now(), stage, execution, attempt, what, detail });
    for (const decision of input.decisions) evidence.event(decisionEvent(decision));
    if (execution > 1) postponeExpiry(spec, stage);
    event(attempt === 1 ? 'began' : 'resumed', '');
    log.info('stage began');
    try {
      const result = await body({
        input,
        spec,
        stage,
        log,
        evidence,
        event,
        checkpoint,
        handedOver: input.resume,
        save: (next) => {
          checkpoint = next;
          writeCheckpoint(spec.slug, stage, execution, next);
        },
        clusters: () => clustersOf(spec),
        owner: { campaign: spec.campaign, stage, expiresAtMs: expiryOf(spec) },
      });
      const groundEvents = readGround(spec.campaign)
        .filter((ground) => ground.atMs >= startedAtMs)
        .map(
          (ground) =>
            `${ground.cluster === undefined ? '' : `${ground.cluster} `}${ground.component} ${ground.what}${ground.detail === '' ? '' : `: ${ground.detail}`}`,
        );
      event('ended', result.detail);
      const seconds = (Date.now() - startedAtMs) / 1_000;
      // After teardown nobody scrapes it, and nobody would take it away again.
      if (stage !== 'teardown')
        stageSeconds.set({ campaign: spec.campaign, stage, execution: String(execution) }, seconds);
      log.info({ seconds }, result.detail);
      return { ...result, groundEvents } as unknown as Result;
    } catch (error) {
      if (isCancelled(error)) {
        const cause = whyCancelled() ?? error.message;
        event('cancelled', cause);
        log.info(`stage stopped: ${cause}`);
        throw error;
      }
      const failure = asFailure(error, checkpoint);
      event('failed', failure.message);
      log.warn({ err: error }, 'stage failed');
      throw failure;
    }
  };
}

/** A decision as an event of the execution that it answers: every stage after it tells the same, and it is kept once. */
function decisionEvent({ stage, execution, decision, reason, set, atMs }: DecisionRecord): TimelineEvent {
  const why = reason === '' ? '' : `: ${reason}`;
  const changes = set === undefined ? '' : ` ${JSON.stringify(set)}`;
  const detail = `${decision} of ${stage}, execution ${execution}${why}${changes}`;
  return { atMs, stage, execution, attempt: 1, what: 'decision', detail };
}

/**
 * A failure of the system under test: it did not get where the stage wanted it.
 * @param mayPass whether another attempt is worth its time; else it would only wait longer
 */
export function systemNotThere(message: string, mayPass = false): ApplicationFailure {
  return ApplicationFailure.create({ message, type: FAILURE_TYPES.systemNotThere, nonRetryable: !mayPass });
}

/** What went wrong, in the words the workflow reads, with the checkpoint that the next execution is handed. */
function asFailure(error: unknown, checkpoint: unknown): ApplicationFailure {
  const details = checkpoint === undefined ? {} : { checkpoint };
  if (error instanceof ApplicationFailure) {
    return ApplicationFailure.create({
      message: error.message,
      type: error.type ?? FAILURE_TYPES.harnessFault,
      nonRetryable: error.nonRetryable ?? false,
      details: [{ ...(error.details?.[0] as object | undefined), ...details }],
      cause: error,
    });
  }
  const message = error instanceof Error ? error.message : String(error);
  return ApplicationFailure.create({
    message,
    type: FAILURE_TYPES.harnessFault,
    details: [details],
    ...(error instanceof Error ? { cause: error } : {}),
  });
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

/** A retry gives a campaign more time; whoever looks for what is abandoned has to know. */
function postponeExpiry(spec: CampaignSpec, stage: Stage): void {
  if (readLedger(spec.slug) === undefined) return;
  const expiresAtMs = Date.now() + remainingMs(spec.deadlines, stage);
  updateLedger(spec.slug, (ledger) => ({ ...ledger, expiresAtMs: Math.max(ledger.expiresAtMs, expiresAtMs) }));
}

function expiryOf(spec: CampaignSpec): number {
  return readLedger(spec.slug)?.expiresAtMs ?? Date.now() + spec.deadlines.janitorMs;
}
