import { z } from 'zod';
import { field } from '../files/fields.ts';
import { parseQuantity, QUANTITY_ALLOWED, QUANTITY_PATTERN } from '../model/quantity.ts';

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
