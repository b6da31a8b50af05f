import { isAtLeast } from '../../../core/gates/beyond-bar.ts';
import type { Distribution, DistributionRow } from '../../../core/gates/distribution.ts';
import type { GateResult } from '../../../core/gates/model.ts';
import { barWords } from '../../../core/text/bar.ts';
import { numberText, percentText, quantityText } from '../../../core/text/number.ts';
import { axis, base, COLOURS, described, LINES, render, TEXT, WIDTH } from './chart-base.ts';
import { badge } from './gate-table.ts';
import { html, type Markup } from './html.ts';
import { valueScale } from './time-chart.ts';

/** What the histogram of a gate counted in the soak: which buckets are within the bar, and what is beyond the last bound. */
export async function distributionFigure(
  result: GateResult,
  distribution: Distribution | undefined,
  index: number,
): Promise<Markup | undefined> {
  if (distribution === undefined) return undefined;
  const { rows, count } = distribution;
  const { gate, bar, unit } = result;
  const colour = ({ above, upTo }: DistributionRow): string => {
    if (upTo === null) return COLOURS.fail;
    const isBeyond = bar.max !== undefined && isAtLeast(above, bar.max);
    return isBeyond ? COLOURS.breach : LINES[0];
  };
  const svg = await render(WIDTH, 190, {
    ...base(),
    grid: { left: 4, right: 8, top: 12, bottom: 4, containLabel: true },
    xAxis: {
      type: 'category',
      data: rows.map(({ above, upTo }) => (upTo === null ? `> ${numberText(above)}` : numberText(upTo))),
      ...axis(),
      axisTick: { show: false },
      axisLabel: { color: COLOURS.ink, fontSize: TEXT, hideOverlap: true },
    },
    yAxis: {
      type: 'value',
      ...valueScale(rows.map((row) => row.count)),
      ...axis(),
      axisLine: { show: false },
      axisLabel: { color: COLOURS.ink, fontSize: TEXT, formatter: (value: number) => numberText(value) },
    },
    series: [
      {
        type: 'bar',
        barCategoryGap: '12%',
        data: rows.map((row) => ({ value: row.count, itemStyle: { color: colour(row) } })),
      },
    ],
  });
  const saturation = saturationText(distribution, unit);
  const chart = described(svg, {
    id: `distribution-${index}`,
    title: `Distribution of ${gate}`,
    description: `${count} values. ${saturation} Bar: ${barWords(bar, unit)}. The table below the chart has the counts.`,
  });
  return html`<figure class="card">
    <figcaption>
      <h3>${gate}</h3>
      ${badge(result)}
    </figcaption>
    ${chart}
    <p class="small${distribution.beyond > 0 ? ' fail' : ' soft'}">${saturation}</p>
    <details class="data">
      <summary>Counts of ${gate}</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">Up to${unit === '' ? '' : `, ${unit}`}</th>
            <th scope="col">Values</th>
            <th scope="col">Share</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row) =>
              html`<tr>
                <th scope="row">${row.upTo === null ? `above ${numberText(row.above)}` : numberText(row.upTo)}</th>
                <td class="number">${row.count.toLocaleString('en-US')}</td>
                <td class="number">${percentText(row.count / count)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </details>
  </figure>`;
}

function saturationText({ beyond, count, lastBound }: Distribution, unit: string): string {
  const bound = quantityText(lastBound, unit);
  if (beyond === 0) return `No value is beyond the last bound, ${bound}: the histogram is not saturated.`;
  return `${beyond.toLocaleString('en-US')} of ${count.toLocaleString('en-US')} values (${percentText(beyond / count)}) are beyond the last bound, ${bound}. How large they were is not known.`;
}
