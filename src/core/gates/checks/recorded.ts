import type { Asking } from '../asking.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';

/** The last part of the name of a recording rule that calculates over a time: `rate5m`, `p99`, `avg_over_time1h`. */
const OVER_TIME = /:[^:]*(?:rate|increase|delta|quantile|_over_time|p\d\d|\d(?:ms|[smhdwy]))[^:]*$/;

/**
 * The gate reads no result of a recording rule over a time: it covers a time of its own, and leaves out what `rate()` leaves out. The
 * names of such series say so, by Prometheus' convention `level:metric:operations`.
 */
export function* recorded({ selectors, gate }: Subject): Asking<Refusal | undefined> {
  yield* [];
  if (gate.barKind === 'informational') return undefined;
  const rule = selectors.find(({ name }) => name !== undefined && OVER_TIME.test(name));
  if (rule === undefined) return undefined;
  return {
    reason: 'query-error',
    detail: `${rule.name} is calculated by a recording rule, over a time of its own; use the series that it is made of`,
  };
}
