import type { SyntaxNode } from '@lezer/common';
import { constantProblem } from './constant.ts';
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

/** A selector whose values decide a query as they are. */
export interface LifelongUse {
  readonly selector: Selector;
  /** It is divided, or something is divided by it. */
  readonly isDivided: boolean;
  /** What it is subtracted from, or what is subtracted from it. A difference of counters may be growth, or what is under way. */
  readonly against: readonly Selector[];
}

/**
 * The selectors whose values decide a query as they are. A counter among them counts from the start of a process, and not in the
 * window, unless another counter is taken away from it.
 */
export function lifelongUses(query: string): readonly LifelongUse[] {
  const found: LifelongUse[] = [];
  walk(treeOf(query), (node) => {
    if (node.name !== 'VectorSelector') return;
    const use = useOf(node, query);
    if (use !== undefined) found.push({ selector: selectorAt(node, query), ...use });
  });
  return found;
}

function useOf(selector: SyntaxNode, query: string): Omit<LifelongUse, 'selector'> | undefined {
  let [isDivided, isCompared] = [false, false];
  const against: Selector[] = [];
  for (let node = selector.parent, below = selector; node !== null; below = node, node = node.parent) {
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
    if (node.name !== 'BinaryExpr') continue;
    isCompared ||= COMPARES.some((name) => node.getChild(name) !== null);
    // Its values change nothing, as those of `0 * sum(x)` behind `or`. Those that a comparison keeps or drops do, whatever is made of them.
    if (!isCompared && constantProblem(textOf(node, query)) !== undefined) return undefined;
    if (node.getChild('Sub') !== null) against.push(...othersOf(node, below, query));
    isDivided ||= (node.getChild('Div') ?? node.getChild('Pow')) !== null;
  }
  return { isDivided, against };
}

function functionAround(node: SyntaxNode, query: string): string {
  let around = node.parent;
  while (around !== null && ['FunctionCallBody', 'OffsetExpr', 'StepInvariantExpr'].includes(around.name))
    around = around.parent;
  return around === null ? '' : (functionName(around, query) ?? '');
}

/** The selectors of the other side of an operation, where it is no constant. */
function othersOf(operation: SyntaxNode, side: SyntaxNode, query: string): readonly Selector[] {
  const children = childrenOf(operation);
  const other = children.find(
    (child) => child.from !== side.from && (child === children[0] || child === children.at(-1)),
  );
  const text = textOf(other ?? null, query);
  return constantProblem(text) === undefined ? selectorsOf(text) : [];
}
