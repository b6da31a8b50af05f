import { gateKind } from './kinds/registry.ts';
import type { GateDefinition } from './model.ts';
import { needsOf, selectorsOf } from '../promql/needs.ts';
import type { Need, Selector } from '../promql/needs.ts';
import { promDuration, substitute } from '../promql/placeholders.ts';
import { quantilesOf } from '../promql/quantiles.ts';
import type { QuantileUse } from '../promql/quantiles.ts';
import type { TimeSpan } from './window.ts';

/** How old the newest sample of a series may be at the window's end, in scrape intervals, and at least in ms. */
const FRESH_INTERVALS = 5;
const FRESH_MIN_MS = 5_000;
/** Age up to which a sample counts as this step's, in scrape intervals; larger steps would hide gaps. */
const STEP_FRESH_INTERVALS = 2.5;
/** Points a target's `up` series is cut into at most, so that a long soak with many targets stays cheap. */
const MAX_STEPS = 200;

/** Everything to ask Prometheus for one gate, all at the window's end unless said otherwise. */
export interface GateQuestions {
  readonly gate: GateDefinition;
  readonly window: TimeSpan;
  readonly scrapeIntervalMs: number;
  /** The value queries of the gate's kind, filled in. */
  readonly values: readonly string[];
  readonly needs: readonly Need[];
  readonly selectors: readonly SelectorQuestions[];
  readonly quantiles: readonly QuantileUse[];
  readonly counters: readonly CounterQuestions[];
  /** Jobs named by the gate or by matchers in its queries. */
  readonly jobs: readonly string[];
}

interface SelectorQuestions {
  readonly selector: Selector;
  /** Samples of the best covered series, by job. A series that came back under another `instance` is one. */
  readonly samples: string;
  /** Whether a fresh sample exists at the window's end. */
  readonly fresh: string;
  /** Whether the metric's name alone has fresh samples, by job; asked where the selector itself has none. */
  readonly freshByName?: string;
}

export interface CounterQuestions {
  readonly selector: Selector;
  /** Asked at the window's start. */
  readonly atStart: string;
  readonly atEnd: string;
  readonly resets: string;
}

/** What to ask for a gate over a window. Pure: the same gate and window give the same questions. */
export function gateQuestions(
  gate: GateDefinition,
  window: TimeSpan,
  options: { readonly campaign: string; readonly scrapeIntervalMs: number },
): GateQuestions {
  const windowMs = window.endMs - window.startMs;
  const fill = (query: string): string => substitute(query, { windowMs, campaign: options.campaign });
  const kind = gateKind(gate.source);
  const values = kind.valueQueries(gate.source).map(fill);
  const counters = kind.counterQueries(gate.source).map(fill);
  const queries = [...values, ...counters];
  const range = promDuration(windowMs);
  const selectors = uniqueSelectors(queries);
  const freshMs = Math.max(FRESH_MIN_MS, FRESH_INTERVALS * options.scrapeIntervalMs);
  const matched = selectors.map((selector) => selector.job).filter((job) => job !== undefined);
  return {
    gate,
    window,
    scrapeIntervalMs: options.scrapeIntervalMs,
    values,
    needs: queries.map(needsOf).filter((need) => need !== undefined),
    selectors: selectors.map((selector) => ({
      selector,
      samples: `max by (job) (sum without (instance) (count_over_time(${selector.text}[${range}])))`,
      fresh: `group by (job) (count_over_time(${selector.text}[${promDuration(freshMs)}]) and ${selector.text})`,
      ...(selector.name === undefined ? {} : { freshByName: `group by (job) (${nameSelector(selector.name)})` }),
    })),
    quantiles: values.flatMap(quantilesOf),
    counters: uniqueSelectors(counters).map((selector) => ({
      selector,
      atStart: selector.text,
      atEnd: `last_over_time(${selector.text}[${range}])`,
      // Two scrapes further back: a reset between the sample at the window's start and the first one in it counts too.
      resets: `resets(${selector.text}[${promDuration(windowMs + 2 * options.scrapeIntervalMs)}]) > 0`,
    })),
    jobs: gate.job === undefined ? [...new Set(matched)] : [gate.job],
  };
}

/** The range query that shows how well a job's targets were scraped; a step without a fresh sample has no point. */
export function coverageQuestion(
  job: string,
  window: TimeSpan,
  scrapeIntervalMs: number,
): { readonly query: string; readonly stepMs: number } {
  const stepMs = Math.max(scrapeIntervalMs, Math.ceil((window.endMs - window.startMs) / MAX_STEPS));
  const freshMs = STEP_FRESH_INTERVALS * scrapeIntervalMs;
  return { query: `last_over_time(up{job=${JSON.stringify(job)}}[${promDuration(freshMs)}])`, stepMs };
}

/** A selector of exactly one series, made of its labels. */
export function exactSelector(labels: Readonly<Record<string, string>>): string {
  const matchers = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `{${matchers.join(',')}}`;
}

function nameSelector(name: string): string {
  return `{__name__=${JSON.stringify(name)}}`;
}

function uniqueSelectors(queries: readonly string[]): readonly Selector[] {
  const found = new Map<string, Selector>();
  for (const selector of queries.flatMap(selectorsOf)) found.set(selector.text, selector);
  return [...found.values()];
}
