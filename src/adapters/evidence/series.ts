import type { PointSeries } from '../../core/gates/answers.ts';
import { gateKind } from '../../core/gates/kinds/registry.ts';
import { BELAY_JOB, type GateDefinition } from '../../core/gates/model.ts';
import { substitute } from '../../core/promql/placeholders.ts';

/** A curve to keep: what to ask for, and where it goes. */
export interface CurveQuestion {
  readonly name: string;
  /** Name of its file in `prometheus/series/`. */
  readonly file: string;
  /** Label of each curve in charts: taken from the series' labels where there are several. */
  readonly queries: readonly { readonly label: string; readonly promql: string }[];
  /** Shows how much each series grew since the beginning, not its value: what a delta's bar is about. */
  readonly growth?: boolean;
  /** Asked once, at the end, with all of its time as `$window`. Absent = over its time. */
  readonly atEnd?: true;
}

/** A curve as it is kept. */
export interface Curve {
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
  readonly lines: readonly {
    readonly label: string;
    readonly promql: string;
    readonly series: readonly PointSeries[];
  }[];
}

/** Points of a curve at most: enough for a chart as wide as a screen. */
const MAX_POINTS = 600;
/** `$window` of a curve is a part of the soak, so that a change within it can be seen. */
const WINDOW_SHARE = 1 / 6;
const WINDOW_MIN_INTERVALS = 5;
const WINDOW_MAX_MS = 60_000;

/**
 * Belay's own curves beside those of the gates: Pods wanted, present, bound and ready, how long binding took, and the host. A
 * worker serves the numbers of all its campaigns on one page, so each curve of a campaign selects it. The host is the same for all;
 * a campaign with several hosts has curves of each, by its group.
 * No gate's name, and no gate's file, has a dot before its end.
 */
export const OWN_CURVES: readonly CurveQuestion[] = [
  {
    name: 'load.pods',
    file: 'load.pods.json',
    queries: [
      { label: 'wanted', promql: 'sum(belay_pods_target{campaign="$campaign"})' },
      { label: 'present', promql: 'sum(belay_pods_present{campaign="$campaign"})' },
      { label: 'bound', promql: 'sum(belay_pods_bound{campaign="$campaign"})' },
      { label: 'ready', promql: 'sum(belay_pods_ready{campaign="$campaign"})' },
    ],
  },
  {
    name: 'load.bind-latency',
    file: 'load.bind-latency.json',
    queries: ['0.5', '0.9', '0.99'].map((phi) => ({
      label: `p${Number(phi) * 100}`,
      promql: `histogram_quantile(${phi}, sum by (le) (rate(belay_pod_bind_seconds_bucket{campaign="$campaign"}[$window])))`,
    })),
  },
  {
    name: 'host.cpu',
    file: 'host.cpu.json',
    queries: [
      { label: 'used', promql: `max by (group) (belay_host_cpu_used_share{job="${BELAY_JOB}"})` },
      { label: 'tasks waiting', promql: `max by (group) (belay_host_cpu_pressure_share{job="${BELAY_JOB}"})` },
    ],
  },
  {
    name: 'host.memory',
    file: 'host.memory.json',
    queries: [
      { label: 'available', promql: `min by (group) (belay_host_memory_available_bytes{job="${BELAY_JOB}"}) / 2^30` },
      { label: 'swapped out', promql: `max by (group) (belay_host_swap_used_bytes{job="${BELAY_JOB}"}) / 2^30` },
    ],
  },
];

/** The curves of gates, as their kinds define them. A value that is made of earlier runs has none. */
export function gateCurves(gates: readonly GateDefinition[]): readonly CurveQuestion[] {
  return gates.flatMap(({ name, source }) => {
    const curve = gateKind(source).curve(source);
    if (curve === undefined) return [];
    const { promql, growth } = curve;
    return [{ name, file: curveFile(name), queries: [{ label: name, promql }], growth }];
  });
}

/** What the histogram of a gate counted, as a curve of one point; none for a gate without a histogram. */
export function gateBuckets(gate: GateDefinition): readonly CurveQuestion[] {
  const buckets = gateKind(gate.source).curve(gate.source)?.buckets;
  if (buckets === undefined) return [];
  return [
    { name: gate.name, file: bucketsFile(gate.name), queries: [{ label: gate.name, promql: buckets }], atEnd: true },
  ];
}

/** A series as its growth since its first point. */
export function growthOf(series: PointSeries): PointSeries {
  const first = series.points[0]?.[1] ?? 0;
  return { ...series, points: series.points.map(([ms, value]) => [ms, value - first] as const) };
}

/** Step of a curve over a time: never finer than the scrapes, never more than 600 points. */
export function curveStepMs(startMs: number, endMs: number, scrapeIntervalMs: number): number {
  return Math.max(scrapeIntervalMs, Math.ceil((endMs - startMs) / MAX_POINTS));
}

/** Fills the placeholders of a curve's query. */
export function curveQuery(
  promql: string,
  options: {
    readonly soakMs: number;
    readonly scrapeIntervalMs: number;
    readonly campaign: string;
    readonly execution: number;
    readonly atEnd?: true | undefined;
  },
): string {
  const least = WINDOW_MIN_INTERVALS * options.scrapeIntervalMs;
  const windowMs =
    options.atEnd === true
      ? Math.max(least, options.soakMs)
      : Math.max(least, Math.min(WINDOW_MAX_MS, Math.round(options.soakMs * WINDOW_SHARE)));
  return substitute(promql, { windowMs, campaign: options.campaign, execution: options.execution });
}

/** Name of the file of a gate's curve: safe, whatever the gate is called. */
export function curveFile(name: string): string {
  return `${name.replaceAll(/[^A-Za-z0-9_-]/g, '_')}.json`;
}

/** Name of the file of what a gate's histogram counted. */
export function bucketsFile(name: string): string {
  return curveFile(name).replace(/json$/, 'buckets.json');
}
