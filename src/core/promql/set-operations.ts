import type { SyntaxNode } from '@lezer/common';
import { binariesOf, unfiltered } from './operands.ts';
import { labelAt } from './string-literal.ts';
import { childrenOf, textOf } from './syntax.ts';

/** An `and` or `unless` with its operands, without the comparisons around them that only filter. */
export interface SetOperation {
  readonly operator: string;
  readonly left: string;
  readonly right: string;
  /** `on (…)` or `ignoring (…)` as it is written; empty where all labels count. */
  readonly matching: string;
  /** Whether two series are compared by a label. */
  readonly compares: (label: string) => boolean;
}

/** Every `and` and `unless` of a query. `or` loses nothing. */
export function setOperations(query: string): readonly SetOperation[] {
  return binariesOf(query).flatMap(({ node, left, right }) => {
    const operator = node.getChild('And') ?? node.getChild('Unless');
    if (operator === null) return [];
    return [
      {
        operator: textOf(operator, query),
        left: unfiltered(left),
        right: unfiltered(right),
        ...matchingOf(node, query),
      },
    ];
  });
}

function matchingOf(node: SyntaxNode, query: string): Pick<SetOperation, 'matching' | 'compares'> {
  const clause = node.getChild('MatchingModifierClause');
  if (clause === null) return { matching: '', compares: (label) => label !== '__name__' };
  const labels = clause.getChild('GroupingLabels');
  const names = childrenOf(labels).map((child) =>
    labelAt(child.firstChild?.name === 'StringLiteral' ? child.firstChild : child, query),
  );
  const isOn = clause.getChild('On') !== null;
  return {
    matching: `${isOn ? 'on' : 'ignoring'} ${textOf(labels, query)}`,
    compares: (label) => (isOn ? names.includes(label) : label !== '__name__' && !names.includes(label)),
  };
}
