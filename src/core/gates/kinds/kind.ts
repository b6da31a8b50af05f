import type { z } from 'zod';
import type { RawDocument } from '../../files/raw-document.ts';
import type { Segment } from '../../files/yaml-path.ts';
import type { Interval } from '../../promql/interval.ts';
import type { GatePatch } from '../../model/gate-patch.ts';
import type { Asking } from '../asking.ts';
import type { Expression } from '../expression.ts';
import type { Measure } from '../measure.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';

/** The curve of a gate in reports. */
interface KindCurve {
  readonly promql: string;
  /** The curve shows the growth since its first point instead of the value. */
  readonly growth: boolean;
  /** The growth of the buckets of its histogram over `$window`, by `le`. Absent = it has none. */
  readonly buckets?: string;
}

/**
 * A kind of gate: how the value of a gate comes from Prometheus. A kind is one file beside this one, which also declares the
 * field of its files (`GateSourceFields`) and its stored form (`GateSources`), and one entry in `registry.ts`.
 */
export interface GateKind<S> {
  /** Schema of the field that has the kind's name in system and profile files. */
  readonly schema: z.ZodOptional<z.ZodType>;
  /** The source from the fields of a file; undefined where the gate is of another kind. */
  readonly sourceOf: (patch: GatePatch) => S | undefined;
  /** Adds what is wrong in a raw file beyond the schema; `path` leads to the gate. Absent = nothing. */
  readonly checkRaw?: (raw: RawDocument, path: readonly Segment[]) => void;
  /**
   * What is wrong with a source: the field within the gate, and a sentence.
   * @param gates names of all gates of the campaign
   */
  readonly problems: (
    source: S,
    gates: readonly string[],
  ) => readonly { readonly field: string; readonly message: string }[];
  /** The value comes from earlier runs, when the campaign is judged. Prometheus is not asked. Absent = it is. */
  readonly fromEarlierRuns?: true;
  /** The numbers that the value can be; a bar that all of them are within judges nothing. Absent, or undefined: every number. */
  readonly possible?: (source: S) => Interval | undefined;
  /** Every expression that the value comes from. The checks look at all of them. */
  readonly expressions: (source: S) => readonly Expression[];
  /**
   * The gate's value, or why there is none. `expressions` of the subject are those of this kind, in the same order, filled in.
   * @param jobs scrape jobs that serve the gate's series
   * @throws Unanswered
   */
  readonly value: (source: S, subject: Subject, jobs: readonly string[]) => Asking<Measure | Refusal>;
  /** The value rests on a number of events that is known: `minEvents` applies. Absent = it does not. */
  readonly hasEvents?: true;
  /** Its series count events, and may be born with the first of them. Absent = they may be gauges. */
  readonly countsEvents?: true;
  /** Undefined: it has none. */
  readonly curve: (source: S) => KindCurve | undefined;
}
