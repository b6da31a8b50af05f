import type { GateResult } from '../gates/model.ts';
import type { Stage } from '../model/stages.ts';

/** A gate's result as it was read at one moment of one execution: one line of `readings.jsonl`. */
export interface StoredReading extends GateResult {
  readonly stage: Stage;
  readonly execution: number;
}
