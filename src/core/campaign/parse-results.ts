import type { Stage } from '../model/stages.ts';
import { recordedFields, recordedText, type RecordedFields } from '../files/recorded-fields.ts';
import type {
  CampaignResult,
  DriveResult,
  EvidencePart,
  FlaggedMetric,
  GateLine,
  JudgeResult,
  SnapshotResult,
  StageResult,
  TeardownResult,
} from './stage-io.ts';

/**
 * Parsers of activity results. A worker of another version may have run the activity, and a history may be older than this
 * code. Fields that later versions added have defaults.
 */

/** Name of `infrastructureEvents` in the results of version 0.1. Its workers read this name only, and need it. */
export const FORMER_EVENTS = 'groundEvents';

const VERDICTS = ['pass', 'unmeasured', 'fail'] as const;

/** @throws UnreadableRecord naming the field */
export function parseStageResult(stage: Stage, value: unknown): StageResult {
  return stageResult(fieldsOf(stage, value));
}

/** @throws UnreadableRecord naming the field */
export function parseDriveResult(value: unknown): DriveResult {
  const fields = recordedFields('result of drive', value);
  return { ...stageResult(fields), settledAtMs: fields.number('settledAtMs') };
}

/** @throws UnreadableRecord naming the field */
export function parseSnapshotResult(value: unknown): SnapshotResult {
  const fields = fieldsOf('snapshot', value);
  return { ...stageResult(fields), parts: fields.list('parts', parsePart) };
}

/** @throws UnreadableRecord naming the field */
export function parseTeardownResult(value: unknown): TeardownResult {
  const fields = fieldsOf('teardown', value);
  return { ...stageResult(fields), leftovers: fields.list('leftovers', recordedText, []) };
}

/** @throws UnreadableRecord naming the field */
export function parseJudgeResult(value: unknown): JudgeResult {
  const fields = fieldsOf('judge', value);
  return {
    ...stageResult(fields),
    verdict: fields.oneOf('verdict', VERDICTS),
    reasons: fields.list('reasons', recordedText, []),
    gates: fields.list('gates', parseGateLine, []),
    ...changesOf(fields),
  };
}

/** What a ladder reads of a rung's campaign. @throws UnreadableRecord naming the field */
export function parseCampaignResult(
  value: unknown,
): Pick<CampaignResult, 'verdict' | 'reasons' | 'gates' | 'changes' | 'flagged'> {
  const fields = recordedFields('result of campaign', value);
  return {
    verdict: fields.oneOf('verdict', VERDICTS),
    reasons: fields.list('reasons', recordedText, []),
    gates: fields.list('gates', parseGateLine, []),
    ...changesOf(fields),
  };
}

/** A part of the evidence. @throws UnreadableRecord naming the field */
export function parsePart(value: unknown, where: string): EvidencePart {
  const part = recordedFields(where, value);
  return {
    what: part.text('what'),
    ok: part.flag('ok'),
    ...(part.has('error') ? { error: part.text('error') } : {}),
  };
}

/** Numbers and texts by name; anything else among them is left out. */
export function parseFacts(map: Readonly<Record<string, unknown>>): StageResult['facts'] {
  return Object.fromEntries(
    Object.entries(map).filter((entry): entry is [string, number | string] =>
      ['number', 'string'].includes(typeof entry[1]),
    ),
  );
}

function fieldsOf(stage: Stage, value: unknown): RecordedFields {
  return recordedFields(`result of ${stage}`, value);
}

function stageResult(fields: RecordedFields): StageResult {
  return {
    detail: fields.text('detail'),
    facts: parseFacts(fields.map('facts', {})),
    // Version 0.1 wrote it by its former name only.
    infrastructureEvents: fields.list(
      'infrastructureEvents',
      recordedText,
      fields.list(FORMER_EVENTS, recordedText, []),
    ),
  };
}

/** A gate of a verdict. @throws UnreadableRecord naming the field */
export function parseGateLine(value: unknown, where: string): GateLine {
  const gate = recordedFields(where, value);
  return {
    gate: gate.text('gate'),
    verdict: gate.oneOf('verdict', VERDICTS),
    informational: gate.flag('informational', false),
    value: gate.has('value') ? gate.number('value') : null,
    unit: gate.text('unit', ''),
    ...(gate.has('min') ? { min: gate.number('min') } : {}),
    ...(gate.has('max') ? { max: gate.number('max') } : {}),
    headroom: gate.has('headroom') ? gate.number('headroom') : null,
    message: gate.text('message', ''),
  };
}

/** Earlier versions did not look at other runs. */
function changesOf(fields: RecordedFields): Pick<JudgeResult, 'changes' | 'flagged'> {
  const changes = fields.list('changes', recordedText, []);
  const flagged = fields.list('flagged', parseFlagged, []);
  return { ...(changes.length === 0 ? {} : { changes }), ...(flagged.length === 0 ? {} : { flagged }) };
}

function parseFlagged(value: unknown, where: string): FlaggedMetric {
  const flagged = recordedFields(where, value);
  return {
    metric: flagged.text('metric'),
    state: flagged.oneOf('state', ['open', 'confirmed', 'withdrawn']),
    run: flagged.text('run'),
    text: flagged.text('text'),
  };
}
