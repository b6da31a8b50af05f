import { z } from 'zod';
import { identitySchema } from '../identity/identity-schema.ts';
import { LAST_DATE_MS } from '../files/recorded-fields.ts';
import { recordedReason } from '../gates/recorded-reason.ts';
import { groupHost, host, type hostStage } from './host-schema.ts';
import { observedStage } from './observed-stage.ts';
import { stageName } from './stage-name.ts';

/*
 * `summary.json`. BigFleet's runner writes the first keys too, and Belay keeps their meaning; the other keys are Belay's. The
 * types of the writer and of every reader are inferred from these schemas.
 */

const verdict = z.enum(['pass', 'unmeasured', 'fail']);
/** Ms since the epoch that JavaScript has a date for: reports, lists and the index show and store it as one. */
const moment = z.number().min(-LAST_DATE_MS).max(LAST_DATE_MS);
const stage = stageName;
const reason = z.string().transform(recordedReason);

/** What a summary records of a runner action of the soak. */
const action = z.object({
  action: z.string(),
  atSeconds: z.number(),
  /** Why it could not be done; empty when it was done. */
  fireError: z.string(),
  /** Why its effect counts as not seen; empty when it was seen. */
  assertError: z.string(),
  /** Its effect was seen. An action that was not done is never asserted. */
  asserted: z.boolean(),
  /** What was seen of its effect. Earlier versions did not record it. */
  effect: z.string().exactOptional(),
  /** How late it was done; absent for one that was on time. */
  lateSeconds: z.number().exactOptional(),
  /** It was not asserted for want of time only. Earlier versions did not record it. */
  notInTime: z.literal(true).exactOptional(),
});

const bar = z.object({ min: z.number().exactOptional(), max: z.number().exactOptional() });

const reading = z
  .object({
    gate: z.string(),
    value: z.number().nullable(),
    /** The true value is within these bounds; absent = the value itself, null = not bounded. */
    low: z.number().exactOptional(),
    high: z.number().nullable().exactOptional(),
    /** The value of a reading that is unmeasured for its bar only, and why it is not exact. */
    estimate: z.number().exactOptional(),
    because: z.string().exactOptional(),
    /** Its targets were there, and had served nothing that counts its events yet. */
    unborn: z.literal(true).exactOptional(),
    /** Share of the window in which the host had no CPU left; absent = not known. */
    hostBusy: z.number().exactOptional(),
    /** Of an age: how much of it the host's lack of CPU cannot explain; absent = all of it. */
    withCpu: z.number().exactOptional(),
    quality: z.enum(['measured', 'unmeasured']),
    reason: reason.exactOptional(),
    detail: z.string().exactOptional(),
    samples: z.number(),
    windowStartMs: moment,
    windowEndMs: moment,
    atMs: moment,
  })
  .refine(({ value, quality }) => (value === null) === (quality === 'unmeasured'), {
    error: 'value is null exactly when quality is unmeasured',
  });

/** How often a fail-fast gate was checked in the soak. */
const checks = z.object({
  due: z.number(),
  measured: z.number(),
  unmeasured: z.number(),
  missed: z.number(),
  beyond: z.number().exactOptional(),
  /** A reason, or that the check was not made. */
  cause: z
    .string()
    .transform((cause): string => recordedReason(cause))
    .exactOptional(),
});

/** How late the planned operations of the soak were sent. Earlier versions did not record it. */
const lateness = z.object({
  operations: z.number(),
  late: z.number(),
  worstMs: z.number(),
  /** The p99 is within these bounds; null = not bounded, because that many operations were never sent. Absent = not known. */
  p99: z.object({ lowMs: z.number(), highMs: z.number().nullable() }).exactOptional(),
});

/** A gate judged on one reading, as it is stored. Stage, execution and checks are absent in summaries of earlier versions. */
const gateResultSchema = z.object({
  gate: z.string().min(1),
  stage: stage.exactOptional(),
  execution: z.number().exactOptional(),
  verdict,
  counts: z.boolean().exactOptional(),
  reading,
  checks: checks.exactOptional(),
  bar,
  barKind: z.enum(['held', 'scaled', 'informational']),
  unit: z.string(),
  quietHost: z.boolean().exactOptional(),
  headroom: z.number().nullable().default(null),
  message: z.string().default(''),
});

const gateLine = z.object({
  gate: z.string(),
  verdict,
  informational: z.boolean(),
  value: z.number().nullable(),
  unit: z.string(),
  min: z.number().exactOptional(),
  max: z.number().exactOptional(),
  headroom: z.number().nullable(),
  message: z.string(),
});

const floor = z.object({ verdict, reasons: z.array(z.string()) });

/** One execution of one stage. */
const stageRecord = z.object({
  stage,
  execution: z.number(),
  outcome: z.enum(['succeeded', 'failed', 'cancelled', 'skipped']),
  startedAtMs: moment,
  endedAtMs: moment,
  seconds: z.number(),
  failure: z.string().exactOptional(),
  failureKind: z.enum(['breach', 'system', 'target', 'harness']).exactOptional(),
  /** The later execution that succeeded. */
  healedBy: z.number().exactOptional(),
});

/** A gate that broke in an execution. It stays on record when a retry passes. */
const breach = z.object({
  stage,
  execution: z.number(),
  gate: z.string(),
  atMs: moment,
  message: z.string(),
  /** E.g. "passed on execution 2; execution 1: …". */
  story: z.string(),
});

const decision = z.object({
  stage,
  execution: z.number(),
  decision: z.enum(['retry', 'skip', 'abort']),
  reason: z.string(),
  atMs: moment,
  set: z.record(z.string(), z.unknown()).exactOptional(),
});

const infrastructureEvent = z.object({
  atMs: moment,
  campaign: z.string(),
  group: z.string().exactOptional(),
  cluster: z.string().exactOptional(),
  component: z.string(),
  what: z.enum(['died', 'restarted', 'gave-up', 'frozen', 'resumed']),
  gapStartMs: moment,
  gapEndMs: moment.exactOptional(),
  detail: z.string(),
});

/** What changed over the latest comparable runs, this one among them. */
const history = z.object({
  /** Earlier runs that this one was compared with. */
  earlierRuns: z.number(),
  /** Runs whose changes are listed, at most. */
  over: z.number(),
  /** What is worse first. */
  changes: z.array(
    z.object({
      metric: z.string(),
      kind: z.enum(['step', 'outlier', 'drift']),
      /** The next run confirms it or not. */
      open: z.boolean(),
      direction: z.enum(['worse', 'better', 'changed']),
      /** The first run with it. */
      sinceRun: z.string(),
      sinceMs: moment,
      /** In a sentence. */
      text: z.string(),
    }),
  ),
});

/** How the load was created, compared with what was asked for. Rates in Pods per second, lateness in seconds. */
const load = z.object({
  asked: z.number(),
  created: z.number(),
  askedPodsPerSec: z.number().exactOptional(),
  achievedPodsPerSec: z.number().exactOptional(),
  /** The p99 is not below the first and not above the second of these. Earlier versions recorded the second only. */
  latenessP99LowSeconds: z.number().exactOptional(),
  latenessP99Seconds: z.number().exactOptional(),
});

/** The whole file, as Belay writes it. */
export const summarySchema = z.object({
  runId: z.string(),
  profile: z.string(),
  target: z.object({ context: z.string(), kind: z.enum(['kind', 'cloud', 'unknown']) }),
  /** `hours` are those of the soak, as upstream counts them; `wallHours` are all hours. */
  cost: z.object({ estimatedUsd: z.number(), hours: z.number(), wallHours: z.number() }),
  scale: z.object({
    kwokClusters: z.number(),
    /** Pods of a cluster; the name is upstream's. */
    machinesPerCr: z.number(),
    totalCrs: z.number(),
    shardReplicas: z.number(),
    seedMachinesPerShard: z.number(),
    aggregateInventory: z.number(),
  }),
  /** By gate; -1 is unmeasured. */
  metrics: z.record(z.string(), z.number()),
  unmeasuredSLOs: z.array(z.string()).exactOptional(),
  runnerActions: z.array(action).exactOptional(),
  passed: z.boolean(),
  failure: z.string().exactOptional(),
  failures: z.array(z.string()).exactOptional(),

  apiVersion: z.literal('belay.dev/v1'),
  kind: z.literal('Summary'),
  verdict,
  ending: z.enum(['completed', 'aborted', 'harness-fault']),
  /** What lowers the verdict, one sentence each, worst first. */
  reasons: z.array(z.string()),
  /** What stages and evidence allow at best; no bar changes it. */
  floor,
  specHash: z.string(),
  /** What the readings were taken with, and its hash. Earlier versions did not record it. */
  fingerprint: z.string().exactOptional(),
  identity: identitySchema.exactOptional(),
  earlierSpecHashes: z.array(z.string()),
  system: z.object({ name: z.string(), sha256: z.string() }),
  substrate: z.object({ name: z.string(), type: z.string() }),
  temporal: z.object({ workflowId: z.string(), runId: z.string() }),
  trigger: z.string(),
  startedAtMs: moment,
  endedAtMs: moment,
  gates: z.array(gateResultSchema),
  gateLines: z.array(gateLine),
  stages: z.array(stageRecord),
  breaches: z.array(breach),
  decisions: z.array(decision),
  infrastructureEvents: z.array(infrastructureEvent),
  evidence: z.array(z.object({ what: z.string(), ok: z.boolean(), error: z.string().exactOptional() })),
  load: load.nullable(),
  lateness: lateness.exactOptional(),
  host: host.exactOptional(),
  /** All hosts of a campaign with several, the lead first. */
  hosts: z.array(groupHost).exactOptional(),
  observed: z.array(observedStage).exactOptional(),
  /** What changed beside the earlier runs with the same fingerprint. Absent where they could not be read. */
  history: history.exactOptional(),
  /** Facts that the stages reported, by stage. */
  facts: z.record(z.string(), z.record(z.string(), z.union([z.number(), z.string()]).nullable())),
});

/**
 * What a summary must have to be judged again. Upstream's published files have these keys with nulls, and many others; a
 * summary of Belay has all of it.
 */
export const judgedSummarySchema = z.object({
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
  runnerActions: z
    .array(
      z.object({
        ...action.shape,
        fireError: z.string().nullish(),
        assertError: z.string().nullish(),
        asserted: z.boolean().default(false),
      }),
    )
    .nullish(),
  passed: z.boolean().nullish(),
  gates: z.array(gateResultSchema).nullish(),
  floor: floor.nullish(),
  lateness: lateness.nullish(),
  host: host.nullish(),
  hosts: z.array(groupHost).nullish().catch(undefined),
  // Other tools may have keys of these names.
  fingerprint: z.string().nullish().catch(undefined),
  identity: identitySchema.nullish().catch(undefined),
});

type Deep<T> = T extends readonly (infer Item)[]
  ? readonly Deep<Item>[]
  : T extends object
    ? { readonly [K in keyof T]: Deep<T[K]> }
    : T;

/** A summary as Belay writes it. */
export type Summary = Deep<z.output<typeof summarySchema>>;

/** What changed over the latest comparable runs. */
export type HistoryRecord = Deep<z.output<typeof history>>;

/** A runner action in a summary. */
export type SummaryAction = Deep<z.output<typeof action>>;

/** How late the load of the soak was. */
export type LatenessRecord = Deep<z.output<typeof lateness>>;

/** How the load was created. */
export type LoadRecord = Deep<z.output<typeof load>>;

/** What a summary records of the campaign's host, and of the host in one execution of a stage. */
export type HostRecord = Deep<z.output<typeof host>>;
export type HostStageRecord = Deep<z.output<typeof hostStage>>;

/** What a summary records of one of several hosts. */
export type GroupHostRecord = Deep<z.output<typeof groupHost>>;

/** How well the Pods were observed in one execution of a stage. */
export type ObservedStage = Deep<z.output<typeof observedStage>>;
