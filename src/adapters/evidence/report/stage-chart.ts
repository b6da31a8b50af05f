import { lengthText } from '../../../core/text/time.ts';
import { axis, base, COLOURS, described, markAreas, render, TEXT, timeAxis, WIDTH } from './chart-base.ts';
import type { ChartLabels } from './chart-base.ts';
import type { Markup } from './html.ts';
import type { TimeMarks } from './marks.ts';

/** One row of the stages' timeline. */
export interface StageBar {
  readonly label: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly outcome: 'succeeded' | 'failed' | 'cancelled' | 'skipped';
}

/** Draws the stages' executions one below the other, over the time of the campaign. */
export async function stageChart(labels: ChartLabels, bars: readonly StageBar[], marks: TimeMarks): Promise<Markup> {
  const startMs = Math.min(...bars.map((bar) => bar.startMs));
  const endMs = Math.max(startMs + 1000, ...bars.map((bar) => bar.endMs));
  const span = (endMs - startMs) / 1000;
  const colour = { succeeded: COLOURS.pass, failed: COLOURS.fail, cancelled: COLOURS.idle, skipped: COLOURS.idle };
  const svg = await render(WIDTH, 44 + bars.length * 24, {
    ...base(),
    grid: { left: 4, right: 64, top: 4, bottom: 4, containLabel: true },
    xAxis: timeAxis(span),
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
        markArea: { silent: true, animation: false, data: markAreas(marks, startMs, endMs) },
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
