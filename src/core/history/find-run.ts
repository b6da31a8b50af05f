import { nearest } from '../text/nearest.ts';

/** How many runs a message suggests. */
const SUGGESTED = 3;

/**
 * The runs that somebody may have meant with a name that no run has: first those whose name contains it, then those written nearly
 * the same. @param ids newest first
 */
export function runsLike(typed: string, ids: readonly string[]): readonly string[] {
  if (typed === '') return [];
  const containing = ids.filter((id) => id.toLowerCase().includes(typed.toLowerCase()));
  const suggested = containing.slice(0, SUGGESTED);
  const rest = new Set(ids.filter((id) => !suggested.includes(id)));
  while (suggested.length < SUGGESTED) {
    const similar = nearest(typed, rest);
    if (similar === undefined) break;
    suggested.push(similar);
    rest.delete(similar);
  }
  return suggested;
}
