import type { GateResult } from '../../../core/gates/model.ts';
import type { Curve } from '../series.ts';
import type { Summary } from '../../../core/verdict/summary-model.ts';
import type { ChartLine } from './time-chart.ts';
import { barIsOutOfSight, MAX_LINES, timeChart } from './time-chart.ts';
import { lineColour } from './chart-base.ts';
import { stageChart } from './stage-chart.ts';
import { dataTable } from './data-table.ts';
import { marksText, marksWithin, type TimeMarks } from './marks.ts';
import { barWords } from '../../../core/text/bar.ts';
import { badge } from './gate-table.ts';
import { html } from './html.ts';
import type { Markup } from './html.ts';
import { isPure, numberText, quantityText } from '../../../core/text/number.ts';
import { lengthText } from '../../../core/text/time.ts';
import { messageOf } from '../../../core/text/message-of.ts';

/** A gate's curve over the soak with its bar, breaches, and what is marked on every axis of time; undefined where there is no curve. */
export async function gateFigure(
  result: GateResult,
  curve: Curve | undefined,
  breaches: Summary['breaches'],
  marks: TimeMarks,
  index: number,
): Promise<Markup | undefined> {
  const lines = curve === undefined ? [] : linesOf(curve);
  if (curve === undefined || lines.length === 0) return undefined;
  const { startMs, endMs, stepMs } = curve;
  const { gate, unit, bar } = result;
  const id = `gate-${index}`;
  const within = breaches.filter((one) => one.gate === gate && one.atMs >= startMs && one.atMs <= endMs);
  const shown = marksWithin(marks, curve);
  const chart = await timeChart({
    id,
    title: `${gate} over the soak`,
    description: sentences(
      rangeText(lines, unit),
      `Bar: ${barWords(bar, unit)}.`,
      ...within.map((one) => `Breach: ${one.message}.`),
      marksText(shown),
    ),
    startMs,
    endMs,
    stepMs,
    lines,
    bar,
    breachesAtMs: within.map(({ atMs }) => atMs),
    marks: shown,
  });
  const far = barIsOutOfSight(bar, lines) ? `bar ${quantityText(bar.max ?? 0, unit)}, far above` : '';
  return html`<figure class="card">
    <figcaption>
      <h3>${gate}${unitOf(unit)}</h3>
      ${badge(result)}
    </figcaption>
    ${chart}${legend(lines, shown, far)}${dataTable({ id, title: gate }, lines, curve)}
  </figure>`;
}

/** A curve of the load over the whole campaign. */
export async function loadFigure(
  id: string,
  title: string,
  unit: string,
  curve: Curve | undefined,
  marks: TimeMarks,
): Promise<Markup | undefined> {
  const lines = curve === undefined ? [] : linesOf(curve);
  if (curve === undefined || lines.length === 0) return undefined;
  const { startMs, endMs, stepMs } = curve;
  const shown = marksWithin(marks, curve);
  const description = sentences(
    rangeText(lines, unit),
    `Over ${lengthText(endMs - startMs)} of the campaign.`,
    marksText(shown),
  );
  const chart = await timeChart({ id, title, description, startMs, endMs, stepMs, lines, marks: shown });
  return html`<figure class="card">
    <figcaption><h3>${title}${unitOf(unit)}</h3></figcaption>
    ${chart}${legend(lines, shown, '')}${dataTable({ id, title }, lines, curve)}
  </figure>`;
}

/** A figure, or the reason why it cannot be drawn. The page and its other figures do not depend on it. */
export async function figureOrReason(
  title: string,
  draw: () => Promise<Markup | undefined>,
): Promise<Markup | undefined> {
  try {
    return await draw();
  } catch (cause) {
    return html`<figure class="card">
      <figcaption><h3>${title}</h3></figcaption>
      <p>This figure could not be drawn: ${messageOf(cause)}</p>
    </figure>`;
  }
}

/** When each stage's execution ran, and how it ended. */
export async function stageFigure(stages: Summary['stages'], marks: TimeMarks): Promise<Markup | undefined> {
  if (stages.length === 0) return undefined;
  const bars = stages.map(({ stage, execution, startedAtMs, endedAtMs, outcome }) => ({
    label: execution === 1 ? stage : `${stage} · ${execution}`,
    startMs: startedAtMs,
    endMs: endedAtMs,
    outcome,
  }));
  const outcomes = bars
    .map((bar) => `${bar.label} ${bar.outcome} after ${lengthText(bar.endMs - bar.startMs)}`)
    .join('; ');
  const shown = marksWithin(marks, {
    startMs: Math.min(...bars.map(({ startMs }) => startMs)),
    endMs: Math.max(...bars.map(({ endMs }) => endMs)),
  });
  const description = sentences(`${outcomes}.`, marksText(shown));
  const chart = await stageChart({ id: 'stages', title: 'Stages of the campaign', description }, bars, shown);
  return html`<figure class="card">
    <figcaption>
      <h3>Stages</h3>
      <span class="soft small">a number after the name is a later execution</span>
    </figcaption>
    ${chart}${legend([], shown, '')}
  </figure>`;
}

function unitOf(unit: string): Markup | undefined {
  return isPure(unit) ? undefined : html` <span class="soft small" style="font-weight:400">in ${unit}</span>`;
}

function legend(lines: readonly ChartLine[], marks: TimeMarks, note: string): Markup | undefined {
  const items =
    lines.length > 1
      ? lines
          .slice(0, MAX_LINES)
          .map((line, index) => html`<li><i style="background:${lineColour(index)}"></i>${line.label}</li>`)
      : [];
  const more = lines.length > MAX_LINES ? [html`<li>and ${lines.length - MAX_LINES} more</li>`] : [];
  const hole = marks.gaps.length > 0 ? [area('gap', 'infrastructure was down')] : [];
  const busy = marks.busy.length > 0 ? [area('busy', 'host had no CPU left')] : [];
  const faults = marks.faults.map((fault) => area('fault', `fault ${fault.number}: ${fault.name}`));
  const far = note === '' ? [] : [html`<li>${note}</li>`];
  const all = [...items, ...more, ...faults.slice(0, MAX_LINES), ...hole, ...busy, ...far];
  return all.length === 0
    ? undefined
    : html`<ul class="legend">
        ${all}
      </ul>`;
}

function area(colour: string, text: string): Markup {
  return html`<li><i class="area" style="background:var(--${colour})"></i>${text}</li>`;
}

function linesOf(curve: Curve): readonly ChartLine[] {
  const isOnly = curve.lines.length === 1;
  const named = (label: string, text: string): string => (text === '' ? label : isOnly ? text : `${label}, ${text}`);
  return curve.lines.flatMap(({ label, series }) =>
    series
      .map(({ labels, points }) => ({
        label: series.length === 1 ? label : named(label, labelText(labels)),
        points: points.map(([ms, value]) => [ms, value ?? Number.NaN] as const),
      }))
      .filter(({ points }) => points.some(([, value]) => Number.isFinite(value))),
  );
}

function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .filter(([name]) => name !== '__name__')
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

function rangeText(lines: readonly ChartLine[], unit: string): string {
  return lines
    .slice(0, MAX_LINES)
    .map(({ label, points }) => {
      const values = points.map(([, value]) => value).filter((value) => Number.isFinite(value));
      const [low, high] = [Math.min(...values), Math.max(...values)];
      return `${label} between ${numberText(low)} and ${quantityText(high, unit)}.`;
    })
    .join(' ');
}

function sentences(...texts: readonly string[]): string {
  return texts.filter((text) => text !== '').join(' ');
}
