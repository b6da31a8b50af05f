import type { z } from 'zod';
import type { RawDocument } from '../../files/raw-document.ts';
import type { Segment } from '../../files/yaml-path.ts';
import type { GatePatch } from '../../model/gate-patch.ts';
import type { Answer, Sample } from '../answers.ts';
import type { CounterAnswer } from '../counter.ts';
import type { Refusal } from '../refusal.ts';
import type { TimeSpan } from '../window.ts';

/** The answers that a gate's value comes from. `values` and `counters` are in the order of the kind's queries. */
interface KindAnswers {
  readonly values: readonly { readonly query: string; readonly answer: Answer<Sample> }[];
  /** One answer per selector of the counter queries. */
  readonly counters: readonly CounterAnswer[];
  readonly window: TimeSpan;
  readonly topFiniteBucket?: number;
}

/** The curve of a gate in reports. */
interface KindCurve {
  readonly promql: string;
  /** The curve shows the growth since its first point instead of the value. */
  readonly growth: boolean;
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
  /** What is wrong with a source: the field within the gate, and a sentence. */
  readonly problems: (source: S) => readonly { readonly field: string; readonly message: string }[];
  /** PromQL whose values at the window's end make the gate's value, with `$window` and `$campaign`. */
  readonly valueQueries: (source: S) => readonly string[];
  /** PromQL of counters whose growth over the window makes the gate's value. */
  readonly counterQueries: (source: S) => readonly string[];
  /** The gate's value, or why there is none. */
  readonly value: (answers: KindAnswers) => number | Refusal;
  readonly curve: (source: S) => KindCurve;
}
