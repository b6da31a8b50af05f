import { z } from 'zod';
import { describe, unknownKey, valueAt } from '../files/issues.ts';
import type { Finding } from '../files/issues.ts';
import { schemaAt, step } from '../files/schema-walk.ts';
import type { Segment } from '../files/yaml-path.ts';
import { dotted } from '../files/yaml-text.ts';
import { nearest } from '../text/nearest.ts';

/**
 * Why an override cannot take out a field that the document does not have; undefined where the format has the field and its
 * default applies already. An entry of a list or of a map of names must be there: no default applies to one that is not.
 */
export function checkRemoval(schema: z.core.$ZodType, raw: unknown, path: readonly Segment[]): Finding | undefined {
  const found = describe(null);
  for (const [depth, segment] of path.entries()) {
    const above = path.slice(0, depth);
    const parent = schemaAt(schema, above);
    const isField = parent instanceof z.ZodObject;
    if (parent === undefined || step(parent, segment) === undefined) {
      if (isField) return { ...unknownKey(schema, above, String(segment)), found };
      return { path, problem: `${dotted(above)} has no fields`, found, allowed: dotted(above) };
    }
    if (!isField && valueAt(raw, [...above, segment]) === undefined) {
      return { path, problem: 'nothing to take out', found, ...entriesOf(valueAt(raw, above), String(segment)) };
    }
  }
  return undefined;
}

/** The entries that a list or a map of names has, for a message. */
function entriesOf(parent: unknown, written: string): Pick<Finding, 'allowed' | 'suggestion'> {
  const names = typeof parent === 'object' && parent !== null ? Object.keys(parent) : [];
  const suggestion = Array.isArray(parent) ? undefined : nearest(written, names);
  return {
    allowed: names.length === 0 ? 'nothing, because there is no entry' : names.join(', '),
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}
