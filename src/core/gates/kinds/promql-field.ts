import { z } from 'zod';
import { field } from '../../files/fields.ts';
import { checkPromql, excerpt, isPromql, PROMQL_ALLOWED } from '../../promql/check.ts';

/** A field with a PromQL expression. */
export function promql(description: string): z.ZodString {
  const schema = z.string().refine(isPromql);
  return field(schema, description, {
    allowed: PROMQL_ALLOWED,
    explain: (value) => {
      const error = typeof value === 'string' ? checkPromql(value) : undefined;
      if (typeof value !== 'string' || error === undefined) return { problem: 'not a query' };
      const where = value.trim() === '' ? '' : ` (character ${error.offset + 1}: ${excerpt(value, error.offset)})`;
      const problem = `PromQL: ${error.problem}${where}`;
      return error.suggestion === undefined ? { problem } : { problem, suggestion: error.suggestion };
    },
  });
}
