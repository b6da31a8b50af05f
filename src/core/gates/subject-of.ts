import { gateKind } from './kinds/registry.ts';
import type { GateDefinition } from './model.ts';
import { selectorsOf, type Selector } from '../promql/needs.ts';
import { promDuration, substitute } from '../promql/placeholders.ts';
import type { ReadingContext, Subject } from './subject.ts';
import type { TimeSpan } from './window.ts';

/** How old the newest sample of a series may be, in scrape intervals, and at least in ms: one or two scrapes may be missed. */
const FRESH_INTERVALS = 3;
const FRESH_MIN_MS = 5_000;

/** A gate to be read over a window, at a moment. */
export function subjectOf(gate: GateDefinition, window: TimeSpan, atMs: number, context: ReadingContext): Subject {
  const windowMs = atMs - window.startMs;
  const fill = (promql: string): string =>
    substitute(promql, { windowMs, campaign: context.campaign, execution: context.execution });
  const expressions = gateKind(gate.source)
    .expressions(gate.source)
    .map((expression) => ({ ...expression, promql: fill(expression.promql) }));
  const selectors = new Map<string, Selector>();
  for (const selector of expressions.flatMap(({ promql }) => selectorsOf(promql)))
    selectors.set(selector.text, selector);
  const scrapeIntervalMs = longestInterval(gate, [...selectors.values()], context);
  const freshMs = Math.max(FRESH_MIN_MS, FRESH_INTERVALS * scrapeIntervalMs);
  return {
    ...context,
    scrapeIntervalMs,
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

/** How often the jobs of a gate are scraped, ms, of the one that is scraped the least; where it names none, of all jobs. */
function longestInterval(
  gate: GateDefinition,
  selectors: readonly Selector[],
  { scrapeIntervalMs, scrapeIntervals = {} }: ReadingContext,
): number {
  const named = gate.job === undefined ? selectors.flatMap(({ job }) => job ?? []) : [gate.job];
  if (named.length === 0) return Math.max(scrapeIntervalMs, ...Object.values(scrapeIntervals));
  const ofJob = (job: string): number | undefined =>
    Object.hasOwn(scrapeIntervals, job) ? scrapeIntervals[job] : undefined;
  return Math.max(...named.map((job) => ofJob(job) ?? scrapeIntervalMs));
}
