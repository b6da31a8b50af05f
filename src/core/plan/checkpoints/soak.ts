import { recordedFields, type RecordedFields } from '../../files/recorded-fields.ts';
import type { GateResult } from '../../gates/model.ts';
import { recordedReason } from '../../gates/recorded-reason.ts';
import { parseLatenessCounts, type LatenessCounts } from '../lateness-histogram.ts';
import { observationIn, type Observation } from '../observation.ts';
import { parseLowWater } from './ramp.ts';

/** What a soak resumes from. Its clock does not change when a worker dies. */
export interface SoakCheckpoint {
  /** Milliseconds since the epoch. */
  readonly startAtMs: number;
  /** By cluster: operations below this index are done. */
  readonly lowWater: Readonly<Record<string, number>>;
  /** By action and cluster, see `faultKey`. */
  readonly actions: Readonly<Record<string, FaultState>>;
  /** The breach that ended the soak. An attempt that resumes only reports it. */
  readonly breach?: GateResult;
  /** How late the operations of all attempts were sent. Absent in records of earlier versions. */
  readonly lateness?: SoakLateness;
  /** What all attempts observed. Absent in records of earlier versions. */
  readonly observation?: Observation;
  /** The soak is over without a breach. An attempt that resumes only reads the gates that were not read, and reports. */
  readonly ended?: EndedSoak;
}

/** How late the planned operations of a soak were sent. */
export interface SoakLateness {
  /** Requests that were sent, and operations that were due and never sent. */
  readonly operations: number;
  /** Those of them that were sent more than `LATE_OPERATION_MS` after their moment, or never. */
  readonly late: number;
  readonly worstMs: number;
  /** How late the requests that were sent were. Absent where an attempt of an earlier version did not record it. */
  readonly sent?: LatenessCounts;
  /** Operations that were due and never sent. */
  readonly neverSent?: number;
}

/** A soak that is over: what it reports, and the moment after the last Pods had their time, ms since the epoch. */
interface EndedSoak {
  readonly settledAtMs: number;
  readonly detail: string;
  readonly facts: Readonly<Record<string, number | string>>;
}

/** How far a fault is in one cluster. The next attempt uses it to undo the fault. Moments are milliseconds since the epoch. */
export interface FaultState {
  /** What was chosen to be broken, e.g. the name of a Node. It is recorded before it is broken. */
  readonly target?: string;
  /** When it was chosen, before anything happened. */
  readonly firedAtMs?: number;
  /** The call that injects it has succeeded. Its time begins here. Earlier versions did not record it. */
  readonly injectedAtMs?: number;
  /** How long after its moment it was injected, ms; absent for one that was on time. */
  readonly lateMs?: number;
  /** Its effect was seen. */
  readonly assertedAtMs?: number;
  /** What was seen of its effect. Earlier versions did not record it. */
  readonly effect?: string;
  /** Its effect has lasted its time; from here on it may be gone. Earlier versions did not record it. */
  readonly undoBeganAtMs?: number;
  /** It was undone, and that was seen. */
  readonly undoneAtMs?: number;
  readonly fireError?: string;
  readonly assertError?: string;
  readonly undoError?: string;
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
      Object.entries(actions).map(([key, state]) => {
        const action = recordedFields(`action ${key}`, state);
        return key.includes('/') ? [key, parseFault(action)] : [`${key}/0`, parseOlderAction(action)];
      }),
    ),
    ...(fields.has('breach') ? { breach: parseBreach(fields.object('breach')) } : {}),
    ...(fields.has('lateness') ? { lateness: parseLateness(fields.object('lateness')) } : {}),
    ...observationIn(fields),
    ...(fields.has('ended') ? { ended: parseEnded(fields.object('ended')) } : {}),
  };
}

function parseLateness(fields: RecordedFields): SoakLateness {
  return {
    operations: fields.count('operations'),
    late: fields.count('late'),
    worstMs: fields.number('worstMs'),
    ...(fields.has('sent') ? { sent: parseLatenessCounts(fields, 'sent') } : {}),
    ...(fields.has('neverSent') ? { neverSent: fields.count('neverSent') } : {}),
  };
}

function parseEnded(fields: RecordedFields): EndedSoak {
  const facts = Object.entries(fields.map('facts')).filter((fact): fact is [string, number | string] =>
    ['number', 'string'].includes(typeof fact[1]),
  );
  return {
    settledAtMs: fields.number('settledAtMs'),
    detail: fields.text('detail'),
    facts: Object.fromEntries(facts),
  };
}

function parseFault(fields: RecordedFields): FaultState {
  return {
    ...texts(fields, 'target', 'effect', 'fireError', 'assertError', 'undoError'),
    ...numbers(fields, 'firedAtMs', 'injectedAtMs', 'lateMs', 'assertedAtMs', 'undoBeganAtMs', 'undoneAtMs'),
  };
}

/**
 * The state of an action as the version before faults wrote it: one per action, always of the first cluster, with one kind of
 * error. That version did not look at effects. An action that it undid counts as asserted, as it counted then.
 */
function parseOlderAction(fields: RecordedFields): FaultState {
  const { undoneAtMs, ...fired } = numbers(fields, 'firedAtMs', 'undoneAtMs');
  return {
    ...(fields.has('node') ? { target: fields.text('node') } : {}),
    ...fired,
    ...(undoneAtMs === undefined ? {} : { undoneAtMs, assertedAtMs: undoneAtMs }),
    ...(fields.has('error') ? { fireError: fields.text('error') } : {}),
  };
}

function texts<Name extends string>(fields: RecordedFields, ...names: readonly Name[]): { [N in Name]?: string } {
  const found = names.filter((name) => fields.has(name));
  return Object.fromEntries(found.map((name) => [name, fields.text(name)])) as { [N in Name]?: string };
}

function numbers<Name extends string>(fields: RecordedFields, ...names: readonly Name[]): { [N in Name]?: number } {
  const found = names.filter((name) => fields.has(name));
  return Object.fromEntries(found.map((name) => [name, fields.number(name)])) as { [N in Name]?: number };
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
      ...(reading.has('low') ? { low: reading.number('low') } : {}),
      ...(reading.has('high') ? { high: reading.number('high') } : {}),
      quality: reading.oneOf('quality', ['measured', 'unmeasured']),
      ...(reading.has('reason') ? { reason: recordedReason(reading.text('reason')) } : {}),
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
