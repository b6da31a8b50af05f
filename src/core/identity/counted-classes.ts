import { canonicalJson } from '../text/canonical-json.ts';
import type { ClusterClass } from './identity-schema.ts';

/** Clusters of the same kind as one entry with their number. */
export function countedClasses(clusters: readonly ClusterClass[]): readonly ClusterClass[] {
  const groups = Map.groupBy(clusters, (cluster) => canonicalJson({ ...cluster, count: 0 }));
  return [...groups.values()].flatMap(([first, ...others]) =>
    first === undefined ? [] : [{ ...first, count: 1 + others.length }],
  );
}
