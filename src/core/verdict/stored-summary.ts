import type { z } from 'zod';
import { describe, valueAt } from '../files/issues.ts';
import { dotted } from '../files/yaml-text.ts';
import type { Identity } from '../identity/identity-schema.ts';
import type { Floor } from './floor.ts';
import type { JudgedGate } from './judged-gate.ts';
import {
  judgedSummarySchema,
  type GroupHostRecord,
  type HostRecord,
  type LatenessRecord,
  type SummaryAction,
} from './summary-model.ts';

/** A stored summary as far as it is judged again: upstream's keys, and Belay's own readings if Belay wrote the file. */
export interface StoredSummary {
  readonly runId: string;
  readonly profile: string;
  /** Null: the key exists and is not a number. */
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly totalCrs: number | undefined;
  readonly shardReplicas: number | undefined;
  readonly clusters: number | undefined;
  readonly runnerActions: readonly SummaryAction[];
  readonly passed: boolean | undefined;
  /** Belay's results with their readings; undefined in upstream's files. */
  readonly gates: readonly JudgedGate[] | undefined;
  /** What stages and evidence allowed; undefined in upstream's files. */
  readonly floor: Floor | undefined;
  /** How late the load of the soak was; undefined in upstream's files and in those of earlier versions. */
  readonly lateness: LatenessRecord | undefined;
  /** What the host had to do; undefined in upstream's files and in those of earlier versions. */
  readonly host: HostRecord | undefined;
  /** The same of each of several hosts. */
  readonly hosts: readonly GroupHostRecord[] | undefined;
  /** What the readings were taken with; undefined in upstream's files and in those of earlier versions. */
  readonly identity: { readonly identity: Identity; readonly fingerprint: string } | undefined;
}

/** A summary, or everything that keeps the text from being one. */
export type SummaryResult =
  { readonly ok: true; readonly summary: StoredSummary } | { readonly ok: false; readonly errors: readonly string[] };

/** Reads a summary from parsed JSON. Unknown keys are accepted: upstream's published files have many. */
export function parseStoredSummary(json: unknown): SummaryResult {
  const result = judgedSummarySchema.safeParse(json);
  if (!result.success) {
    return {
      ok: false,
      errors: result.error.issues.map((issue) => sentenceOf(issue, json)),
    };
  }
  const {
    runId,
    profile,
    metrics,
    scale,
    runnerActions,
    passed,
    gates,
    floor,
    lateness,
    host,
    hosts,
    identity,
    fingerprint,
  } = result.data;
  return {
    ok: true,
    summary: {
      runId: runId ?? '',
      profile: profile ?? '',
      // Published files have texts, nulls and flags among the metrics. Only a number was measured.
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
      gates: gates ?? undefined,
      floor: floor ?? undefined,
      lateness: lateness ?? undefined,
      host: host ?? undefined,
      hosts: hosts ?? undefined,
      identity: identity && fingerprint ? { identity, fingerprint } : undefined,
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

/** An issue of the schema library as a sentence: what was found, what is allowed. */
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
