import type { GateResult } from '../gates/model.ts';
import type { CheckCounts } from './check-counts.ts';
import type { ReadingOrigin } from './stored-reading.ts';

/** A gate as a summary has it: the result of its reading, where the reading comes from, and how often it was checked. */
export interface JudgedGate extends GateResult, Partial<ReadingOrigin> {
  /** Of a fail-fast gate: its checks during the soak. Absent in summaries of earlier versions. */
  readonly checks?: CheckCounts;
}
