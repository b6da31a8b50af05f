import type { SyntaxNode } from '@lezer/common';
import { labelName } from './label-matcher.ts';
import { selectorAt, type Selector } from './needs.ts';
import { readMatcherRegex } from './regex.ts';
import { labelAt, stringAt } from './string-literal.ts';
import { argumentsOf, childrenOf, functionName, textOf, walk } from './syntax.ts';
import { treeOf } from './tree.ts';

/** A label that a query groups or matches series by. */
export interface LabelUse {
  readonly label: string;
  /** Where it is used, as it is written. */
  readonly where: string;
  /** The selectors whose series may have it there. None: an aggregation within has taken it away from all of them. */
  readonly selectors: readonly Selector[];
}

/** Functions that make labels. */
const MAKES_LABELS: ReadonlySet<string> = new Set(['label_replace', 'label_join', 'info']);

/**
 * The labels of every `by`, `without`, `on` and `ignoring`. A label that no series has makes one group of all series, so that the
 * group that is broken is not seen. Labels that the query itself makes are left out.
 */
export function groupingLabels(query: string): readonly LabelUse[] {
  const uses: LabelUse[] = [];
  walk(treeOf(query), (node) => {
    const clause = node.getChild('AggregateModifier') ?? node.getChild('MatchingModifierClause');
    const labels = clause?.getChild('GroupingLabels');
    if (clause == null || labels == null || makesLabels(node, query)) return;
    const operands =
      node.name === 'AggregateExpr' ? argumentsOf(node).slice(-1) : [childrenOf(node)[0], childrenOf(node).at(-1)];
    for (const child of childrenOf(labels)) {
      const label = labelAt(child.firstChild?.name === 'StringLiteral' ? child.firstChild : child, query);
      const selectors = operands.flatMap((operand) => (operand === undefined ? [] : having(operand, label, query)));
      uses.push({ label, where: textOf(clause, query), selectors });
    }
  });
  return uses;
}

/**
 * The labels of matchers that a series without the label fulfils, e.g. `{result!="error"}`. A misspelt one selects everything.
 * `{result=""}` asks for series without the label, so it is left out.
 */
export function optionalLabels(query: string): readonly LabelUse[] {
  const uses: LabelUse[] = [];
  walk(treeOf(query), (node) => {
    if (node.name !== 'VectorSelector') return;
    for (const matcher of childrenOf(node.getChild('LabelMatchers'))) {
      const operator = textOf(matcher.getChild('MatchOp'), query);
      const value = stringAt(matcher.getChild('StringLiteral'), query) ?? '';
      if (operator === '=' || operator === '' || !holdsWithout(operator, value)) continue;
      const label = labelAt(matcher.firstChild, query);
      if (label !== '__name__')
        uses.push({ label, where: textOf(matcher, query), selectors: [selectorAt(node, query)] });
    }
  });
  return uses;
}

/** The labels of matchers that only a series with the label fulfils, e.g. `{result="error"}`; the name and the job are left out. */
export function requiredLabels(query: string): readonly LabelUse[] {
  const uses: LabelUse[] = [];
  walk(treeOf(query), (node) => {
    if (node.name !== 'VectorSelector') return;
    for (const matcher of childrenOf(node.getChild('LabelMatchers'))) {
      const operator = textOf(matcher.getChild('MatchOp'), query);
      const label = labelAt(matcher.firstChild, query);
      const value = stringAt(matcher.getChild('StringLiteral'), query) ?? '';
      if (operator === '' || label === '__name__' || label === 'job') continue;
      if (operator === '=' ? value === '' : holdsWithout(operator, value)) continue;
      uses.push({ label, where: textOf(matcher, query), selectors: [selectorAt(node, query)] });
    }
  });
  return uses;
}

/** A value as it is written, and no pattern for several. */
const PLAIN = /^[\w:/ -]+(?:\.[\w:/ -]+)*$/;

/** A selector, and the same with one of the values of a label that it names one by one, e.g. `{queue=~"backoff|active"}`. */
export interface NamedValue {
  readonly selector: Selector;
  readonly text: string;
}

/** Each value of a label that a selector names one by one: one that was never seen may be misspelt. */
export function valuesOneByOne(query: string): readonly NamedValue[] {
  const found: NamedValue[] = [];
  walk(treeOf(query), (node) => {
    if (node.name !== 'VectorSelector') return;
    for (const matcher of childrenOf(node.getChild('LabelMatchers'))) {
      const label = labelAt(matcher.firstChild, query);
      const literal = matcher.getChild('StringLiteral');
      const value = stringAt(literal, query) ?? '';
      if (textOf(matcher.getChild('MatchOp'), query) !== '=~' || label === '__name__') continue;
      const pieces = value.replace(/^\((.*)\)$/, '$1').split('|');
      if (pieces.length < 2 || !pieces.every((piece) => PLAIN.test(piece))) continue;
      for (const piece of pieces) {
        const one = `${labelName(label)}=~${JSON.stringify(piece)}`;
        const text = query.slice(node.from, matcher.from) + one + query.slice(matcher.to, node.to);
        found.push({ selector: selectorAt(node, query), text });
      }
    }
  });
  return found;
}

/** The metrics that a selector names one by one, e.g. `{__name__=~"a_total|b_total"}`. */
export function namedOneByOne(query: string): readonly string[] {
  const found = new Set<string>();
  walk(treeOf(query), (node) => {
    if (!node.name.endsWith('LabelMatcher') || textOf(node.getChild('MatchOp'), query) !== '=~') return;
    if (labelAt(node.firstChild, query) !== '__name__') return;
    const value = stringAt(node.getChild('StringLiteral'), query) ?? '';
    if (/^[\w:]+(\|[\w:]+)+$/.test(value)) for (const name of value.split('|')) found.add(name);
  });
  return [...found];
}

/**
 * The labels that `label_replace()` and `label_join()` make others of. One that no series has makes an empty label, and one group of
 * all series.
 */
export function sourceLabels(query: string): readonly LabelUse[] {
  const uses: LabelUse[] = [];
  walk(treeOf(query), (node) => {
    const name = functionName(node, query);
    if (name !== 'label_replace' && name !== 'label_join') return;
    const [operand, ...texts] = argumentsOf(node);
    if (operand === undefined || makesLabels(operand, query)) return;
    for (const source of name === 'label_replace' ? texts.slice(2, 3) : texts.slice(2)) {
      const label = stringAt(source, query) ?? '';
      if (label === '__name__' || label === '') continue;
      uses.push({ label, where: textOf(node, query), selectors: having(operand, label, query) });
    }
  });
  return uses;
}

/** A label that a query groups by although it makes labels itself, and what is grouped. */
export interface MadeLabel {
  readonly label: string;
  readonly operand: string;
}

/** The labels of every `by` over an expression that makes labels. */
export function madeLabels(query: string): readonly MadeLabel[] {
  return labelsOfBy(query, true);
}

/** The labels of every `by` of a query over series as they are. */
export function groupedLabels(query: string): readonly MadeLabel[] {
  return labelsOfBy(query, false);
}

/** The labels of every `without` of a query, and what they are taken from. */
export function droppedLabels(query: string): readonly (MadeLabel & { readonly where: string })[] {
  const found: (MadeLabel & { readonly where: string })[] = [];
  walk(treeOf(query), (node) => {
    const clause = node.getChild('AggregateModifier');
    const operand = argumentsOf(node).at(-1);
    if (clause?.getChild('Without') == null || operand === undefined) return;
    for (const child of childrenOf(clause.getChild('GroupingLabels'))) {
      const label = labelAt(child.firstChild?.name === 'StringLiteral' ? child.firstChild : child, query);
      found.push({ label, operand: textOf(operand, query), where: textOf(clause, query) });
    }
  });
  return found;
}

function labelsOfBy(query: string, isMade: boolean): readonly MadeLabel[] {
  const found: MadeLabel[] = [];
  walk(treeOf(query), (node) => {
    const clause = node.getChild('AggregateModifier');
    const operand = argumentsOf(node).at(-1);
    if (clause?.getChild('By') == null || operand === undefined || makesLabels(operand, query) !== isMade) return;
    for (const child of childrenOf(clause.getChild('GroupingLabels'))) {
      const label = labelAt(child.firstChild?.name === 'StringLiteral' ? child.firstChild : child, query);
      found.push({ label, operand: textOf(operand, query) });
    }
  });
  return found;
}

function holdsWithout(operator: string, value: string): boolean {
  if (!operator.includes('~')) return value !== '';
  const reading = readMatcherRegex(value);
  return reading.ok && reading.matchesEmpty === (operator === '=~');
}

function makesLabels(node: SyntaxNode, query: string): boolean {
  let makes = false;
  walk(node, (inner) => {
    makes ||= MAKES_LABELS.has(functionName(inner, query) ?? '');
    makes ||= inner.name === 'AggregateExpr' && operatorOf(inner, query) === 'count_values';
  });
  return makes;
}

/** The selectors below a node whose series still have a label there, if they had it. */
function having(node: SyntaxNode, label: string, query: string): readonly Selector[] {
  if (node.name === 'VectorSelector') return [selectorAt(node, query)];
  if (node.name === 'AggregateExpr' && !keeps(node, label, query)) return [];
  return childrenOf(node).flatMap((child) => having(child, label, query));
}

/** Aggregations whose answer is some of the series themselves. */
const KEEP_SERIES: ReadonlySet<string> = new Set(['topk', 'bottomk', 'limitk', 'limit_ratio']);

function operatorOf(aggregation: SyntaxNode, query: string): string {
  return textOf(aggregation.getChild('AggregateOp'), query).toLowerCase();
}

function keeps(aggregation: SyntaxNode, label: string, query: string): boolean {
  if (KEEP_SERIES.has(operatorOf(aggregation, query))) return true;
  const modifier = aggregation.getChild('AggregateModifier');
  if (modifier === null) return false;
  const named = childrenOf(modifier.getChild('GroupingLabels')).some((child) => labelAt(child, query) === label);
  return (modifier.getChild('Without') === null) === named;
}
