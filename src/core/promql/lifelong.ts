import type { SyntaxNode } from '@lezer/common';
import { isCounter } from './counter-names.ts';
import { selectorAt, selectorsOf, type Selector } from './needs.ts';
import { childrenOf, functionName, textOf, walk } from './syntax.ts';
import { treeOf } from './tree.ts';

/** Functions over a range that give a value of the counter itself. */
const VALUE_OF_RANGE: ReadonlySet<string> = new Set([
  'avg_over_time',
  'first_over_time',
  'last_over_time',
  'max_over_time',
  'min_over_time',
  'quantile_over_time',
]);
/** What asks only whether there is a series, or when its sample was taken. */
const BY_PRESENCE: ReadonlySet<string> = new Set(['absent', 'absent_over_time', 'present_over_time', 'timestamp']);
const COUNTING: ReadonlySet<string> = new Set(['count', 'group']);
const COMPARES: readonly string[] = ['Gtr', 'Gte', 'Lss', 'Lte', 'Neq', 'Eql'];

/**
 * The counters whose values decide a query as they are, so that they count from the start of a process and not in the window. A difference
 * of counters is none of them: it may be the growth, or what is under way.
 * @param isAnywhere also those that are not divided. Only a bar that asks for little is safe by them.
 */
export function lifelongCounters(query: string, isAnywhere: boolean): readonly Selector[] {
  const all = selectorsOf(query).flatMap(({ name }) => name ?? []);
  const found = new Map<string, Selector>();
  walk(treeOf(query), (node) => {
    if (node.name !== 'VectorSelector') return;
    const selector = selectorAt(node, query);
    if (!isCounter(selector) && !isPartOfMean(selector, all)) return;
    const use = useOf(node, query);
    if (use === 'value' ? isAnywhere : use === 'divided') found.set(selector.text, selector);
  });
  return [...found.values()];
}

/** The sum and the count of one histogram or summary: what is divided is a mean over the life of the process. */
function isPartOfMean({ name = '' }: Selector, all: readonly string[]): boolean {
  const [, stem, ending] = /^(.+)_(sum|count)$/.exec(name) ?? [];
  return stem !== undefined && all.includes(`${stem}_${ending === 'sum' ? 'count' : 'sum'}`);
}

function useOf(selector: SyntaxNode, query: string): 'value' | 'divided' | undefined {
  let [isDivided, isCompared] = [false, false];
  for (let node = selector.parent; node !== null; node = node.parent) {
    const called = functionName(node, query);
    if (called !== undefined && BY_PRESENCE.has(called)) return undefined;
    if (
      node.name === 'AggregateExpr' &&
      !isCompared &&
      COUNTING.has(textOf(node.getChild('AggregateOp'), query).toLowerCase())
    )
      return undefined;
    if (node.name === 'MatrixSelector' && !VALUE_OF_RANGE.has(functionAround(node, query))) return undefined;
    if (node.name === 'SubqueryExpr' && !VALUE_OF_RANGE.has(functionAround(node, query))) return undefined;
    // A moved counter is compared with the one of another moment.
    if (node.name === 'OffsetExpr') return undefined;
    if (node.name !== 'BinaryExpr') continue;
    if (node.getChild('Sub') !== null && !hasNumber(node, query)) return undefined;
    isDivided ||= (node.getChild('Div') ?? node.getChild('Pow')) !== null;
    isCompared ||= COMPARES.some((name) => node.getChild(name) !== null);
  }
  return isDivided ? 'divided' : 'value';
}

function functionAround(node: SyntaxNode, query: string): string {
  const call = node.parent?.name === 'FunctionCallBody' ? node.parent.parent : node.parent;
  return call === null ? '' : (functionName(call, query) ?? '');
}

/** Whether one side of an operator is a number that is written: `1 - x`. */
function hasNumber(node: SyntaxNode, query: string): boolean {
  return [childrenOf(node)[0], childrenOf(node).at(-1)].some((side) =>
    /^[\s(+-]*[\d.][\w.]*[\s)]*$/.test(textOf(side ?? null, query)),
  );
}
