import type { Bar } from '../../../core/gates/model.ts';
import { numberText } from '../../../core/text/number.ts';
import { axis, base, COLOURS, described, LINES, markAreas, render, TEXT, timeAxis, WIDTH } from './chart-base.ts';
import type { ChartLabels } from './chart-base.ts';
import type { Markup } from './html.ts';
import type { TimeMarks } from './marks.ts';

const HEIGHT = 210;
/** A bar further away than this many times the largest value would flatten the curve; the legend mentions it instead. */
const BAR_OUT_OF_SIGHT = 4;

/** A line of a chart: points of [ms, value]. */
export interface ChartLine {
  readonly label: string;
  readonly points: readonly (readonly [number, number])[];
}

export interface TimeChart extends ChartLabels {
  readonly startMs: number;
  readonly endMs: number;
  /** Distance of points; twice that without one breaks the line. */
  readonly stepMs: number;
  /** Of more than `MAX_LINES` the first are drawn. */
  readonly lines: readonly ChartLine[];
  readonly bar?: Bar;
  readonly breachesAtMs?: readonly number[];
  readonly marks: TimeMarks;
}

/** Most lines a chart shows; more could not be distinguished. */
export const MAX_LINES = LINES.length;

/** Whether a gate's bar is too far above its values to be drawn to scale. */
export function barIsOutOfSight(bar: Bar | undefined, lines: readonly ChartLine[]): boolean {
  const top = rangeOf(valuesOf(lines.slice(0, MAX_LINES))).max;
  return bar?.max !== undefined && top > 0 && bar.max > BAR_OUT_OF_SIGHT * top;
}

/** Draws values over time, with the bar, the moments of a breach, and the gaps of the infrastructure. */
export async function timeChart(chart: TimeChart): Promise<Markup> {
  const { startMs, endMs, bar } = chart;
  const lines = chart.lines.slice(0, MAX_LINES);
  const x = (ms: number): number => Math.max(0, Math.min(endMs - startMs, ms - startMs)) / 1000;
  const drawn = barIsOutOfSight(bar, lines) ? [] : [bar?.max, bar?.min].filter((one) => one !== undefined);
  const span = (endMs - startMs) / 1000;
  const scale = valueScale([...drawn, ...valuesOf(lines)]);
  const barLines = drawn.map((value) => ({
    yAxis: value,
    lineStyle: { color: COLOURS.bar, type: 'dashed', width: 1.5 },
    label: { formatter: `bar ${numberText(value)}`, position: 'insideEndTop', color: COLOURS.bar, fontSize: TEXT },
  }));
  const breachLines = (chart.breachesAtMs ?? []).map((ms) => ({
    xAxis: x(ms),
    lineStyle: { color: COLOURS.breach, type: 'solid', width: 2 },
    label: { formatter: 'breach', position: 'insideEndTop', color: COLOURS.breach, fontSize: TEXT },
  }));
  const marks = {
    markLine: { silent: true, symbol: 'none', animation: false, data: [...barLines, ...breachLines] },
    markArea: { silent: true, animation: false, data: markAreas(chart.marks, startMs, endMs) },
  };
  const svg = await render(WIDTH, HEIGHT, {
    ...base(),
    grid: { left: 4, right: 16, top: 12, bottom: 4, containLabel: true },
    xAxis: timeAxis(Math.max(span, 1)),
    yAxis: {
      type: 'value',
      ...scale,
      ...axis(),
      axisLine: { show: false },
      axisLabel: { color: COLOURS.ink, fontSize: TEXT, formatter: (value: number) => numberText(value) },
    },
    series: [
      ...lines.map((line, index) => ({
        type: 'line',
        name: line.label,
        showSymbol: line.points.length < 3,
        symbolSize: 5,
        lineStyle: { color: LINES[index], width: 2 },
        itemStyle: { color: LINES[index] },
        data: withBreaks(line.points, chart.stepMs).map(([ms, value]) => [x(ms), value]),
      })),
      { type: 'line', data: [], ...marks },
    ],
  });
  return described(svg, chart);
}

/** Ends of a value axis, each with how many steps it is cut into. */
const NICE_ENDS = [
  [1, 5],
  [1.2, 4],
  [1.5, 3],
  [2, 4],
  [2.5, 5],
  [3, 3],
  [4, 4],
  [5, 5],
  [6, 3],
  [8, 4],
  [10, 5],
] as const;

/** An axis from 0 to a round number a little above the values; ECharts' own choice where some are below 0. */
export function valueScale(values: readonly number[]): object {
  const { min, max } = rangeOf(values);
  const top = max * 1.08;
  if (min < 0) return { splitNumber: 4 };
  if (top === 0) return { min: 0, max: 1, interval: 0.5 };
  const unit = 10 ** Math.floor(Math.log10(top));
  const [end, steps] = NICE_ENDS.find(([nice]) => nice * unit >= top) ?? [10, 5];
  return { min: 0, max: end * unit, interval: (end * unit) / steps };
}

function valuesOf(lines: readonly ChartLine[]): readonly number[] {
  return lines.flatMap((line) => line.points.map(([, value]) => value));
}

/** Least and greatest of values and 0, without those that are not drawn: a quantile of no events is NaN. */
function rangeOf(values: readonly number[]): { readonly min: number; readonly max: number } {
  let [min, max] = [0, 0];
  // A loop: as arguments of one call many values overflow the stack.
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return { min, max };
}

function withBreaks(
  points: readonly (readonly [number, number])[],
  stepMs: number,
): readonly (readonly [number, number | null])[] {
  const result: (readonly [number, number | null])[] = [];
  for (const [ms, value] of points) {
    const before = result.at(-1);
    if (before !== undefined && ms - before[0] > 2 * stepMs) result.push([before[0] + stepMs, null]);
    result.push([ms, Number.isFinite(value) ? value : null]);
  }
  return result;
}
