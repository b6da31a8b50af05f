import { z } from 'zod';
import { field } from '../files/fields.ts';
import { parseQuantity, QUANTITY_ALLOWED, QUANTITY_PATTERN } from '../model/quantity.ts';
import { checkPromql, excerpt, isPromql, PROMQL_ALLOWED } from '../promql/check.ts';

/** An amount of a resource; a bare number counts as written. */
export function quantity(description: string): z.ZodUnion<readonly [z.ZodString, z.ZodNumber]> {
  const schema = z.union([
    z
      .string()
      .regex(QUANTITY_PATTERN)
      .refine((value) => parseQuantity(value) !== undefined),
    z.number().min(0),
  ]);
  return field<z.ZodUnion<readonly [z.ZodString, z.ZodNumber]>>(schema, description, {
    allowed: QUANTITY_ALLOWED,
    explain: (value) => ({ problem: explainQuantity(value) }),
  });
}

function explainQuantity(value: unknown): string {
  if (value === '') return 'an empty quantity';
  if ((typeof value === 'string' && value.startsWith('-')) || (typeof value === 'number' && value < 0)) {
    return 'a quantity cannot be negative';
  }
  if (typeof value === 'string' && /^[\d.]+\s*(?:gb|mb|kb|gib|mib|kib|b)$/i.test(value))
    return 'not a unit of Kubernetes';
  return 'not a quantity';
}

/** A PromQL expression. */
export function promql(description: string): z.ZodString {
  const schema = z.string().refine(isPromql);
  return field(schema, description, {
    allowed: PROMQL_ALLOWED,
    explain: (value) => {
      const problem = typeof value === 'string' ? checkPromql(value) : undefined;
      if (typeof value !== 'string' || problem === undefined) return { problem: 'not a query' };
      const where = value.trim() === '' ? '' : ` (character ${problem.offset + 1}: ${excerpt(value, problem.offset)})`;
      const found = `PromQL: ${problem.problem}${where}`;
      return problem.suggestion === undefined ? { problem: found } : { problem: found, suggestion: problem.suggestion };
    },
  });
}
