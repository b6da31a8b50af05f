import type { GroupHostRecord, HostStageRecord, Summary } from '../../../core/verdict/summary-model.ts';
import { percentText } from '../../../core/text/number.ts';
import { html, type Markup } from './html.ts';

const COLUMNS: readonly (readonly [string, (host: GroupHostRecord) => string])[] = [
  ['Group', ({ group }) => group],
  ['Clusters', clusters],
  ['Cores', ({ cores }) => (cores === null ? 'not known' : String(cores))],
  ['Memory', ({ memoryBytes }) => (memoryBytes === null ? 'not known' : `${(memoryBytes / 2 ** 30).toFixed(1)} GiB`)],
  [
    'CPU used (p90)',
    ({ stages }) => stages.map((stage) => ofStage(stage, stage.cpuUsedShare.p90)).join(', ') || 'not known',
  ],
  ['Without CPU', ({ stages }) => stages.map((stage) => ofStage(stage, stage.busyShare)).join(', ') || 'not known'],
];

/** The hosts of a campaign with several, as a table; undefined for one host. */
export function hostsTable({ hosts }: Summary): Markup | undefined {
  if (hosts === undefined || hosts.length === 0) return undefined;
  return html`<div class="card" style="margin:0 0 1rem">
    <table class="stack">
      <caption>
        The hosts of the campaign, the lead first, and what ramp and soak made them do.
      </caption>
      <thead>
        <tr>
          <th scope="col">Host</th>
          ${COLUMNS.map(([title]) => html`<th scope="col">${title}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${hosts.map(
          (host) =>
            html`<tr>
              <th scope="row">${host.host}</th>
              ${COLUMNS.map(([title, of]) => html`<td data-label="${title}">${of(host)}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function clusters({ firstCluster, clusterCount }: GroupHostRecord): string {
  if (clusterCount === 0) return 'none';
  const last = firstCluster + clusterCount - 1;
  return clusterCount === 1 ? String(firstCluster) : `${firstCluster} to ${last}`;
}

function ofStage({ stage, execution }: HostStageRecord, share: number | undefined): string {
  const name = execution === 1 ? stage : `${stage}, execution ${execution}`;
  return `${share === undefined ? 'not known' : percentText(share)} in ${name}`;
}
