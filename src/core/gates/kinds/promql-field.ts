import { z } from 'zod';
import { field } from '../../files/fields.ts';
import { checkPromql, isPromql, PROMQL_ALLOWED, promqlProblem } from '../../promql/check.ts';

/** A field with a PromQL expression. */
export function promql(description: string): z.ZodString {
  const schema = z.string().refine(isPromql);
  return field(schema, description, {
    allowed: PROMQL_ALLOWED,
    explain: (value) => {
      const problem = typeof value === 'string' ? promqlProblem(value) : undefined;
      if (typeof value !== 'string' || problem === undefined) return { problem: 'not a query' };
      const suggestion = checkPromql(value)?.suggestion;
      return suggestion === undefined ? { problem } : { problem, suggestion };
    },
  });
}
