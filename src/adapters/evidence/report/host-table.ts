import { percentText } from '../../../core/text/number.ts';
import type { HostRecord, HostStageRecord, Summary } from '../../../core/verdict/summary-model.ts';
import { html, type Markup } from './html.ts';

type Use = Omit<HostStageRecord, 'stage' | 'execution'>;

const COLUMNS: readonly (readonly [string, (use: Use) => string])[] = [
  ['CPU used, median and p90', ({ cpuUsedShare: { median, p90 } }) => `${percentText(median)}, ${percentText(p90)}`],
  [
    'Tasks waiting, median and p90',
    ({ cpuPressureShare: share }) =>
      share === undefined ? 'not measured' : `${percentText(share.median)}, ${percentText(share.p90)}`,
  ],
  ['Without CPU', ({ busyShare }) => (busyShare === undefined ? 'not known' : percentText(busyShare))],
  ['Longest without CPU', ({ longestSaturatedSeconds }) => `${longestSaturatedSeconds.toFixed(1)} s`],
  ['Least memory available', ({ memoryAvailableMinBytes }) => `${(memoryAvailableMinBytes / 2 ** 30).toFixed(1)} GiB`],
];

/** How busy the host of the campaign was; of one with several, the lead. Undefined for a summary of an earlier version. */
export function hostTable({ host }: Summary): Markup | undefined {
  if (host === undefined) return undefined;
  const rows = rowsOf(host);
  if (rows.length === 0) return undefined;
  return html`<div class="card">
    <table class="stack">
      <caption>
        The host has ${host.cores} ${host.cores === 1 ? 'core' : 'cores'} and ${(host.memoryBytes / 2 ** 30).toFixed(1)}
        GiB. A reading whose host had no CPU left for a part of its window is marked.
      </caption>
      <thead>
        <tr>
          <th scope="col">Time</th>
          ${COLUMNS.map(([title]) => html`<th scope="col">${title}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ([name, use]) =>
            html`<tr>
              <th scope="row">${name}</th>
              ${COLUMNS.map(([title, of]) => html`<td class="number" data-label="${title}">${of(use)}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function rowsOf({ stages, campaign }: HostRecord): readonly (readonly [string, Use])[] {
  return [
    ...stages.map(
      (one) => [one.execution === 1 ? one.stage : `${one.stage}, execution ${one.execution}`, one] as const,
    ),
    ...(campaign === undefined ? [] : [['whole campaign', campaign] as const]),
  ];
}
