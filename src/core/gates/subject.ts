import type { InfrastructureGap } from './answers.ts';
import type { ExpectedTargets } from './expected.ts';
import { gateKind } from './kinds/registry.ts';
import type { Expression } from './kinds/kind.ts';
import type { GateDefinition } from './model.ts';
import { selectorsOf, type Selector } from '../promql/needs.ts';
import { promDuration, substitute } from '../promql/placeholders.ts';
import type { TimeSpan } from './window.ts';

/** How old the newest sample of a series may be, in scrape intervals, and at least in ms: one or two scrapes may be missed. */
const FRESH_INTERVALS = 3;
const FRESH_MIN_MS = 5_000;

/** What the readings of a campaign have in common. Moments are ms since 1970. */
export interface ReadingContext {
  readonly campaign: string;
  /** Execution of the soak. */
  readonly execution: number;
  /** When the campaign's first series began: names seen since then are known. */
  readonly campaignStartMs: number;
  readonly scrapeIntervalMs: number;
  readonly gaps: readonly InfrastructureGap[];
  readonly expected: ExpectedTargets;
  /** Age of the last confirmed state of a watch above which Belay's own counts of Pods are not trusted, ms. */
  readonly watchLimitMs: number;
}

/** A gate that is read: what a check knows before it asks anything. */
export interface Subject extends ReadingContext {
  readonly gate: GateDefinition;
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

/** A gate to be read over a window, at a moment. */
export function subjectOf(gate: GateDefinition, window: TimeSpan, atMs: number, context: ReadingContext): Subject {
  const windowMs = atMs - window.startMs;
  const freshMs = Math.max(FRESH_MIN_MS, FRESH_INTERVALS * context.scrapeIntervalMs);
  const fill = (promql: string): string =>
    substitute(promql, { windowMs, campaign: context.campaign, execution: context.execution });
  const expressions = gateKind(gate.source)
    .expressions(gate.source)
    .map((expression) => ({ ...expression, promql: fill(expression.promql) }));
  const selectors = new Map<string, Selector>();
  for (const selector of expressions.flatMap(({ promql }) => selectorsOf(promql)))
    selectors.set(selector.text, selector);
  return {
    ...context,
    gate,
    window,
    atMs,
    range: promDuration(windowMs),
    freshMs,
    fresh: promDuration(freshMs),
    expressions,
    selectors: [...selectors.values()],
  };
}
