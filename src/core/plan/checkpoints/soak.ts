import { recordedFields, type RecordedFields } from '../../files/recorded-fields.ts';
import type { GateResult, UnmeasuredReason } from '../../gates/model.ts';
import { parseLowWater } from './ramp.ts';

/** What a soak resumes from. Its clock does not change when a worker dies. */
export interface SoakCheckpoint {
  /** Milliseconds since the epoch. */
  readonly startAtMs: number;
  /** By cluster: operations below this index are done. */
  readonly lowWater: Readonly<Record<string, number>>;
  /** By index of the runner action. */
  readonly actions: Readonly<Record<string, ActionState>>;
  /** The breach that ended the soak. An attempt that resumes only reports it. */
  readonly breach?: GateResult;
}

/** How far a runner action is. The next attempt uses it to bring a failed Node back. */
export interface ActionState {
  readonly node?: string;
  readonly firedAtMs?: number;
  readonly undoneAtMs?: number;
  readonly error?: string;
}

/** Reads a checkpoint from disk or from a heartbeat; undefined if there is none. @throws UnreadableRecord naming the field */
export function parseSoakCheckpoint(value: unknown): SoakCheckpoint | undefined {
  if (value === undefined) return undefined;
  const fields = recordedFields('checkpoint of soak', value);
  const actions = fields.map('actions', {});
  return {
    startAtMs: fields.number('startAtMs'),
    lowWater: parseLowWater(value),
    actions: Object.fromEntries(
      Object.entries(actions).map(([index, state]) => [index, parseAction(recordedFields(`action ${index}`, state))]),
    ),
    ...(fields.has('breach') ? { breach: parseBreach(fields.object('breach')) } : {}),
  };
}

function parseAction(fields: RecordedFields): ActionState {
  return {
    ...(fields.has('node') ? { node: fields.text('node') } : {}),
    ...(fields.has('firedAtMs') ? { firedAtMs: fields.number('firedAtMs') } : {}),
    ...(fields.has('undoneAtMs') ? { undoneAtMs: fields.number('undoneAtMs') } : {}),
    ...(fields.has('error') ? { error: fields.text('error') } : {}),
  };
}

function parseBreach(fields: RecordedFields): GateResult {
  const reading = fields.object('reading');
  const bar = fields.object('bar');
  return {
    gate: fields.text('gate'),
    verdict: fields.oneOf('verdict', ['pass', 'unmeasured', 'fail']),
    ...(fields.has('counts') ? { counts: fields.flag('counts') } : {}),
    reading: {
      gate: reading.text('gate'),
      value: reading.has('value') ? reading.number('value') : null,
      quality: reading.oneOf('quality', ['measured', 'unmeasured']),
      ...(reading.has('reason') ? { reason: reading.text('reason') as UnmeasuredReason } : {}),
      ...(reading.has('detail') ? { detail: reading.text('detail') } : {}),
      samples: reading.count('samples', 0),
      windowStartMs: reading.number('windowStartMs'),
      windowEndMs: reading.number('windowEndMs'),
      atMs: reading.number('atMs'),
    },
    bar: {
      ...(bar.has('min') ? { min: bar.number('min') } : {}),
      ...(bar.has('max') ? { max: bar.number('max') } : {}),
    },
    barKind: fields.oneOf('barKind', ['held', 'scaled', 'informational']),
    unit: fields.text('unit', ''),
    headroom: fields.has('headroom') ? fields.number('headroom') : null,
    message: fields.text('message', ''),
  };
}
