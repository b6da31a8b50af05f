import type { SyntaxNode } from '@lezer/common';
import { checkBinary } from './binary.ts';
import { aggregationSignature, functionSignature } from './functions.ts';
import type { PromqlType, Signature } from './functions.ts';
import { checkOffset, checkRange, checkTimestamp } from './range.ts';
import { readReplaceRegex } from './regex.ts';
import { checkGrouping, checkRegex, checkSelector } from './check-selector.ts';
import { stringAt } from './string-literal.ts';
import type { Report } from './string-literal.ts';
import { childrenOf, textOf } from './syntax.ts';

/** Words for messages. */
const WORDS: Readonly<Record<PromqlType, string>> = {
  scalar: 'a number',
  vector: 'series of one value each',
  matrix: 'a range of values',
  string: 'a text',
};

/** The operand of `[5m]`, `offset` or `@`, which must be a selector, not an expression. */
interface Operand {
  readonly type: PromqlType;
  readonly part: 'selector' | 'range' | 'subquery' | 'expression';
  readonly moved: readonly string[];
  readonly extension?: Extension;
}

/** How a range treats the samples beyond its ends. */
type Extension = 'anchored' | 'smoothed';

/** Functions that Prometheus evaluates over such a range. */
const EXTENDED: Readonly<Record<Extension, readonly string[]>> = {
  anchored: ['changes', 'delta', 'increase', 'rate', 'resets'],
  smoothed: ['delta', 'increase', 'rate'],
};

/**
 * Checks an expression without syntax errors as Prometheus does before it evaluates one: what functions and operators
 * take and give, ranges, selectors. Everything that is wrong is reported, from left to right.
 */
export function checkTypes(expression: SyntaxNode, query: string, report: Report): PromqlType {
  return new Types(query, report).typeOf(expression);
}

class Types {
  readonly #query: string;
  readonly #report: Report;

  constructor(query: string, report: Report) {
    this.#query = query;
    this.#report = report;
  }

  typeOf(node: SyntaxNode): PromqlType {
    return this.#operand(node, []).type;
  }

  /**
   * The parser hangs `[5m]`, `offset` and `@` around everything before them, where PromQL gives them to the nearest
   * operand: in `a + b[5m]` to b. So they are carried down to it, in the order in which they apply.
   */
  #operand(node: SyntaxNode, suffixes: readonly SyntaxNode[]): Operand {
    const [first, ...others] = childrenOf(node);
    switch (node.name) {
      case 'MatrixSelector':
      case 'SubqueryExpr':
      case 'OffsetExpr':
      case 'StepInvariantExpr':
      case 'AnchoredExpr':
      case 'SmoothedExpr':
        return first === undefined ? expression('vector') : this.#operand(first, [node, ...suffixes]);
      case 'BinaryExpr': {
        const right = others.at(-1);
        if (first === undefined || right === undefined) return expression('vector');
        const left = this.typeOf(first);
        return expression(checkBinary(node, left, this.#operand(right, suffixes).type, this.#query, this.#report));
      }
      case 'UnaryExpr': {
        const inner = others.at(-1);
        const { type } = inner === undefined ? expression('vector') : this.#operand(inner, suffixes);
        if (type === 'scalar' || type === 'vector') return expression(type);
        this.#report(`${WORDS[type]} has no sign`, node.from);
        return expression('vector');
      }
      default:
        return suffixes.reduce((inner, suffix) => this.#suffixed(inner, suffix, node), this.#primary(node));
    }
  }

  #primary(node: SyntaxNode): Operand {
    switch (node.name) {
      case 'VectorSelector':
        checkSelector(node, this.#query, 'series', this.#report);
        return { type: 'vector', part: 'selector', moved: [] };
      case 'ParenExpr': {
        const inner = childrenOf(node)[0];
        return inner === undefined
          ? expression('vector')
          : { ...this.#operand(inner, []), part: 'expression', moved: [] };
      }
      case 'StringLiteral':
        stringAt(node, this.#query, this.#report);
        return expression('string');
      case 'FunctionCall':
        return expression(this.#call(node, 'FunctionIdentifier', functionSignature));
      case 'AggregateExpr':
        for (const labels of node.getChild('AggregateModifier')?.getChildren('GroupingLabels') ?? [])
          checkGrouping(labels, this.#query, this.#report);
        return expression(this.#call(node, 'AggregateOp', aggregationSignature));
      default:
        return expression('scalar');
    }
  }

  #suffixed(inner: Operand, suffix: SyntaxNode, primary: SyntaxNode): Operand {
    switch (suffix.name) {
      case 'MatrixSelector':
        checkRange(suffix, this.#query, this.#report);
        if (inner.part !== 'selector')
          this.#report('a range must follow a selector directly; over an expression write [5m:]', primary.from);
        else if (inner.moved.length > 0)
          this.#report(`the range comes before ${inner.moved.join(' and ')}`, primary.from);
        return { ...inner, type: 'matrix', part: 'range', moved: [] };
      case 'SubqueryExpr':
        checkRange(suffix, this.#query, this.#report);
        if (inner.type !== 'vector')
          this.#report(`[…:] must follow series of one value each, not ${WORDS[inner.type]}`, primary.from);
        return { type: 'matrix', part: 'subquery', moved: [] };
      case 'OffsetExpr':
      case 'StepInvariantExpr': {
        const what = suffix.name === 'OffsetExpr' ? 'offset' : '@';
        if (what === 'offset') checkOffset(suffix, this.#query, this.#report);
        else checkTimestamp(suffix, this.#query, this.#report);
        if (inner.part === 'expression')
          this.#report(`${what} must follow a selector or its range directly`, primary.from);
        if (inner.moved.includes(what)) this.#report(`${what} twice`, primary.from);
        return { ...inner, moved: [...inner.moved, what] };
      }
      case 'AnchoredExpr':
      case 'SmoothedExpr': {
        if (inner.part === 'expression')
          this.#report(`${textOf(suffix.lastChild, this.#query)} follows a selector or its range`, primary.from);
        const extension = suffix.name === 'AnchoredExpr' ? 'anchored' : 'smoothed';
        if (inner.part === 'subquery') this.#report(`${extension} does not apply to a subquery`, primary.from);
        if (inner.extension !== undefined && inner.extension !== extension)
          this.#report('anchored and smoothed exclude each other', primary.from);
        return { ...inner, extension };
      }
      default:
        return inner;
    }
  }

  #call(node: SyntaxNode, nameIn: string, find: (name: string) => Signature | undefined): PromqlType {
    const name = textOf(node.getChild(nameIn), this.#query);
    const given = childrenOf(node.getChild('FunctionCallBody'));
    const signature = find(name);
    if (signature === undefined) return 'vector';
    const { takes, least, most } = signature;
    if (given.length < least || given.length > most) {
      this.#report(`${name}() takes ${countOf(signature)}, not ${given.length}`, node.from);
    }
    for (const [index, argument] of given.entries())
      this.#argument(name, index, argument, takes[index] ?? takes.at(-1));
    return signature.gives;
  }

  #argument(name: string, index: number, argument: SyntaxNode, wanted: PromqlType | undefined): void {
    if (name === 'info' && index === 1) {
      if (argument.name === 'VectorSelector') checkSelector(argument, this.#query, 'labels', this.#report);
      else this.#report('info() takes labels here: {…}', argument.from);
      return;
    }
    const { type, extension } = this.#operand(argument, []);
    if (type === 'matrix' && extension !== undefined && !EXTENDED[extension].includes(name))
      this.#report(
        `${extension} does not apply to ${name}(), only to ${EXTENDED[extension].join(', ')}`,
        argument.from,
      );
    if (wanted === undefined || type === wanted) {
      if (wanted === 'string') this.#textArgument(name, index, argument);
    } else if (wanted === 'matrix' && type === 'vector') {
      this.#report(`${name}() needs a range, such as [$window]`, argument.to);
    } else {
      const help = type === 'matrix' ? ': put it into rate(), max_over_time() or the like' : '';
      this.#report(`${name}() takes ${WORDS[wanted]} here, not ${WORDS[type]}${help}`, argument.from);
    }
  }

  /** Checks the texts whose content Prometheus looks at: names of labels that it writes, and a regular expression. */
  #textArgument(name: string, index: number, argument: SyntaxNode): void {
    if (argument.name === 'ParenExpr') {
      const inner = childrenOf(argument)[0];
      if (inner !== undefined) this.#textArgument(name, index, inner);
      return;
    }
    const text = argument.name === 'StringLiteral' ? stringAt(argument, this.#query, () => undefined) : undefined;
    if (text === undefined) return;
    if (name === 'label_replace' && index === 4) checkRegex(readReplaceRegex(text), argument.from, this.#report);
    if (text === '' && namesLabel(name, index)) this.#report('a label needs a name', argument.from);
  }
}

/** Whether a text is the name of a label that must not be empty. */
function namesLabel(name: string, index: number): boolean {
  if (name === 'label_join') return index === 1 || index >= 3;
  return (name === 'label_replace' && index === 1) || (name.toLowerCase() === 'count_values' && index === 0);
}

function expression(type: PromqlType): Operand {
  return { type, part: 'expression', moved: [] };
}

function countOf({ least, most }: Signature): string {
  const count = least === most ? String(least) : most === Infinity ? `${least} or more` : `${least} to ${most}`;
  return count === '0' ? 'no argument' : count === '1' ? '1 argument' : `${count} arguments`;
}
