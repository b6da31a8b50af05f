import type { SyntaxNode } from '@lezer/common';
import { literalSeconds } from './range.ts';
import { childrenOf, textOf } from './syntax.ts';
import { treeOf } from './tree.ts';

/** The time that a selector of a query looks at, in seconds before the moment of the query. A moment after it is negative. */
export interface Reach {
  /** The selector with its range and its shift. */
  readonly text: string;
  /** NaN where it is calculated, and cannot be known. */
  readonly fromS: number;
  readonly toS: number;
}

const SUFFIXES: ReadonlySet<string> = new Set([
  'MatrixSelector',
  'SubqueryExpr',
  'OffsetExpr',
  'StepInvariantExpr',
  'AnchoredExpr',
  'SmoothedExpr',
]);

interface Shift {
  /** Seconds that are added to where the looked-at time begins and ends. */
  readonly fromS: number;
  readonly toS: number;
}

/**
 * The time that each selector looks at. An instant selector looks at the moment of the query.
 * @param atS the moment, in seconds since 1970: `@` may fix another one
 */
export function reaches(query: string, atS: number): readonly Reach[] {
  const found: Reach[] = [];
  const visit = (node: SyntaxNode, suffixes: readonly SyntaxNode[], outer: Shift): void => {
    const children = childrenOf(node);
    const [first] = children;
    if (SUFFIXES.has(node.name) && first !== undefined) {
      visit(first, [node, ...suffixes], outer);
      return;
    }
    const last = children.at(-1);
    if (node.name === 'BinaryExpr' && first !== undefined && last !== undefined) {
      // The parser hangs suffixes around everything before them, where PromQL gives them to the nearest operand.
      visit(first, [], outer);
      visit(last, suffixes, outer);
      return;
    }
    if (node.name === 'UnaryExpr' && last !== undefined) {
      visit(last, suffixes, outer);
      return;
    }
    const shift = suffixes.toReversed().reduce((from, suffix) => shifted(from, suffix, query, atS), outer);
    if (node.name === 'VectorSelector') {
      const text = query.slice(node.from, suffixes.at(-1)?.to ?? node.to);
      found.push({ text, ...shift });
    }
    for (const child of children) visit(child, [], shift);
  };
  visit(treeOf(query), [], { fromS: 0, toS: 0 });
  return found;
}

function shifted({ fromS, toS }: Shift, suffix: SyntaxNode, query: string, atS: number): Shift {
  if (suffix.name === 'MatrixSelector' || suffix.name === 'SubqueryExpr') {
    return { fromS: fromS + secondsIn(suffix.getChild('DurationExpr'), query), toS };
  }
  if (suffix.name === 'OffsetExpr') {
    const offsetS = secondsIn(suffix.getChild('OffsetDurationExpr'), query);
    return { fromS: fromS + offsetS, toS: toS + offsetS };
  }
  if (suffix.name !== 'StepInvariantExpr') return { fromS, toS };
  // start() and end() are the moment of an instant query.
  const fixed = suffix.getChild('NumberDurationLiteral');
  const beforeS = fixed === null ? 0 : atS - literalSeconds(textOf(fixed, query).replaceAll(/\s/g, ''));
  return { fromS: beforeS + (fromS - toS), toS: beforeS };
}

/** A duration that is a literal, with a sign or without; NaN where it is calculated. */
function secondsIn(node: SyntaxNode | null, query: string): number {
  const [, sign = '', rest = ''] = /^\s*([+-]?)\s*(.*)$/s.exec(textOf(node, query)) ?? [];
  const seconds = literalSeconds(rest.trim());
  return sign === '-' ? -seconds : seconds;
}
