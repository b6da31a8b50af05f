import { isFree } from './free-expression.ts';
import { gateKind } from './kinds/registry.ts';
import type { GateDefinition } from './model.ts';
import { selectorsOf } from '../promql/needs.ts';
import { substitute } from '../promql/placeholders.ts';
import { regexLiteral } from '../promql/regex-literal.ts';

/** What readings need beside the series of the gates: targets, scrapes, starts of processes, and all that Belay measures itself. */
const ALWAYS = ['up', 'scrape_.+', 'process_start_time_seconds', 'belay_.+'];

/** Two campaigns: a metric's name that a placeholder decides differs between them. */
const CAMPAIGNS = [
  { windowMs: 60_000, campaign: 'a', execution: 1 },
  { windowMs: 60_000, campaign: 'b', execution: 2 },
];

/**
 * The names of all series that the readings and curves of gates are made of, as a regular expression for whole names. A host that
 * measures for another one sends no others: they are a few of the thousands that a cluster serves.
 * @returns undefined where a selector does not give its metric's name exactly: then any series may be needed
 */
export function namesNeeded(gates: readonly GateDefinition[]): string | undefined {
  const found = gates.flatMap((gate) => {
    const { source } = gate;
    const kind = gateKind(source);
    const curve = kind.curve(source);
    const asked = [...kind.expressions(source), ...(curve === undefined ? [] : [curve])];
    return asked.map(({ promql }) => namesIn(promql, isFree(gate)));
  });
  const names = found.flatMap((each) => each ?? []);
  if (found.includes(undefined)) return undefined;
  return [...ALWAYS, ...[...new Set(names)].sort().map(regexLiteral)].join('|');
}

/** Names of the metrics of an expression; undefined where one is not fixed. */
function namesIn(promql: string, mayBeAny: boolean): readonly string[] | undefined {
  const [names = [], others = []] = CAMPAIGNS.map((values) => [
    ...new Set(selectorsOf(substitute(promql, values)).map(({ name }) => name)),
  ]);
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
