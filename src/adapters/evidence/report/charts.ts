import type { Bar } from '../../../core/gates/model.ts';
import { escapeHtml, trusted } from './html.ts';
import type { Markup } from './html.ts';
import { numberText } from '../../../core/text/number.ts';
import { elapsedText, lengthText } from '../../../core/text/time.ts';

/** Unique placeholders that become CSS variables: one SVG serves light and dark. */
const COLOURS = {
  ink: '#0a0b01',
  grid: '#0a0b02',
  bar: '#0a0b03',
  breach: '#0a0b04',
  gap: '#0a0b05',
  pass: '#0a0b06',
  fail: '#0a0b07',
  idle: '#0a0b08',
} as const;
const LINES = ['#0a0c01', '#0a0c02', '#0a0c03', '#0a0c04', '#0a0c05', '#0a0c06'] as const;

/** Drawn at this size and scaled by the page: on a phone the text stays readable. */
const WIDTH = 420;
const HEIGHT = 210;
const TEXT = 13;
/** Without quotes: ECharts puts it into an attribute as it is. */
const FONT = 'system-ui, sans-serif';
/** A bar further away than this many times the largest value would flatten the curve; the legend mentions it instead. */
const BAR_OUT_OF_SIGHT = 4;

/** A line of a chart: points of [ms, value]. */
export interface ChartLine {
  readonly label: string;
  readonly points: readonly (readonly [number, number])[];
}

export interface TimeChart {
  /** Unique within the page. */
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly startMs: number;
  readonly endMs: number;
  /** Distance of points; twice that without one breaks the line. */
  readonly stepMs: number;
  /** Of more than `MAX_LINES` the first are drawn. */
  readonly lines: readonly ChartLine[];
  readonly bar?: Bar;
  readonly breachesAtMs?: readonly number[];
  readonly gaps?: readonly { readonly startMs: number; readonly endMs: number }[];
}

/** One row of the stages' timeline. */
export interface StageBar {
  readonly label: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly outcome: 'succeeded' | 'failed' | 'cancelled' | 'skipped';
}

/** Most lines a chart shows; more could not be distinguished. */
export const MAX_LINES = LINES.length;

/** CSS variable of a line's colour, for the legend beside the chart. */
export function lineColour(index: number): string {
  return `var(--line-${(index % LINES.length) + 1})`;
}

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
  const gapAreas = (chart.gaps ?? []).map((gap) => [
    { xAxis: x(gap.startMs) },
    { xAxis: Math.max(x(gap.endMs), x(gap.startMs) + span / 150) },
  ]);
  const marks = {
    markLine: { silent: true, symbol: 'none', animation: false, data: [...barLines, ...breachLines] },
    markArea: { silent: true, itemStyle: { color: COLOURS.gap, opacity: 0.35 }, data: gapAreas },
  };
  const svg = await render(WIDTH, HEIGHT, {
    ...base(),
    grid: { left: 4, right: 16, top: 12, bottom: 4, containLabel: true },
    xAxis: {
      type: 'value',
      min: 0,
      max: Math.max(span, 1),
      ...axis(),
      splitLine: { show: false },
      splitNumber: 4,
      axisLabel: {
        color: COLOURS.ink,
        fontSize: TEXT,
        formatter: (value: number) => elapsedText(value),
        hideOverlap: true,
      },
    },
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

/** Draws the stages' executions one below the other, over the time of the campaign. */
export async function stageChart(
  labels: Pick<TimeChart, 'id' | 'title' | 'description'>,
  bars: readonly StageBar[],
): Promise<Markup> {
  const startMs = Math.min(...bars.map((bar) => bar.startMs));
  const endMs = Math.max(startMs + 1000, ...bars.map((bar) => bar.endMs));
  const span = (endMs - startMs) / 1000;
  const colour = { succeeded: COLOURS.pass, failed: COLOURS.fail, cancelled: COLOURS.idle, skipped: COLOURS.idle };
  const svg = await render(WIDTH, 44 + bars.length * 24, {
    ...base(),
    grid: { left: 4, right: 64, top: 4, bottom: 4, containLabel: true },
    xAxis: {
      type: 'value',
      min: 0,
      max: span,
      ...axis(),
      splitNumber: 4,
      axisLabel: {
        color: COLOURS.ink,
        fontSize: TEXT,
        formatter: (value: number) => elapsedText(value),
        hideOverlap: true,
      },
    },
    yAxis: {
      type: 'category',
      inverse: true,
      data: bars.map((bar) => bar.label),
      ...axis(),
      axisTick: { show: false },
      axisLabel: { color: COLOURS.ink, fontSize: TEXT },
    },
    series: [
      {
        type: 'bar',
        stack: 'time',
        silent: true,
        itemStyle: { opacity: 0 },
        data: bars.map((bar) => (bar.startMs - startMs) / 1000),
      },
      {
        type: 'bar',
        stack: 'time',
        barWidth: 14,
        barMinWidth: 3,
        data: bars.map((bar) => ({
          value: (bar.endMs - bar.startMs) / 1000,
          itemStyle: { color: colour[bar.outcome], borderRadius: 2 },
          label: {
            show: true,
            position: 'right',
            color: COLOURS.ink,
            fontSize: TEXT,
            formatter: lengthText(bar.endMs - bar.startMs),
          },
        })),
      },
    ],
  });
  return described(svg, labels);
}

function base(): object {
  return { animation: false, backgroundColor: 'transparent', textStyle: { fontFamily: FONT, color: COLOURS.ink } };
}

function axis(): object {
  return {
    axisLine: { lineStyle: { color: COLOURS.grid } },
    axisTick: { lineStyle: { color: COLOURS.grid } },
    splitLine: { lineStyle: { color: COLOURS.grid, opacity: 0.6 } },
  };
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
function valueScale(values: readonly number[]): object {
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

/** ECharts is large; it is loaded only when a report is written. */
async function render(width: number, height: number, option: object): Promise<string> {
  const { init } = await import('echarts');
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption(option as Parameters<typeof chart.setOption>[0]);
    return themed(chart.renderToSVGString());
  } finally {
    chart.dispose();
  }
}

function themed(svg: string): string {
  let result = svg;
  for (const [name, placeholder] of Object.entries(COLOURS)) result = result.replaceAll(placeholder, `var(--${name})`);
  for (const [index, placeholder] of LINES.entries()) result = result.replaceAll(placeholder, lineColour(index));
  return result;
}

/**
 * Makes the drawing a part of the page: title and description where screen readers look for them, ids that no other chart
 * has, and without what only ECharts' script would use.
 */
function described(svg: string, { id, title, description }: Pick<TimeChart, 'id' | 'title' | 'description'>): Markup {
  const labels = `<title id="${id}-title">${escapeHtml(title)}</title><desc id="${id}-text">${escapeHtml(description)}</desc>`;
  const lean = svg
    .replaceAll(/<style ?>.*?<\/style>/gs, '')
    .replaceAll(/ (?:class|ecmeta_\w+|pointer-events)="[^"]*"/g, '')
    .replaceAll(/zr\d+-/g, `${id}-`);
  const opening = `<svg role="img" aria-labelledby="${id}-title ${id}-text"`;
  return trusted(lean.replace(/^<svg([^>]*)>/, (_, attributes: string) => `${opening}${attributes}>${labels}`));
}
