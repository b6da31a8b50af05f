import type { InfrastructureGap } from './answers.ts';
import type { ExpectedByJob } from './expected.ts';
import type { Expression } from './expression.ts';
import type { GateDefinition } from './model.ts';
import type { Selector } from '../promql/needs.ts';
import type { TimeSpan } from './window.ts';

/** What the readings of a campaign have in common. Moments are ms since 1970. */
export interface ReadingContext {
  readonly campaign: string;
  /** Execution of the soak. */
  readonly execution: number;
  /** When the campaign's first series began: names seen since then are known. */
  readonly campaignStartMs: number;
  readonly scrapeIntervalMs: number;
  /** By job: how often it is scraped, ms, where it is not as the rest. Absent = all jobs are. */
  readonly scrapeIntervals?: Readonly<Record<string, number>>;
  readonly gaps: readonly InfrastructureGap[];
  readonly expected: ExpectedByJob;
  /** Age of the last confirmed state of a watch above which Belay's own counts of Pods are not trusted, ms. */
  readonly watchLimitMs: number;
  /** For how much of a time one task had a CPU of the host, ms, at least. Absent = not known. */
  readonly cpuTimeMs?: (time: TimeSpan) => number;
}

/** A gate that is read: what a check knows before it asks anything. */
export interface Subject extends ReadingContext {
  readonly gate: GateDefinition;
  /** Of the jobs that the gate reads, the longest. */
  readonly scrapeIntervalMs: number;
  /** The window of the reading. */
  readonly window: TimeSpan;
  /** The moment that queries are asked for: the window's end, or later for a gate that is read when the last Pods had their time. */
  readonly atMs: number;
  /** From the window's start to `atMs`, as PromQL writes it. */
  readonly range: string;
  /** Age up to which a sample counts as present, ms, and as PromQL writes it. */
  readonly freshMs: number;
  readonly fresh: string;
  /** The expressions of the gate's kind, filled in. */
  readonly expressions: readonly Expression[];
  /** Every selector of the expressions once. */
  readonly selectors: readonly Selector[];
}
