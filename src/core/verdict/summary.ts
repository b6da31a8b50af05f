import { z } from 'zod';
import { describe, valueAt } from '../files/issues.ts';
import { dotted } from '../files/yaml-text.ts';
import type { GateResult } from '../gates/model.ts';

/** What a summary records of an action of the soak. */
export interface SummaryAction {
  readonly action: string;
  readonly atSeconds: number;
  /** Why it could not be done; empty when it was. */
  readonly fireError: string;
  readonly assertError: string;
  /** Its effect was seen. An action that was not done is never asserted. */
  readonly asserted: boolean;
}

/** A stored summary as far as it is judged: upstream's keys, and Belay's own readings where it wrote the file. */
export interface Summary {
  readonly runId: string;
  readonly profile: string;
  /** Null: there but no number. */
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly totalCrs: number | undefined;
  readonly shardReplicas: number | undefined;
  readonly clusters: number | undefined;
  readonly runnerActions: readonly SummaryAction[];
  readonly passed: boolean | undefined;
  /** Belay's results with their readings; empty in upstream's files. */
  readonly gates: readonly GateResult[];
  /** Belay's verdict of the stages, which no bar changes. */
  readonly floor: { readonly verdict: 'pass' | 'unmeasured' | 'fail'; readonly reasons: readonly string[] } | undefined;
}

/** A summary, or everything that keeps the text from being one. */
export type SummaryResult =
  { readonly ok: true; readonly summary: Summary } | { readonly ok: false; readonly errors: readonly string[] };

const verdict = z.enum(['pass', 'unmeasured', 'fail']);
const bar = z.object({ min: z.number().optional(), max: z.number().optional() });
const reading = z.object({
  gate: z.string(),
  value: z.number().nullable(),
  quality: z.enum(['measured', 'unmeasured']),
  reason: z.string().optional(),
  detail: z.string().optional(),
  samples: z.number(),
  windowStartMs: z.number(),
  windowEndMs: z.number(),
  atMs: z.number(),
});
const gateResult = z.object({
  gate: z.string().min(1),
  verdict,
  counts: z.boolean().optional(),
  reading: reading.refine(({ value, quality }) => (value === null) === (quality === 'unmeasured'), {
    error: 'value is null exactly when quality is unmeasured',
  }),
  bar,
  barKind: z.enum(['held', 'scaled', 'informational']),
  unit: z.string(),
  headroom: z.number().nullable().default(null),
  message: z.string().default(''),
});
const action = z.object({
  action: z.string(),
  atSeconds: z.number(),
  fireError: z.string().nullish(),
  assertError: z.string().nullish(),
  asserted: z.boolean().default(false),
});
const schema = z.object({
  runId: z.string().nullish(),
  profile: z.string().nullish(),
  metrics: z.record(z.string(), z.unknown()),
  scale: z
    .object({
      totalCrs: z.number().nonnegative().nullish(),
      shardReplicas: z.number().nonnegative().nullish(),
      kwokClusters: z.number().nonnegative().nullish(),
    })
    .nullish(),
  runnerActions: z.array(action).nullish(),
  passed: z.boolean().nullish(),
  gates: z.array(gateResult).nullish(),
  floor: z.object({ verdict, reasons: z.array(z.string()) }).nullish(),
});

/** Reads a summary out of parsed JSON. Unknown keys are let be: upstream's published files carry many. */
export function readSummary(json: unknown): SummaryResult {
  const result = schema.safeParse(json);
  if (!result.success) {
    return {
      ok: false,
      errors: result.error.issues.map((issue) => sentenceOf(issue, json)),
    };
  }
  const { runId, profile, metrics, scale, runnerActions, passed, gates, floor } = result.data;
  return {
    ok: true,
    summary: {
      runId: runId ?? '',
      profile: profile ?? '',
      // Published files have texts, nulls and flags among the metrics; what is no number was not measured.
      metrics: Object.fromEntries(
        Object.entries(metrics).map(([key, value]) => [key, typeof value === 'number' ? value : null]),
      ),
      totalCrs: scale?.totalCrs ?? undefined,
      shardReplicas: scale?.shardReplicas ?? undefined,
      clusters: scale?.kwokClusters ?? undefined,
      runnerActions: (runnerActions ?? []).map((each) => ({
        ...each,
        fireError: each.fireError ?? '',
        assertError: each.assertError ?? '',
        asserted: each.asserted && (each.fireError ?? '') === '',
      })),
      passed: passed ?? undefined,
      gates: (gates ?? []) as readonly GateResult[],
      floor: floor ?? undefined,
    },
  };
}

const KINDS: Readonly<Record<string, string>> = {
  object: 'a map',
  record: 'a map of names and values',
  array: 'a list',
  string: 'a text',
  number: 'a finite number',
  boolean: 'true or false',
};

/** An issue of the schema library in words that say what was found and what is allowed. */
function sentenceOf(issue: z.core.$ZodIssue, json: unknown): string {
  const path = issue.path.map((segment) => (typeof segment === 'number' ? segment : String(segment)));
  const value = valueAt(json, path);
  const found = value === undefined ? 'missing' : `found ${describe(value)}`;
  const where = path.length === 0 ? 'the file' : dotted(path);
  if (issue.code === 'invalid_type') return `${where}: ${found}; allowed: ${KINDS[issue.expected] ?? issue.expected}`;
  if (issue.code === 'invalid_value') return `${where}: ${found}; allowed: ${issue.values.map(String).join(', ')}`;
  if (issue.code === 'too_small') return `${where}: ${found}; allowed: ${String(issue.minimum)} or more`;
  return `${where}: ${issue.message}`;
}
