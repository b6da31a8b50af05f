import { quantityText } from '../../../core/text/number.ts';
import type { Summary } from '../../../core/verdict/summary-model.ts';
import { html, type Markup } from './html.ts';

/** How the load was made, compared with what was asked for; undefined where it is not known. */
export function loadFacts({ load, lateness }: Summary): Markup | undefined {
  if (load === null && lateness === undefined) return undefined;
  const p99 = lateness?.p99;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['Pods requested', count(load?.asked)],
    ['Pods created', count(load?.created)],
    ['Rate requested', quantity(load?.askedPodsPerSec, 'Pods/s')],
    ['Rate achieved', quantity(load?.achievedPodsPerSec, 'Pods/s')],
    ['Lateness p99 of the ramp', between(load?.latenessP99LowSeconds, load?.latenessP99Seconds)],
    ['Operations of the soak', count(lateness?.operations)],
    ['Late operations of the soak', count(lateness?.late)],
    ['Lateness p99 of the soak', between(seconds(p99?.lowMs), seconds(p99?.highMs))],
    ['Largest lateness of the soak', quantity(lateness === undefined ? undefined : lateness.worstMs / 1_000, 's')],
  ];
  const known = facts.filter(([, value]) => value !== undefined);
  return html`<dl class="facts card" style="margin:0 0 1rem">
    ${known.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

function count(number: number | undefined): string | undefined {
  return number?.toLocaleString('en-US');
}

function quantity(value: number | undefined, unit: string): string | undefined {
  return value === undefined ? undefined : quantityText(value, unit);
}

function seconds(ms: number | null | undefined): number | null | undefined {
  return typeof ms === 'number' ? ms / 1_000 : ms;
}

/** A time that is known to its bounds. Summaries of earlier versions have the upper one only; null = not bounded. */
function between(low: number | null | undefined, high: number | null | undefined): string | undefined {
  if (typeof high !== 'number') return typeof low === 'number' ? `${quantityText(low, 's')} or more` : undefined;
  const upper = quantityText(high, 's');
  return typeof low !== 'number' || low === high ? upper : `${quantityText(low, 's')} to ${upper}`;
}
