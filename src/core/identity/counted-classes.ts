import { canonicalJson } from '../text/canonical-json.ts';
import type { ClusterClass } from './identity-schema.ts';

/** Clusters of the same kind as one entry with their number. Each of them has the count 1. */
export function countedClasses(clusters: readonly ClusterClass[]): readonly ClusterClass[] {
  return summedClasses(clusters.map((cluster) => ({ ...cluster, count: 1 })));
}

/** The classes of several hosts: those of the same kind as one entry with the sum of their numbers. */
export function summedClasses(classes: readonly ClusterClass[]): readonly ClusterClass[] {
  const kinds = Map.groupBy(classes, (one) => canonicalJson({ ...one, count: 0 }));
  return [...kinds.values()].flatMap((alike) =>
    alike.slice(0, 1).map((one) => ({ ...one, count: alike.reduce((sum, { count }) => sum + count, 0) })),
  );
}
