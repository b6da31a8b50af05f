import { elapsedText } from '../../../core/text/time.ts';
import { numberText } from '../../../core/text/number.ts';
import type { ChartLabels } from './chart-base.ts';
import { html, type Markup } from './html.ts';
import { MAX_LINES, type ChartLine } from './time-chart.ts';

/** Rows of such a table: enough to see how a curve went. The files beside the report have every point. */
const ROWS = 12;

/** The values of a chart as a table, for readers who do not see it: at equal distances, each the last value before its moment. */
export function dataTable(
  { id, title }: Pick<ChartLabels, 'id' | 'title'>,
  all: readonly ChartLine[],
  { startMs, endMs, stepMs }: { readonly startMs: number; readonly endMs: number; readonly stepMs: number },
): Markup {
  const lines = all.slice(0, MAX_LINES);
  const moments = Array.from({ length: ROWS }, (_, index) => startMs + ((endMs - startMs) * (index + 1)) / ROWS);
  return html`<details class="data">
    <summary id="${id}-values">Values of ${title}</summary>
    <div class="wide" role="region" tabindex="0" aria-labelledby="${id}-values">
      <table>
        <thead>
          <tr>
            <th scope="col">After</th>
            ${lines.map(({ label }) => html`<th scope="col">${label}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${moments.map(
            (ms) =>
              html`<tr>
                <th scope="row">${elapsedText((ms - startMs) / 1_000)}</th>
                ${lines.map((line) => html`<td class="number">${valueAt(line, ms, 2 * stepMs)}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}

function valueAt({ points }: ChartLine, ms: number, withinMs: number): string {
  const last = points.findLast(([atMs]) => atMs <= ms);
  return last === undefined || ms - last[0] > withinMs || !Number.isFinite(last[1]) ? '–' : numberText(last[1]);
}
