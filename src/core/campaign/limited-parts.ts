import { counted } from '../text/counted.ts';
import { cut } from '../text/markdown.ts';
import type { EvidencePart } from './stage-io.ts';

/*
 * A history keeps the results of snapshot and teardown, and every cluster adds to them. So they name a few things, and count the
 * others; the timeline names all of them.
 */

/** Parts, and leftovers, that a result names. */
const NAMED = 20;
/** Length of what is said about one of them, bytes. */
const MAX_BYTES = 300;

/** The parts of the evidence for a result: those that are missing first in what is named. */
export function limitedParts(parts: readonly EvidencePart[]): readonly EvidencePart[] {
  const named = [true, false].flatMap((ok) => limited(parts.filter((part) => part.ok === ok)));
  return named.map((part) => (part.error === undefined ? part : { ...part, error: cut(part.error, MAX_BYTES) }));
}

/** Leftovers for a result. */
export function limitedLeftovers(leftovers: readonly string[]): readonly string[] {
  const more = leftovers.length - NAMED;
  const named = leftovers.slice(0, NAMED).map((leftover) => cut(leftover, MAX_BYTES));
  return more > 0 ? [...named, `and ${more} more, see timeline.jsonl`] : named;
}

/** Parts that are all kept, or all missing. */
function limited(parts: readonly EvidencePart[]): readonly EvidencePart[] {
  const more = parts.slice(NAMED);
  const [first] = more;
  if (first === undefined) return parts;
  const rest = { what: counted(more.length, 'other part'), ok: first.ok };
  const why = first.ok ? {} : { error: 'see timeline.jsonl' };
  return [...parts.slice(0, NAMED), { ...rest, ...why }];
}
