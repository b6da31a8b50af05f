import { z } from 'zod';
import { fieldRules } from './fields.ts';
import type { FieldRule } from './fields.ts';
import type { Segment } from './yaml-path.ts';

/** Takes the wrappers off: optional, default. */
function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault) {
    inner = inner.unwrap();
  }
  return inner;
}

/** Whether a field may be left out. */
export function isOptional(schema: z.core.$ZodType): boolean {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault;
}

/** The schema of one step below, or undefined. */
export function step(schema: z.core.$ZodType, segment: Segment): z.core.$ZodType | undefined {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) {
    const shape = inner.shape as Record<string, z.core.$ZodType>;
    return Object.hasOwn(shape, segment) ? shape[segment] : undefined;
  }
  if (inner instanceof z.ZodArray) return inner.element;
  if (inner instanceof z.ZodTuple) return inner.def.items[Number(segment)];
  if (inner instanceof z.ZodRecord) return inner.valueType;
  return undefined;
}

/** The schema at a path, without its wrappers, or undefined where the path leads nowhere. */
export function schemaAt(root: z.core.$ZodType, path: readonly Segment[]): z.core.$ZodType | undefined {
  let schema: z.core.$ZodType | undefined = root;
  for (const segment of path) schema = schema === undefined ? undefined : step(schema, segment);
  return schema === undefined ? undefined : unwrap(schema);
}

/** The keys known at a path; empty where it is no map of fixed keys. */
export function knownKeys(root: z.core.$ZodType, path: readonly Segment[]): readonly string[] {
  const schema = schemaAt(root, path);
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** Every key of the format with the places where it is known, as dotted paths: `density` -> [`scale.density`]. */
export function keysOfFormat(root: z.core.$ZodType): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  const visit = (schema: z.core.$ZodType, path: string): void => {
    const inner = unwrap(schema);
    if (inner instanceof z.ZodObject) {
      for (const [name, child] of Object.entries(inner.shape)) {
        const at = path === '' ? name : `${path}.${name}`;
        found.set(name, [...(found.get(name) ?? []), at]);
        visit(child, at);
      }
    } else if (inner instanceof z.ZodArray) visit(inner.element, `${path}[]`);
    else if (inner instanceof z.ZodRecord) visit(inner.valueType, `${path}.<name>`);
  };
  visit(root, '');
  return found;
}

/** What messages say of the field at a path. */
export function ruleAt(root: z.core.$ZodType, path: readonly Segment[]): FieldRule {
  const schema = schemaAt(root, path);
  const rule = schema === undefined ? undefined : fieldRules.get(schema);
  return rule ?? { allowed: describeShape(schema) };
}

function describeShape(schema: z.core.$ZodType | undefined): string {
  if (schema instanceof z.ZodObject) {
    const keys = Object.keys(schema.shape);
    return keys.length > 8
      ? `a map of ${keys.slice(0, 6).join(', ')} and ${keys.length - 6} more`
      : `a map of ${keys.join(', ')}`;
  }
  if (schema instanceof z.ZodTuple) return `a list of ${schema.def.items.length} values`;
  if (schema instanceof z.ZodArray) return schema.safeParse([]).success ? 'a list' : 'a list that is not empty';
  if (schema instanceof z.ZodRecord) return 'a map of names and values';
  return '';
}
