import { recordedFields } from '../../files/recorded-fields.ts';
import { parseLatenessCounts, type LatenessCounts } from '../lateness-histogram.ts';
import { observationIn, type Observation } from '../observation.ts';

/** When the ramp began, so that every attempt uses the same clock, and how far each cluster is. */
export interface RampCheckpoint {
  /** Milliseconds since the epoch. */
  readonly startAtMs: number;
  /** By cluster: every slot below this index is filled. */
  readonly lowWater: Readonly<Record<string, number>>;
  /** How late the requests of all attempts were sent. Absent where an attempt of an earlier version did not record it. */
  readonly lateness?: LatenessCounts;
  /** What all attempts observed. Absent in records of earlier versions. */
  readonly observation?: Observation;
}

/** Reads a checkpoint from disk or from a heartbeat; undefined if there is none. @throws UnreadableRecord naming the field */
export function parseRampCheckpoint(value: unknown): RampCheckpoint | undefined {
  if (value === undefined) return undefined;
  const fields = recordedFields('checkpoint of ramp', value);
  return {
    startAtMs: fields.number('startAtMs'),
    lowWater: parseLowWater(value),
    ...observationIn(fields),
    ...(fields.has('lateness') ? { lateness: parseLatenessCounts(fields, 'lateness') } : {}),
  };
}

/** Slots that are filled, by cluster. A checkpoint without them has filled none. */
export function parseLowWater(checkpoint: unknown): Readonly<Record<string, number>> {
  const lowWater = recordedFields('checkpoint', checkpoint).map('lowWater', {});
  const fields = recordedFields('checkpoint: lowWater', lowWater);
  return Object.fromEntries(Object.keys(lowWater).map((cluster) => [cluster, fields.count(cluster)]));
}
