import { mergedCounts } from '../lateness-histogram.ts';
import { mergedObservations } from '../observation.ts';
import type { SoakCheckpoint, SoakLateness } from './soak.ts';

/**
 * What is known of a soak that several groups drove, in one checkpoint: the start and the breach from its watch, and from its drives
 * what they sent, broke and observed. Actions and low water are by cluster, so that no two groups have the same. Undefined where no
 * part left a checkpoint.
 */
export function mergedSoak(
  watch: SoakCheckpoint | undefined,
  drives: readonly (SoakCheckpoint | undefined)[],
): SoakCheckpoint | undefined {
  const known = drives.filter((drive) => drive !== undefined);
  const first = watch ?? known[0];
  if (first === undefined) return undefined;
  const observed = known.flatMap(({ observation }) => observation ?? []);
  const lateness = mergedLateness(known.flatMap((drive) => drive.lateness ?? []));
  return {
    startAtMs: first.startAtMs,
    lowWater: Object.assign({}, ...known.map(({ lowWater }) => lowWater)) as SoakCheckpoint['lowWater'],
    actions: Object.assign({}, ...known.map(({ actions }) => actions)) as SoakCheckpoint['actions'],
    ...(watch?.breach === undefined ? {} : { breach: watch.breach }),
    ...(lateness === undefined ? {} : { lateness }),
    ...(observed.length === 0 ? {} : { observation: mergedObservations(observed) }),
  };
}

/** The lateness of several loads. How late each request was is left out where one of them does not know it. */
function mergedLateness(parts: readonly SoakLateness[]): SoakLateness | undefined {
  if (parts.length === 0) return undefined;
  const sum = (of: (part: SoakLateness) => number): number => parts.reduce((all, part) => all + of(part), 0);
  const counts = {
    operations: sum(({ operations }) => operations),
    late: sum(({ late }) => late),
    worstMs: Math.max(...parts.map(({ worstMs }) => worstMs)),
  };
  const sent = parts.map((part) => part.sent).filter((counts) => counts !== undefined);
  if (sent.length < parts.length) return counts;
  return { ...counts, sent: mergedCounts(sent), neverSent: sum(({ neverSent = 0 }) => neverSent) };
}
