import type { SyntaxNode } from '@lezer/common';
import { treeOf } from '../../../../src/core/promql/tree.ts';
import type { PointSeries, Sample } from '../../../../src/core/gates/answers.ts';
import { literalSeconds } from '../../../../src/core/promql/range.ts';
import { argumentsOf, childrenOf, functionName, textOf } from '../../../../src/core/promql/syntax.ts';
import { labelAt } from '../../../../src/core/promql/string-literal.ts';
import { aggregate } from './promql-aggregation.ts';
import { calculate, compare, combine } from './promql-binary.ts';
import { histogramQuantile, OVER_RANGE, type Point } from './promql-functions.ts';
import { keyOf, PromqlError, withoutLabels, type Labels } from './promql-labels.ts';
import { selectorOf } from './promql-selector.ts';
import { lastIndexAt, type Store } from './store.ts';

/** A sample older than this is not found by an instant selector. */
const LOOKBACK_MS = 300_000;
/** Step of a subquery without one. */
const DEFAULT_STEP_MS = 60_000;

/** A number, or an instant vector. */
export type Value = number | readonly Sample[];

type Evaluate<T> = (store: Store, atMs: number) => T;

/** Series with the points of a range, and the range. */
interface Matrix {
  readonly series: readonly { readonly labels: Labels; readonly points: readonly Point[] }[];
  readonly startMs: number;
  readonly endMs: number;
}

const compiled = new Map<string, Evaluate<Value>>();
const compiledRanges = new Map<string, Evaluate<Matrix>>();

/** The value of an expression at a moment, with the semantics of Prometheus 3. @throws PromqlError */
export function evaluate(query: string, store: Store, atMs: number): Value {
  return cached(compiled, query, (node) => valueOf(node, query))(store, atMs);
}

/** The points of a range selector at a moment. @throws PromqlError */
export function evaluateRange(query: string, store: Store, atMs: number): readonly PointSeries[] {
  return cached(compiledRanges, query, (node) => matrixOf(node, query))(store, atMs).series;
}

function cached<T>(
  cache: Map<string, Evaluate<T>>,
  query: string,
  make: (node: SyntaxNode) => Evaluate<T>,
): Evaluate<T> {
  let known = cache.get(query);
  if (known === undefined) {
    if (cache.size > 5_000) cache.clear();
    known = make(top(query));
    cache.set(query, known);
  }
  return known;
}

function top(query: string): SyntaxNode {
  const [node] = childrenOf(treeOf(query));
  if (node === undefined) throw new PromqlError(`empty: ${query}`);
  return node;
}

function valueOf(node: SyntaxNode, query: string): Evaluate<Value> {
  const children = childrenOf(node);
  switch (node.name) {
    case 'ParenExpr':
      return valueOf(children[0] as SyntaxNode, query);
    case 'NumberDurationLiteral': {
      const number = literalSeconds(textOf(node, query));
      return () => number;
    }
    case 'VectorSelector':
      return instantOf(node, query, 0);
    case 'OffsetExpr':
      return instantOf(children[0] as SyntaxNode, query, offsetOf(node, query));
    case 'AggregateExpr': {
      const operator = textOf(node.getChild('AggregateOp'), query).toLowerCase();
      const modifier = node.getChild('AggregateModifier');
      const names = childrenOf(modifier?.getChild('GroupingLabels') ?? null).map((label) => textOf(label, query));
      const without = modifier?.getChild('Without') != null;
      const [inner, parameter] = argumentsOf(node)
        .toReversed()
        .map((argument) => valueOf(argument, query));
      return (store, atMs) => {
        const most = parameter?.(store, atMs) as number;
        return aggregate(operator, vector(inner?.(store, atMs) ?? []), { without, names, most });
      };
    }
    case 'FunctionCall':
      return callOf(node, query);
    case 'UnaryExpr': {
      const inner = valueOf(children.at(-1) as SyntaxNode, query);
      const sign = textOf(children[0] ?? null, query) === '-' ? -1 : 1;
      return (store, atMs) => mapped(inner(store, atMs), (value) => sign * value);
    }
    case 'BinaryExpr':
      return binaryOf(node, query);
    default:
      throw new PromqlError(`${node.name} is not known here: ${query}`);
  }
}

function binaryOf(node: SyntaxNode, query: string): Evaluate<Value> {
  const children = childrenOf(node);
  const left = valueOf(children[0] as SyntaxNode, query);
  const right = valueOf(children.at(-1) as SyntaxNode, query);
  const operator = children[1]?.name ?? '';
  const clause = node.getChild('MatchingModifierClause');
  if (clause?.getChild('GroupRight') != null) throw new PromqlError(`group_right is not known here: ${query}`);
  const matching = {
    on: clause?.getChild('On') != null,
    manyToOne: clause?.getChild('GroupLeft') != null,
    names: childrenOf(clause?.getChild('GroupingLabels') ?? null).map((label) => textOf(label, query)),
  };
  const bool = node.getChild('BoolModifier') !== null;
  return (store, atMs) => {
    const [a, b] = [left(store, atMs), right(store, atMs)];
    if (typeof a === 'number' && typeof b === 'number')
      return calculate(operator, a, b) ?? Number(compare(operator, a, b));
    return combine(operator, a, b, matching, bool);
  };
}

function callOf(node: SyntaxNode, query: string): Evaluate<Value> {
  const name = functionName(node, query) ?? '';
  const args = argumentsOf(node);
  const over = OVER_RANGE[name];
  if (over !== undefined) {
    const matrix = matrixOf(args[0] as SyntaxNode, query);
    return (store, atMs) => {
      const { series, startMs, endMs } = matrix(store, atMs);
      const range = { startMs, endMs };
      return distinct(
        series.flatMap(({ labels, points }) => {
          const value = over(points, range);
          if (value === undefined) return [];
          return [{ labels: name === 'last_over_time' ? labels : withoutLabels(labels, ['__name__']), value }];
        }),
      );
    };
  }
  const inner = args.filter((arg) => arg.name !== 'StringLiteral').map((arg) => valueOf(arg, query));
  const first = inner[0] ?? ((): Value => []);
  const second = inner[1] ?? first;
  switch (name) {
    case 'time':
      return (_, atMs) => atMs / 1_000;
    case 'vector':
      return (store, atMs) => [{ labels: {}, value: first(store, atMs) as number }];
    case 'scalar':
      return (store, atMs) => {
        const values = vector(first(store, atMs));
        return values.length === 1 ? (values[0] as Sample).value : Number.NaN;
      };
    case 'abs':
      return (store, atMs) => distinct(vector(mapped(first(store, atMs), Math.abs)));
    case 'floor':
      return (store, atMs) => distinct(vector(mapped(first(store, atMs), Math.floor)));
    case 'sgn':
      return (store, atMs) => distinct(vector(mapped(first(store, atMs), Math.sign)));
    case 'clamp':
      return (store, atMs) => {
        const [least, most] = [second(store, atMs) as number, inner[2]?.(store, atMs) as number];
        return vector(mapped(first(store, atMs), (value) => Math.min(Math.max(value, least), most)));
      };
    case 'clamp_max':
      return (store, atMs) => {
        const most = second(store, atMs) as number;
        return vector(mapped(first(store, atMs), (value) => Math.min(value, most)));
      };
    case 'timestamp':
      return timestampsOf(args[0] as SyntaxNode, query);
    case 'clamp_min':
      return (store, atMs) => {
        const least = second(store, atMs) as number;
        return vector(mapped(first(store, atMs), (value) => Math.max(value, least)));
      };
    case 'label_replace':
      return labelReplaceOf(args, query, first);
    case 'absent':
      return (store, atMs) => (vector(first(store, atMs)).length === 0 ? [{ labels: {}, value: 1 }] : []);
    case 'histogram_quantile':
      return (store, atMs) => quantiles(first(store, atMs) as number, vector(second(store, atMs)));
    default:
      throw new PromqlError(`${name}() is not known here: ${query}`);
  }
}

/** `timestamp()` of a selector: when the samples were taken, s since 1970. */
function timestampsOf(node: SyntaxNode, query: string): Evaluate<Value> {
  if (node.name !== 'VectorSelector') throw new PromqlError(`timestamp() of a selector only: ${query}`);
  const { name, matches } = selectorOf(node, query);
  return (store, atMs) =>
    store.select(name, matches).flatMap(({ labels, times, values }) => {
      const index = lastIndexAt(times, atMs);
      const takenMs = times[index];
      if (takenMs === undefined || values[index] === undefined || takenMs <= atMs - LOOKBACK_MS) return [];
      return [{ labels: withoutLabels(labels, ['__name__']), value: takenMs / 1_000 }];
    });
}

/** `label_replace()`: the series whose label does not match the expression stay as they are. */
function labelReplaceOf(args: readonly SyntaxNode[], query: string, series: Evaluate<Value>): Evaluate<Value> {
  const [target = '', replacement = '', source = '', expression = ''] = args.slice(1).map((arg) => labelAt(arg, query));
  const regex = new RegExp(`^(?:${expression})$`, 's');
  return (store, atMs) =>
    distinct(
      vector(series(store, atMs)).map(({ labels, value }) => {
        const text = labels[source] ?? '';
        if (!regex.test(text)) return { labels, value };
        const made = { ...labels, [target]: text.replace(regex, replacement) };
        return { labels: made[target] === '' ? withoutLabels(made, [target]) : made, value };
      }),
    );
}

function quantiles(phi: number, buckets: readonly Sample[]): readonly Sample[] {
  const groups = Map.groupBy(
    buckets.filter(({ labels }) => labels['le'] !== undefined),
    ({ labels }) => keyOf(withoutLabels(labels, ['__name__', 'le'])),
  );
  return [...groups.values()].map((group) => ({
    labels: withoutLabels((group[0] as Sample).labels, ['__name__', 'le']),
    value: histogramQuantile(
      phi,
      group.map(({ labels, value }) => ({ upperBound: boundOf(labels['le'] ?? ''), count: value })),
    ),
  }));
}

function boundOf(le: string): number {
  return le === '+Inf' ? Infinity : Number(le);
}

function instantOf(node: SyntaxNode, query: string, offsetMs: number): Evaluate<Value> {
  const { name, matches } = selectorOf(node, query);
  return (store, atMs) => {
    const moment = atMs - offsetMs;
    return store.select(name, matches).flatMap(({ labels, times, values }) => {
      const index = lastIndexAt(times, moment);
      const value = values[index];
      return value === undefined || (times[index] as number) <= moment - LOOKBACK_MS ? [] : [{ labels, value }];
    });
  };
}

function matrixOf(node: SyntaxNode, query: string, offsetMs = 0): Evaluate<Matrix> {
  const children = childrenOf(node);
  if (node.name === 'ParenExpr') return matrixOf(children[0] as SyntaxNode, query, offsetMs);
  if (node.name === 'OffsetExpr') return matrixOf(children[0] as SyntaxNode, query, offsetOf(node, query));
  const [rangeMs, stepMs] = node.getChildren('DurationExpr').map((duration) => millisecondsOf(duration, query));
  if (rangeMs === undefined) throw new PromqlError(`a range is wanted: ${query}`);
  if (node.name === 'SubqueryExpr') {
    return subqueryOf(valueOf(children[0] as SyntaxNode, query), rangeMs, stepMs ?? DEFAULT_STEP_MS, offsetMs);
  }
  const { name, matches } = selectorOf(node.getChild('VectorSelector') as SyntaxNode, query);
  return (store, atMs) => {
    const endMs = atMs - offsetMs;
    const startMs = endMs - rangeMs;
    const series = store.select(name, matches).flatMap(({ labels, times, values }) => {
      const points: Point[] = [];
      const last = lastIndexAt(times, endMs);
      for (let index = lastIndexAt(times, startMs) + 1; index <= last; index++) {
        const value = values[index];
        if (value !== undefined) points.push([times[index] as number, value]);
      }
      return points.length === 0 ? [] : [{ labels, points }];
    });
    return { series, startMs, endMs };
  };
}

/** A subquery is evaluated at multiples of its step within the left-open range. */
function subqueryOf(inner: Evaluate<Value>, rangeMs: number, stepMs: number, offsetMs: number): Evaluate<Matrix> {
  return (store, atMs) => {
    const endMs = atMs - offsetMs;
    const startMs = endMs - rangeMs;
    const found = new Map<string, { labels: Labels; points: Point[] }>();
    for (let moment = (Math.floor(startMs / stepMs) + 1) * stepMs; moment <= endMs; moment += stepMs) {
      for (const { labels, value } of vector(inner(store, moment))) {
        const key = keyOf(labels);
        const series = found.get(key) ?? { labels, points: [] };
        series.points.push([moment, value]);
        found.set(key, series);
      }
    }
    return { series: [...found.values()], startMs, endMs };
  };
}

function offsetOf(node: SyntaxNode, query: string): number {
  return millisecondsOf(node.getChild('OffsetDurationExpr') as SyntaxNode, query);
}

function millisecondsOf(node: SyntaxNode, query: string): number {
  return Math.round(literalSeconds(textOf(node, query).trim()) * 1_000);
}

function vector(value: Value): readonly Sample[] {
  if (typeof value === 'number') throw new PromqlError('a vector is wanted, a number is given');
  return value;
}

function mapped(value: Value, by: (value: number) => number): Value {
  if (typeof value === 'number') return by(value);
  return value.map((sample) => ({ labels: withoutLabels(sample.labels, ['__name__']), value: by(sample.value) }));
}

/** Refuses two series with the same labels, as Prometheus does. */
function distinct(samples: readonly Sample[]): readonly Sample[] {
  if (samples.length > 1 && new Set(samples.map(({ labels }) => keyOf(labels))).size < samples.length)
    throw new PromqlError('vector cannot contain metrics with the same labelset');
  return samples;
}
