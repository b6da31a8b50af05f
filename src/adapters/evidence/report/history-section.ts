import type { JudgedGate } from '../../../core/verdict/judged-gate.ts';
import { changedSince, lastGreen, type EarlierRun, type RunHistory } from '../../../core/verdict/run-history.ts';
import type { Summary } from '../../../core/verdict/summary-model.ts';
import { counted } from '../../../core/text/counted.ts';
import { percentText, quantityText } from '../../../core/text/number.ts';
import { momentText } from '../../../core/text/time.ts';
import { badge } from './gate-table.ts';
import { html, type Markup } from './html.ts';

/** Most changes that are shown; `belay compare` shows all. */
const MAX_CHANGES = 12;

/**
 * What the trend found when the run was judged, and what it was tested with that the last green run was not; undefined where neither is
 * known.
 */
export function changesSection(summary: Summary, history: RunHistory | undefined): Markup | undefined {
  const { changes: found = [], over = 0 } = summary.history ?? {};
  const green = history === undefined ? undefined : lastGreen(history);
  const changed = green === undefined ? undefined : changedSince(summary, green);
  if (found.length === 0 && green === undefined) return undefined;
  const trend =
    found.length === 0
      ? undefined
      : html`<p>Over the last ${counted(over, 'comparable run')}:</p>
          <ul>
            ${found.map(({ text }) => html`<li>${text}</li>`)}
          </ul>`;
  return html`<div class="card">${trend}${green === undefined ? undefined : changes(green, changed)}</div>`;
}

function changes(green: EarlierRun, changed: ReturnType<typeof changedSince>): Markup {
  const since = `the last green run, ${green.id}`;
  if (changed === undefined) return html`<p>It is not recorded what ${since} was tested with.</p>`;
  if (changed.length === 0) return html`<p>Nothing that was recorded has changed since ${since}.</p>`;
  const more = changed.length > MAX_CHANGES ? html`<p>and ${changed.length - MAX_CHANGES} more</p>` : undefined;
  return html`<table class="stack">
      <caption>
        What has changed since ${since}.
      </caption>
      <thead>
        <tr>
          <th scope="col">Part</th>
          <th scope="col">Then</th>
          <th scope="col">Now</th>
        </tr>
      </thead>
      <tbody>
        ${changed.slice(0, MAX_CHANGES).map(
          ({ part, before, now }) =>
            html`<tr>
              <th scope="row">${part}</th>
              <td data-label="Then"><code>${before}</code></td>
              <td data-label="Now"><code>${now}</code></td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${more}`;
}

/** The gates beside those of the last green run; undefined where no earlier run was green. */
export function comparisonSection({ gates, metrics }: Summary, history: RunHistory | undefined): Markup | undefined {
  const green = history === undefined ? undefined : lastGreen(history);
  if (green === undefined || Object.keys(metrics).length === 0) return undefined;
  const before = new Map(green.metrics.map((metric) => [metric.name, metric.value]));
  return html`<div class="card">
    <table class="stack">
      <caption>
        Beside run ${green.id} of ${momentText(green.startedAtMs)}. One run against one run shows no more than a
        direction:
        <code>./belay compare</code>
        and
        <code>./belay trend</code>
        know how much runs differ by themselves.
      </caption>
      <thead>
        <tr>
          <th scope="col">Gate</th>
          <th scope="col">Last green run</th>
          <th scope="col">This run</th>
          <th scope="col">Change</th>
          <th scope="col">Verdict</th>
        </tr>
      </thead>
      <tbody>
        ${gates.map((result) => comparison(result, before.get(result.gate)))}
      </tbody>
    </table>
  </div>`;
}

function comparison(result: JudgedGate, before: number | undefined): Markup {
  const { gate, unit, reading } = result;
  const now = reading.value;
  return html`<tr>
    <th scope="row">${gate}</th>
    <td class="number" data-label="Last green run">
      ${before === undefined ? 'not measured' : quantityText(before, unit)}
    </td>
    <td class="number" data-label="This run">${now === null ? 'not measured' : quantityText(now, unit)}</td>
    <td class="number" data-label="Change">${changeText(before, now)}</td>
    <td>${badge(result)}</td>
  </tr>`;
}

function changeText(before: number | undefined, now: number | null): string {
  if (before === undefined || now === null) return '–';
  if (before === now) return 'none';
  if (before === 0) return '–';
  const share = (now - before) / Math.abs(before);
  return `${share < 0 ? '−' : '+'}${percentText(share)}`;
}
