import { selectorsOf } from './needs.ts';
import { asSeries, binariesOf } from './operands.ts';
import { functionName, walk } from './syntax.ts';
import { treeOf } from './tree.ts';

/** An age: the time now, less a moment that a target says. */
export interface Age {
  /** As it is written. */
  readonly text: string;
  /** The same as an expression that gives series. */
  readonly series: string;
}

const CLOCKS: ReadonlySet<string> = new Set(['time', 'timestamp']);

const COMPARES: readonly string[] = ['Gtr', 'Gte', 'Lss', 'Lte', 'Neq', 'Eql'];

/**
 * The differences of a query between the time, by Prometheus, and moments that targets say by their own clocks. A comparison of the
 * two is one as well.
 */
export function agesIn(query: string): readonly Age[] {
  return binariesOf(query).flatMap(({ node, left, right }) => {
    const isCompared = COMPARES.some((name) => node.getChild(name) !== null);
    if (!isCompared && node.getChild('Sub') === null) return [];
    const [now, moment] = asksTime(left) ? [left, right] : [right, left];
    if (!asksTime(now) || asksTime(moment) || selectorsOf(moment).length === 0) return [];
    const text = query.slice(node.from, node.to);
    if (isCompared)
      return [{ text: moment, series: `-((${asSeries(moment) ?? moment}) - on () group_left () vector(time()))` }];
    const age = now === left ? text : `-(${text})`;
    return [{ text, series: asSeries(age) ?? age }];
  });
}

function asksTime(text: string): boolean {
  let asks = false;
  walk(treeOf(text), (node) => {
    asks ||= CLOCKS.has(functionName(node, text) ?? '');
  });
  return asks;
}
