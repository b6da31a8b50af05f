import type { ObservedStage, Summary } from '../../../core/verdict/summary-model.ts';
import { quantityText } from '../../../core/text/number.ts';
import { html, type Markup } from './html.ts';

const COLUMNS: readonly (readonly [string, (stage: ObservedStage) => string])[] = [
  ['Longest without a confirmed state', ({ watch }) => seconds(watch.longestUnconfirmedMs)],
  ['Changes that only a list showed', ({ watch }) => count(watch.silent)],
  ['State replaced', ({ watch }) => count(watch.replaced)],
  ['Failed lists and watches', ({ watch }) => count(watch.failures)],
  ['Requests that waited', ({ requests }) => count(requests.waited)],
  ['Longest wait', ({ requests }) => seconds(requests.longestMs)],
  ['Why they waited', ({ requests }) => causes(requests)],
];

/** How well the Pods of each stage were observed, as a table; undefined for a summary of an earlier version. */
export function observedTable({ observed }: Summary): Markup | undefined {
  if (observed === undefined || observed.length === 0) return undefined;
  return html`<div class="card" style="margin:0 0 1rem">
    <table class="stack">
      <caption>
        How well the watches observed the Pods, and how long requests of the load waited for an API server.
      </caption>
      <thead>
        <tr>
          <th scope="col">Stage</th>
          ${COLUMNS.map(([title]) => html`<th scope="col">${title}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${observed.map(
          (stage) =>
            html`<tr>
              <th scope="row">${nameOf(stage)}</th>
              ${COLUMNS.map(([title, of]) => html`<td class="number" data-label="${title}">${of(stage)}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function nameOf({ stage, execution }: ObservedStage): string {
  return execution === 1 ? stage : `${stage}, execution ${execution}`;
}

function causes({ refused, throttled, failed, unanswered }: ObservedStage['requests']): string {
  const named = { refused, throttled, failed, unanswered };
  const found = Object.entries(named).filter(([, attempts]) => attempts > 0);
  return found.length === 0 ? 'none waited' : found.map(([cause, attempts]) => `${attempts} ${cause}`).join(', ');
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}

function seconds(ms: number): string {
  return quantityText(ms / 1_000, 's');
}
