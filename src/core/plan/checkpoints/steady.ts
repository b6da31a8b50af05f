import { recordedFields } from '../../files/recorded-fields.ts';
import { observationIn, type Observation } from '../observation.ts';

/** When the wait for steadiness began. */
export interface SteadyCheckpoint {
  /** Milliseconds since the epoch. */
  readonly startAtMs: number;
  /** What all attempts observed. Absent in records of earlier versions. */
  readonly observation?: Observation;
}

/** Reads a checkpoint from disk or from a heartbeat; undefined if there is none. @throws UnreadableRecord naming the field */
export function parseSteadyCheckpoint(value: unknown): SteadyCheckpoint | undefined {
  if (value === undefined) return undefined;
  const fields = recordedFields('checkpoint of steady', value);
  return { startAtMs: fields.number('startAtMs'), ...observationIn(fields) };
}
