import { possibleValues } from '../../promql/constant.ts';
import { withExactIncreases } from '../../promql/increases.ts';
import { all, type Asking } from '../asking.ts';
import { isAtLeast, isOver } from '../beyond-bar.ts';
import { bounded, lowOf, type Measure } from '../measure.ts';
import { queryBounds } from '../query-bounds.ts';
import { quantileUses, UNKNOWN } from '../quantile-uses.ts';
import type { Refusal } from '../refusal.ts';
import { singleValue } from '../single-value.ts';
import type { Subject } from '../subject.ts';
import type { GateKind } from './kind.ts';
import { expressionProblem, promql } from './promql-field.ts';

/** One PromQL expression with `$window`, `$campaign` and `$execution`. A `histogram_quantile` in it is known to its bucket. */
interface QuerySource {
  readonly kind: 'query';
  readonly query: string;
}

declare module '../../model/gate-patch.ts' {
  interface GateSourceFields {
    readonly query?: string;
  }
}

declare module '../model.ts' {
  interface GateSources {
    readonly query: QuerySource;
  }
}

/** The value of one expression. A value at the top of the histogram (`topFiniteBucket`) is saturated. */
export const query = {
  schema: promql('One PromQL expression').optional(),
  sourceOf: (patch) => (patch.query === undefined ? undefined : { kind: 'query', query: patch.query }),
  problems: (source) => {
    const message = expressionProblem(source.query);
    return message === undefined ? [] : [{ field: 'query', message }];
  },
  expressions: (source) => [{ promql: source.query, mayBeAbsent: true }],
  possible: (source) => possibleValues(source.query),
  *value(_source, subject) {
    const text = subject.expressions[0]?.promql ?? '';
    const exact = withExactIncreases(text);
    const [found, quantiles, between] = yield* all<Sides>([
      singleValue(text, subject, subject.gate.absentIs),
      quantileUses(text, subject),
      ...(exact === undefined ? [] : [singleValue(exact, subject, subject.gate.absentIs)]),
    ]);
    if (quantiles !== undefined && typeof quantiles === 'object' && 'reason' in quantiles)
      return (yield* beyondBar(subject, text, found, quantiles)) ?? quantiles;
    if (typeof found === 'object' && 'reason' in found) return found;
    if (typeof found !== 'number') return { reason: 'not-evaluated', detail: 'no query was evaluated' };
    const value = found;
    const top = subject.gate.topFiniteBucket;
    if (top !== undefined && isAtLeast(value, top)) {
      return { reason: 'saturated', detail: `${value} is the top of the histogram (last finite bucket ${top})` };
    }
    if (typeof between === 'number') {
      const because = 'increase() is extrapolated beyond the samples; the kind delta is not';
      return bounded(value, Math.min(value, between), Math.max(value, between), because);
    }
    return withBounds(subject, text, value, quantiles instanceof Map ? quantiles : new Map());
  },
  curve: (source) => ({ promql: source.query, growth: false }),
} satisfies GateKind<QuerySource>;

/**
 * The value where one group of a histogram counted nothing, if another one is beyond the bar already: whatever the quantile of the empty
 * one is, `max()` is not below it.
 */
function* beyondBar(
  subject: Subject,
  text: string,
  found: Sides | undefined,
  { reason }: Refusal,
): Asking<Measure | undefined> {
  const { bar, barKind } = subject.gate;
  if (reason !== 'no-events' || typeof found !== 'number' || barKind === 'informational') return undefined;
  const quantiles = yield* quantileUses(text, subject, UNKNOWN);
  if ('reason' in quantiles) return undefined;
  const measure = withBounds(subject, text, found, quantiles);
  return 'reason' in measure || !isOver(lowOf(measure), bar.max) ? undefined : measure;
}

type Sides = number | Refusal | ReadonlyMap<number, readonly Measure[]>;

function withBounds(
  { gate }: Subject,
  text: string,
  value: number,
  quantiles: ReadonlyMap<number, readonly Measure[]>,
): Measure | Refusal {
  if (quantiles.size === 0) return { value };
  const bounds = queryBounds(text, quantiles);
  if (bounds !== undefined)
    return bounded(value, Math.min(bounds.low, value), Math.max(bounds.high, value), bounds.because);
  if (gate.barKind === 'informational') return { value };
  return {
    reason: 'query-error',
    detail: `how exact this quantile is cannot be known: only max(), min() and arithmetic with numbers may be around histogram_quantile() in ${text}`,
  };
}
