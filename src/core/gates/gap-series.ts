import type { InfrastructureGap, PointSeries } from './answers.ts';

/**
 * Gaps of the infrastructure of other hosts, from series of when the latest gap of each part began and ended (s since 1970). A
 * worker shows the latest gap only; over a time its series show each of them. A gap without an end after its start is open.
 */
export function gapsFromSeries(
  starts: readonly PointSeries[],
  ends: readonly PointSeries[],
): readonly InfrastructureGap[] {
  const endsOf = new Map(ends.map(({ labels, points }) => [keyOf(labels), valuesOf(points)]));
  return starts.flatMap(({ labels, points }) =>
    valuesOf(points).map((startMs): InfrastructureGap => {
      const { cluster = '', component = '' } = labels;
      const endMs = endsOf.get(keyOf(labels))?.find((each) => each >= startMs) ?? null;
      return { startMs, endMs, ...(cluster === '' ? {} : { cluster }), component };
    }),
  );
}

function keyOf({ group = '', instance = '', cluster = '', component = '' }: PointSeries['labels']): string {
  return JSON.stringify([group, instance, cluster, component]);
}

/** The distinct values of a series, ms, in order. */
function valuesOf(points: PointSeries['points']): readonly number[] {
  const values = points.map(([, value]) => Math.round(value * 1_000));
  return [...new Set(values)].sort((a, b) => a - b);
}
