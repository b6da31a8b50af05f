import type { GateResult } from '../gates/model.ts';
import type { Stage } from '../model/stages.ts';

/** What a reading was taken for: a fail-fast check during the soak, or the verdict at its end. */
export type ReadingMoment = 'check' | 'end';

/** Which execution of which stage a reading belongs to. */
export interface ReadingOrigin {
  readonly stage: Stage;
  readonly execution: number;
}

/** A gate's result as it was read at one moment of one execution: one line of `readings.jsonl`. */
export interface StoredReading extends GateResult, ReadingOrigin {
  /** Absent in files of versions that did not mark it. */
  readonly moment?: ReadingMoment;
}
