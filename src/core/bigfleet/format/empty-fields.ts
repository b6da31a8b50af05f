import type { z } from 'zod';
import { isSafeName } from '../../files/safe-name.ts';
import { isOptional, step } from '../../files/schema-walk.ts';

/**
 * A document as BigFleet's parser reads it: an empty or null field counts as absent, a profile or substrate without a name
 * gets the name of its file, and a gang size of `[0, 0]` counts as none.
 */
export function asBigfleetReads(schema: z.core.$ZodType, value: unknown, fallbackName: string): unknown {
  const root = withoutEmpty(schema, value) as Record<string, unknown>;
  const metadataSchema = step(schema, 'metadata');
  if (metadataSchema === undefined || isOptional(metadataSchema)) return root;
  const metadata = (root['metadata'] ?? {}) as Record<string, unknown>;
  const name = metadata['name'];
  if (typeof metadata === 'object' && (name === undefined || name === null || name === '')) {
    root['metadata'] = { ...metadata, name: isSafeName(fallbackName) ? fallbackName : 'unnamed' };
  }
  return root;
}

function withoutEmpty(at: z.core.$ZodType, item: unknown): unknown {
  if (Array.isArray(item)) return item.map((entry, index) => withoutEmpty(step(at, index) ?? at, entry));
  if (typeof item !== 'object' || item === null) return item;
  const result = Object.create(null) as Record<string, unknown>;
  for (const [key, entry] of Object.entries(item)) {
    const child = step(at, key);
    if (child !== undefined && isOptional(child) && (isEmpty(entry) || (key === 'groupSizeRange' && isUnset(entry)))) {
      continue;
    }
    result[key] = child === undefined ? entry : withoutEmpty(child, entry);
  }
  return result;
}

function isEmpty(value: unknown): boolean {
  return value === null || value === '';
}

/** Go's zero value of a pair. */
function isUnset(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value.every((size) => size === 0);
}
