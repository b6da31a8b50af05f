import { recordedFields } from '../../files/recorded-fields.ts';

/** When the wait for steadiness began. */
export interface SteadyCheckpoint {
  /** Milliseconds since the epoch. */
  readonly startAtMs: number;
}

/** Reads a checkpoint from disk or from a heartbeat; undefined if there is none. @throws UnreadableRecord naming the field */
export function parseSteadyCheckpoint(value: unknown): SteadyCheckpoint | undefined {
  if (value === undefined) return undefined;
  return { startAtMs: recordedFields('checkpoint of steady', value).number('startAtMs') };
}
