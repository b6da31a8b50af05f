import { isFree } from './free-expression.ts';
import { gateKind } from './kinds/registry.ts';
import type { GateDefinition } from './model.ts';
import { selectorsOf, type Selector } from '../promql/needs.ts';
import { substitute } from '../promql/placeholders.ts';
import { regexLiteral } from '../promql/regex-literal.ts';

/** What readings need beside the series of the gates: targets, scrapes, starts of processes, and all that Belay measures itself. */
const ALWAYS = ['up', 'scrape_.+', 'process_start_time_seconds', 'belay_.+'];

/** Two campaigns: a metric's name that a placeholder decides differs between them. */
const CAMPAIGNS = [
  { windowMs: 60_000, campaign: 'a', execution: 1 },
  { windowMs: 60_000, campaign: 'b', execution: 2 },
] as const;

/**
 * The names of all series that the readings and curves of gates are made of, as a regular expression for whole names. A host that
 * measures for another one sends no others: they are a few of the thousands that a cluster serves.
 * @returns undefined where a selector does not give its metric's name exactly: then any series may be needed
 */
export function namesNeeded(gates: readonly GateDefinition[]): string | undefined {
  const found = gates.flatMap((gate) => askedBy(gate).map((promql) => namesIn(promql, isFree(gate))));
  const names = found.flatMap((each) => each ?? []);
  if (found.includes(undefined)) return undefined;
  return [...ALWAYS, ...[...new Set(names)].sort().map(regexLiteral)].join('|');
}

/** The gates that may read series of a job. */
export function gatesOfJob(gates: readonly GateDefinition[], job: string): readonly GateDefinition[] {
  return gates.filter((gate) => {
    const named = new Set(askedBy(gate).flatMap((promql) => filledSelectors(promql, 0).map((each) => each.job)));
    return named.has(job) || gate.job === job || (gate.job === undefined && named.has(undefined));
  });
}

/** The expressions of a gate's reading and curve. */
function askedBy({ source }: GateDefinition): readonly string[] {
  const kind = gateKind(source);
  const curve = kind.curve(source);
  return [...kind.expressions(source), ...(curve === undefined ? [] : [curve])].map(({ promql }) => promql);
}

function filledSelectors(promql: string, campaign: 0 | 1): readonly Selector[] {
  return selectorsOf(substitute(promql, CAMPAIGNS[campaign]));
}

/** Names of the metrics of an expression; undefined where one is not fixed. */
function namesIn(promql: string, mayBeAny: boolean): readonly string[] | undefined {
  const [names, others] = ([0, 1] as const).map((campaign) => [
    ...new Set(filledSelectors(promql, campaign).map(({ name }) => name)),
  ]) as [(string | undefined)[], (string | undefined)[]];
  if (names.includes(undefined) || names.join(' ') !== others.join(' ')) return undefined;
  return names.flatMap((name = '') => [name, ...siblingsOf(name, mayBeAny)]);
}

/**
 * A quantile is checked against the mean, which comes from two other series of its histogram. In a query, the sum shows that a count is
 * one of a histogram, and the count that a sum is.
 */
function siblingsOf(name: string, mayBeAny: boolean): readonly string[] {
  const [, stem, ending] = /^(.+)_(bucket|sum|count)$/.exec(name) ?? [];
  if (stem === undefined || (ending !== 'bucket' && !mayBeAny)) return [];
  return ['_sum', '_count'].map((suffix) => stem + suffix).filter((sibling) => sibling !== name);
}
