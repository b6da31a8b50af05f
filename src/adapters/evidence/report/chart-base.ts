import { escapeHtml, trusted, type Markup } from './html.ts';
import { elapsedText } from '../../../core/text/time.ts';
import { visible } from '../../../core/text/visible.ts';
import type { TimeMarks } from './marks.ts';

/** Unique placeholders that become CSS variables: one SVG serves light and dark. */
export const COLOURS = {
  ink: '#0a0b01',
  grid: '#0a0b02',
  bar: '#0a0b03',
  breach: '#0a0b04',
  gap: '#0a0b05',
  pass: '#0a0b06',
  fail: '#0a0b07',
  idle: '#0a0b08',
  fault: '#0a0b09',
  busy: '#0a0b0a',
} as const;
export const LINES = ['#0a0c01', '#0a0c02', '#0a0c03', '#0a0c04', '#0a0c05', '#0a0c06'] as const;

/** Drawn at this width and scaled by the page: on a phone the text stays readable. */
export const WIDTH = 420;
export const TEXT = 13;
/** Without quotes: ECharts puts it into an attribute as it is. */
const FONT = 'system-ui, sans-serif';

/** What a screen reader says about a chart. */
export interface ChartLabels {
  /** Unique within the page. */
  readonly id: string;
  readonly title: string;
  readonly description: string;
}

/** CSS variable of a line's colour, for the legend beside the chart. */
export function lineColour(index: number): string {
  return `var(--line-${(index % LINES.length) + 1})`;
}

/** Options that all charts have. */
export function base(): object {
  return { animation: false, backgroundColor: 'transparent', textStyle: { fontFamily: FONT, color: COLOURS.ink } };
}

/** Colours of an axis. */
export function axis(): object {
  return {
    axisLine: { lineStyle: { color: COLOURS.grid } },
    axisTick: { lineStyle: { color: COLOURS.grid } },
    splitLine: { lineStyle: { color: COLOURS.grid, opacity: 0.6 } },
  };
}

/** An axis of the seconds since the beginning of a chart. */
export function timeAxis(spanSeconds: number): object {
  return {
    type: 'value',
    min: 0,
    max: spanSeconds,
    ...axis(),
    splitLine: { show: false },
    splitNumber: 4,
    axisLabel: {
      color: COLOURS.ink,
      fontSize: TEXT,
      formatter: (value: number) => elapsedText(value),
      hideOverlap: true,
    },
  };
}

/** Areas of faults, gaps of the infrastructure and times without CPU, for a chart over time. */
export function markAreas(marks: TimeMarks, startMs: number, endMs: number): readonly object[] {
  const span = Math.max(1, (endMs - startMs) / 1000);
  const x = (ms: number): number => Math.max(0, Math.min(span, (ms - startMs) / 1000));
  const area = (from: number, to: number, style: object, label?: object): readonly object[] => [
    { xAxis: x(from), itemStyle: style, ...(label === undefined ? {} : { label }) },
    { xAxis: Math.max(x(to), Math.min(span, x(from) + span / 150)) },
  ];
  return [
    ...marks.busy.map((one) => area(one.startMs, one.endMs, { color: COLOURS.busy, opacity: 0.22 })),
    ...marks.gaps.map((one) => area(one.startMs, one.endMs, { color: COLOURS.gap, opacity: 0.35 })),
    ...marks.faults.map((one) =>
      area(
        one.startMs,
        one.endMs,
        { color: COLOURS.fault, opacity: 0.2, borderColor: COLOURS.fault, borderWidth: 1, borderType: 'dashed' },
        { show: true, position: 'insideTop', formatter: String(one.number), color: COLOURS.fault, fontSize: TEXT },
      ),
    ),
  ];
}

/** A drawing as SVG, without labels. ECharts is large; it is loaded only when a report is written. */
export async function render(width: number, height: number, option: object): Promise<string> {
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
export function described(svg: string, { id, title, description }: ChartLabels): Markup {
  const labels = `<title id="${id}-title">${escapeHtml(title)}</title><desc id="${id}-text">${escapeHtml(description)}</desc>`;
  const lean = svg
    .replaceAll(/<style ?>.*?<\/style>/gs, '')
    .replaceAll(/ (?:class|ecmeta_\w+|pointer-events)="[^"]*"/g, '')
    .replaceAll(/zr\d+-/g, `${id}-`);
  const opening = `<svg role="img" aria-labelledby="${id}-title ${id}-text"`;
  return trusted(
    visible(lean).replace(/^<svg([^>]*)>/, (_, attributes: string) => `${opening}${attributes}>${labels}`),
  );
}
