import { z } from 'zod';
import { field } from '../../files/fields.ts';
import { checkPromql, isPromql, PROMQL_ALLOWED, promqlProblem } from '../../promql/check.ts';
import { constantProblem } from '../../promql/constant.ts';

/** A field with a PromQL expression whose value a measurement decides. */
export function promql(description: string): z.ZodString {
  const schema = z.string().refine((query) => isPromql(query) && constantProblem(query) === undefined);
  return field(schema, description, {
    allowed: PROMQL_ALLOWED,
    explain: (value) => {
      const problem = typeof value === 'string' ? expressionProblem(value) : undefined;
      if (typeof value !== 'string' || problem === undefined) return { problem: 'not a query' };
      const suggestion = checkPromql(value)?.suggestion;
      return suggestion === undefined ? { problem } : { problem, suggestion };
    },
  });
}

/** What is wrong with an expression of a gate, in one sentence; undefined when it is sound and measures something. */
export function expressionProblem(query: string): string | undefined {
  return promqlProblem(query) ?? constantProblem(query);
}
