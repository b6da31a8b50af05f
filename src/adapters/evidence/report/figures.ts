import type { InfrastructureGap } from '../../../core/gates/answers.ts';
import type { GateResult } from '../../../core/gates/model.ts';
import type { Curve } from '../series.ts';
import type { Summary } from '../../../core/verdict/summary-model.ts';
import type { ChartLine } from './charts.ts';
import { barIsOutOfSight, lineColour, MAX_LINES, stageChart, timeChart } from './charts.ts';
import { barWords } from '../../../core/text/bar.ts';
import { badge } from './gate-table.ts';
import { html } from './html.ts';
import type { Markup } from './html.ts';
import { isPure, numberText, quantityText } from '../../../core/text/number.ts';
import { lengthText } from '../../../core/text/time.ts';
import { messageOf } from '../../../core/text/message-of.ts';

/** A gate's curve over the soak with its bar, breaches and gaps of the infrastructure; undefined where there is no curve. */
export async function gateFigure(
  result: GateResult,
  curve: Curve | undefined,
  breaches: Summary['breaches'],
  gaps: readonly InfrastructureGap[],
  index: number,
): Promise<Markup | undefined> {
  const lines = curve === undefined ? [] : linesOf(curve);
  if (curve === undefined || lines.length === 0) return undefined;
  const { startMs, endMs, stepMs } = curve;
  const within = breaches.filter(({ gate, atMs }) => gate === result.gate && atMs >= startMs && atMs <= endMs);
  const holes = gaps
    .map((gap) => ({ startMs: gap.startMs, endMs: gap.endMs ?? endMs }))
    .filter((gap) => gap.endMs >= startMs && gap.startMs <= endMs);
  const chart = await timeChart({
    id: `gate-${index}`,
    title: `${result.gate} over the soak`,
    description: `${rangeText(lines, result.unit)} Bar: ${barWords(result.bar, result.unit)}. ${within.map((one) => `Breach: ${one.message}.`).join(' ')}`,
    startMs,
    endMs,
    stepMs,
    lines,
    bar: result.bar,
    breachesAtMs: within.map(({ atMs }) => atMs),
    gaps: holes,
  });
  const far = barIsOutOfSight(result.bar, lines)
    ? `bar ${quantityText(result.bar.max ?? 0, result.unit)}, far above`
    : '';
  return html`<figure class="card">
    <figcaption>
      <h3>${result.gate}${unitOf(result.unit)}</h3>
      ${badge(result)}
    </figcaption>
    ${chart}${legend(lines, holes.length > 0, far)}
  </figure>`;
}

/** A curve of the load over the whole campaign. */
export async function loadFigure(
  id: string,
  title: string,
  unit: string,
  curve: Curve | undefined,
): Promise<Markup | undefined> {
  const lines = curve === undefined ? [] : linesOf(curve);
  if (curve === undefined || lines.length === 0) return undefined;
  const { startMs, endMs, stepMs } = curve;
  const description = `${rangeText(lines, unit)} Over ${lengthText(endMs - startMs)} of the campaign.`;
  const chart = await timeChart({ id, title, description, startMs, endMs, stepMs, lines });
  return html`<figure class="card">
    <figcaption><h3>${title}${unitOf(unit)}</h3></figcaption>
    ${chart}${legend(lines, false, '')}
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
export async function stageFigure(stages: Summary['stages']): Promise<Markup | undefined> {
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
  const chart = await stageChart({ id: 'stages', title: 'Stages of the campaign', description: `${outcomes}.` }, bars);
  return html`<figure class="card">
    <figcaption>
      <h3>Stages</h3>
      <span class="soft small">a number after the name is a later execution</span>
    </figcaption>
    ${chart}
  </figure>`;
}

function unitOf(unit: string): Markup | undefined {
  return isPure(unit) ? undefined : html` <span class="soft small" style="font-weight:400">in ${unit}</span>`;
}

function legend(lines: readonly ChartLine[], gaps: boolean, note: string): Markup | undefined {
  const items =
    lines.length > 1
      ? lines
          .slice(0, MAX_LINES)
          .map((line, index) => html`<li><i style="background:${lineColour(index)}"></i>${line.label}</li>`)
      : [];
  const more = lines.length > MAX_LINES ? [html`<li>and ${lines.length - MAX_LINES} more</li>`] : [];
  const hole = gaps ? [html`<li><i class="area" style="background:var(--gap)"></i>infrastructure was down</li>`] : [];
  const far = note === '' ? [] : [html`<li>${note}</li>`];
  const all = [...items, ...more, ...hole, ...far];
  return all.length === 0
    ? undefined
    : html`<ul class="legend">
        ${all}
      </ul>`;
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
