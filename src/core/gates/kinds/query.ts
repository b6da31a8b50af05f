import { singleValue } from '../single-value.ts';
import type { GateKind } from './kind.ts';
import { expressionProblem, promql } from './promql-field.ts';

/** One PromQL expression with `$window` and `$campaign`. A `histogram_quantile` in it is checked for saturation. */
export interface QuerySource {
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
  valueQueries: (source) => [source.query],
  counterQueries: () => [],
  value: ({ values, topFiniteBucket }) => {
    const [asked] = values;
    if (asked === undefined) return { reason: 'not-evaluated', detail: 'no query was evaluated' };
    const value = singleValue(asked.answer, asked.query);
    if (typeof value !== 'number' || topFiniteBucket === undefined || value < topFiniteBucket) return value;
    return {
      reason: 'saturated',
      detail: `${value} is the top of the histogram (last finite bucket ${topFiniteBucket})`,
    };
  },
  curve: (source) => ({ promql: source.query, growth: false }),
} satisfies GateKind<QuerySource>;
