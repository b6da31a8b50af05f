import { isAlias, isMap, isScalar, isSeq, visit } from 'yaml';
import type { Alias, Document, Node, Pair } from 'yaml';

/** A step of a path: the key of a map or the index of a list. */
export type Segment = string | number;

/** The value of each alias. */
export type Anchors = ReadonlyMap<Alias, Node>;

/** One walk for all aliases: asking each alias for its node walks the document anew. */
export function resolveAnchors(document: Document.Parsed): Anchors {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  visit(document, {
    Alias(_, alias) {
      const target = anchors.get(alias.source);
      if (target !== undefined) targets.set(alias, target);
    },
    Value(_, node) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return targets;
}

/** The node at a path, through aliases and merges; undefined where there is none. */
export function descend(document: Document.Parsed, anchors: Anchors, path: readonly Segment[]): unknown {
  let node: unknown = document.contents;
  for (const segment of path) {
    const pair = child(anchors, node, segment);
    if (pair === undefined) return undefined;
    node = pair.value;
  }
  return isAlias(node) ? anchors.get(node) : node;
}

/** Offset of the key or the value at a path, or of the nearest thing around it. */
export function locate(
  document: Document.Parsed,
  anchors: Anchors,
  path: readonly Segment[],
  what: 'key' | 'value',
): number {
  let node: unknown = document.contents;
  let offset = (node as Node | null)?.range?.[0] ?? 0;
  for (const [depth, segment] of path.entries()) {
    const pair = child(anchors, node, segment);
    if (pair === undefined) return offset;
    const last = depth === path.length - 1;
    const from = last && what === 'value' ? (pair.value ?? pair.key) : (pair.key ?? pair.value);
    offset = (from as Node | null)?.range?.[0] ?? offset;
    node = pair.value;
  }
  return offset;
}

function child(
  anchors: Anchors,
  parent: unknown,
  segment: Segment,
): { readonly key: unknown; readonly value: unknown } | undefined {
  const node: unknown = isAlias(parent) ? anchors.get(parent) : parent;
  if (isSeq(node)) {
    const value: unknown = node.items[Number(segment)];
    return value === undefined ? undefined : { key: undefined, value };
  }
  if (!isMap(node)) return undefined;
  const direct = node.items.find((pair) => keyOf(pair) === String(segment));
  if (direct !== undefined) return direct;
  for (const pair of node.items) {
    if (keyOf(pair) !== MERGE) continue;
    const sources: readonly unknown[] = isSeq(pair.value) ? pair.value.items : [pair.value];
    const found = sources.map((source) => child(anchors, source, segment)).find((candidate) => candidate !== undefined);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The key that takes another map's keys in. */
export const MERGE = '<<';

/** Whether a key `<<` is meant to merge: in quotes it is a key like any other. */
export function isMergeKey(pair: Pair): boolean {
  return isScalar(pair.key) && (pair.key.type === 'PLAIN' || pair.key.type === undefined);
}

/** A key as text, or undefined where it is a map, a list or nothing. */
export function keyOf(pair: Pair): string | undefined {
  const key: unknown = pair.key;
  if (!isScalar(key)) return undefined;
  if (typeof key.value === 'symbol') return MERGE;
  if (typeof key.value === 'string') return key.value;
  return key.value === null || typeof key.value === 'object' ? undefined : key.source;
}
