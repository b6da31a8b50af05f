import { parseSpent } from './budget.ts';
import { STAGES, type Stage } from '../model/stages.ts';
import { FIRST_STAGES } from '../plan/spec.ts';
import {
  latestOutcome,
  type CampaignState,
  type DecisionRecord,
  type GroupsOutcome,
  type StageFailure,
  type StageOutcome,
} from './machine.ts';
import { parseStages } from './outline.ts';
import { parseFacts, parsePart } from './parse-results.ts';
import { recordedFields, recordedText, type RecordedFields } from '../files/recorded-fields.ts';
import {
  LEAD_GROUP,
  type DriveInput,
  type GroupClusters,
  type JudgeInput,
  type SnapshotInput,
  type StageInput,
  type StageTimes,
  type TeardownInput,
  type WatchInput,
} from './stage-io.ts';

/**
 * Parsers of activity inputs. The first version sent the whole specification, all decisions and all outcomes to every stage. An
 * activity that its worker scheduled may be run by this version.
 */

const EARLY_ENDS = ['over-budget', 'failed', 'hold-expired', 'aborted', 'cancelled', 'lead-lost'] as const;
const KINDS = ['breach', 'system', 'target', 'harness'] as const;

/** A stage's input. The specification lies on disk, also where the first version sent it along. */
export interface ParsedInput<Input extends StageInput> {
  readonly input: Input;
}

/** @throws UnreadableRecord naming the field */
export function parseStageInput(stage: Stage, value: unknown): ParsedInput<StageInput> {
  const fields = recordedFields(`input of ${stage}`, value);
  const sentSpec = (value as { readonly spec?: unknown }).spec;
  const identity = sentSpec === undefined ? fields : recordedFields(`input of ${stage}: spec`, sentSpec);
  const { resume } = value as { readonly resume?: unknown };
  return {
    input: {
      campaign: identity.name('campaign'),
      specHash: identity.text('specHash'),
      stage,
      execution: fields.count('execution'),
      group: fields.name('group', LEAD_GROUP),
      ...(resume === undefined ? {} : { resume }),
      decisions: fields.list('decisions', parseDecision, []),
    },
  };
}

/** @throws UnreadableRecord naming the field */
export function parseDriveInput(value: unknown): ParsedInput<DriveInput> {
  const { input } = parseStageInput('soak', value);
  return { input: { ...input, startAtMs: recordedFields('input of drive', value).moment('startAtMs') } };
}

/** @throws UnreadableRecord naming the field */
export function parseWatchInput(value: unknown): ParsedInput<WatchInput> {
  const { input } = parseStageInput('soak', value);
  const fields = recordedFields('input of watch', value);
  return {
    input: {
      ...input,
      startAtMs: fields.moment('startAtMs'),
      groups: fields.list('groups', parseGroupClusters),
      ...(fields.has('settledAtMs') ? { settledAtMs: fields.moment('settledAtMs') } : {}),
    },
  };
}

/** @throws UnreadableRecord naming the field */
export function parseTeardownInput(value: unknown): ParsedInput<TeardownInput> {
  const { input } = parseStageInput('teardown', value);
  return { input: { ...input, ...groupsOf(recordedFields('input of teardown', value)) } };
}

/** @throws UnreadableRecord naming the field */
export function parseSnapshotInput(value: unknown): ParsedInput<SnapshotInput> {
  const { input } = parseStageInput('snapshot', value);
  const fields = recordedFields('input of snapshot', value);
  const soak = fields.has('soak')
    ? parseTimes(fields.object('soak'))
    : latestOutcome({ outcomes: fields.list('outcomes', parseOutcome, []) }, 'soak');
  return {
    input: {
      ...input,
      ...(soak === undefined ? {} : { soak }),
      ...groupsOf(fields),
      ...(fields.has('moved') ? { moved: fields.list('moved', parseGroupClusters) } : {}),
      ...(fields.has('leadLost') ? { leadLost: fields.flag('leadLost') } : {}),
    },
  };
}

/** @throws UnreadableRecord naming the field */
export function parseJudgeInput(value: unknown): ParsedInput<JudgeInput> {
  const { input } = parseStageInput('judge', value);
  const fields = recordedFields('input of judge', value);
  const facts = fields.map('facts', {});
  return {
    input: {
      ...input,
      state: parseState(fields.object('state')),
      evidence: fields.list('evidence', parsePart, []),
      facts: Object.fromEntries(
        Object.keys(facts).map((stage) => [stage, parseFacts(fields.object('facts').map(stage))]),
      ),
      earlierSpecHashes: fields.list('earlierSpecHashes', recordedText, []),
      ...groupsOf(fields),
    },
  };
}

function groupsOf(fields: RecordedFields): { readonly groups?: readonly GroupClusters[] } {
  return fields.has('groups') ? { groups: fields.list('groups', parseGroupClusters) } : {};
}

function parseGroupClusters(value: unknown, where: string): GroupClusters {
  const group = recordedFields(where, value);
  return {
    group: group.name('group'),
    host: group.text('host'),
    firstCluster: group.count('firstCluster'),
    clusterCount: group.count('clusterCount'),
  };
}

/** The machine's record as `judge` gets it. A record of the first version lists no stages. */
function parseState(fields: RecordedFields): CampaignState {
  const stages = parseStages(fields);
  return {
    mode: fields.oneOf('mode', ['stage', 'hold', 'finished']),
    stages,
    stage: parseStage(fields),
    execution: fields.count('execution'),
    stageStartedAtMs: fields.moment('stageStartedAtMs'),
    // `judge` runs after every hold.
    hold: null,
    holdMs: fields.count('holdMs', 0),
    outcomes: fields.list('outcomes', parseOutcome),
    decisions: fields.list('decisions', parseDecision, []),
    cancelRequested: fields.flag('cancelRequested', false),
    ...(fields.has('spent') ? { spent: parseSpent(fields.object('spent')) } : {}),
    earlyEnd: fields.has('earlyEnd') ? fields.oneOf('earlyEnd', EARLY_ENDS) : null,
  };
}

function parseOutcome(value: unknown, where: string): StageOutcome {
  const outcome = recordedFields(where, value);
  return {
    stage: parseStage(outcome),
    ...parseTimes(outcome),
    outcome: outcome.oneOf('outcome', ['succeeded', 'failed', 'cancelled', 'skipped']),
    ...(outcome.has('failure') ? { failure: parseFailure(outcome.object('failure')) } : {}),
    ...(outcome.has('breachRead') ? { breachRead: outcome.text('breachRead') } : {}),
    ...(outcome.has('groups') ? { groups: parseGroupsOutcome(outcome.object('groups')) } : {}),
  };
}

function parseGroupsOutcome(fields: RecordedFields): GroupsOutcome {
  return {
    ran: fields.count('ran'),
    failedCount: fields.count('failedCount'),
    failed: fields.list('failed', (item, where) => {
      const group = recordedFields(where, item);
      return { group: group.text('group'), host: group.text('host'), kind: group.oneOf('kind', KINDS, 'harness') };
    }),
  };
}

function parseFailure(fields: RecordedFields): StageFailure {
  return {
    kind: fields.oneOf('kind', KINDS, 'harness'),
    message: fields.text('message'),
    ...(fields.has('gate') ? { gate: fields.text('gate') } : {}),
  };
}

function parseDecision(value: unknown, where: string): DecisionRecord {
  const decision = recordedFields(where, value);
  return {
    stage: parseStage(decision),
    execution: decision.count('execution'),
    decision: decision.oneOf('decision', ['retry', 'skip', 'abort']),
    reason: decision.text('reason', ''),
    atMs: decision.moment('atMs'),
    ...(decision.has('set') ? { set: decision.map('set') } : {}),
  };
}

function parseTimes(fields: RecordedFields): StageTimes {
  return {
    execution: fields.count('execution'),
    startedAtMs: fields.moment('startedAtMs'),
    endedAtMs: fields.moment('endedAtMs'),
  };
}

function parseStage(fields: RecordedFields): Stage {
  return fields.oneOf('stage', [...new Set([...FIRST_STAGES, ...STAGES])]);
}
