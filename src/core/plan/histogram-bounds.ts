import type { GateDefinition } from '../gates/model.ts';

/** Belay's own histograms, and the bounds that their buckets have whatever the gates are, s. */
export const OWN_HISTOGRAMS = {
  belay_pod_bind_seconds: [
    0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512,
  ],
  belay_load_lateness_seconds: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60],
} as const;

/** Name of one of Belay's own histograms. */
export type OwnHistogram = keyof typeof OWN_HISTOGRAMS;

/**
 * Upper bounds of the buckets of one of Belay's own histograms in a campaign, s, ascending, without +Inf. A quantile is known to
 * its bucket only. So every bar of a gate on the histogram is a bound: a quantile is then on one side of the bar.
 */
export function histogramBounds(
  name: OwnHistogram,
  gates: readonly Pick<GateDefinition, 'source' | 'bar'>[],
): readonly number[] {
  const bars = gates
    .filter(({ source }) => JSON.stringify(source).includes(name))
    .flatMap(({ bar }) => [bar.min, bar.max])
    .filter((bar) => bar !== undefined && Number.isFinite(bar) && bar > 0);
  return [...new Set([...OWN_HISTOGRAMS[name], ...bars])].toSorted((a, b) => (a ?? 0) - (b ?? 0)) as number[];
}
