import { narrowestHeadroom } from '../../../core/gates/headroom.ts';
import { percentText } from '../../../core/text/number.ts';
import { lengthText, momentText } from '../../../core/text/time.ts';
import { sinceSentence, type RunHistory } from '../../../core/verdict/run-history.ts';
import type { Summary } from '../../../core/verdict/summary-model.ts';
import { html, type Markup } from './html.ts';

/** Reasons that are shown at once. The first may be about the host, and the gate that broke comes after it. */
const SHOWN_REASONS = 5;

const WORDS = { pass: 'PASS', unmeasured: 'UNMEASURED', fail: 'FAIL' } as const;

/** The top of the report: the verdict, why, and since when. */
export function banner(summary: Summary, history: RunHistory | undefined): Markup {
  const [first, ...others] = summary.reasons;
  const [shown, rest] = [others.slice(0, SHOWN_REASONS - 1), others.slice(SHOWN_REASONS - 1)];
  const more =
    rest.length === 0
      ? undefined
      : html`<details>
          <summary>${rest.length} more</summary>
          ${list(rest)}
        </details>`;
  const aborted =
    summary.ending === 'completed' ? undefined : html`<p>The campaign ended early: ${summary.ending}.</p>`;
  return html`<div class="card banner ${summary.verdict}">
    <strong>${WORDS[summary.verdict]}</strong>
    <p>${first ?? greenSentence(summary)}</p>
    ${shown.length === 0 ? undefined : list(shown)}${more}
    ${history === undefined ? undefined : html`<p class="since">${sinceSentence(summary.verdict, history)}</p>`}
    ${aborted}
    <dl class="facts" style="color:var(--ink)">
      ${[
        ['Profile', summary.profile],
        ['Substrate', summary.substrate.name],
        ['System', summary.system.name],
        [
          'Scale',
          `${summary.scale.totalCrs.toLocaleString('en-US')} Pods, ${summary.scale.kwokClusters} ${summary.scale.kwokClusters === 1 ? 'cluster' : 'clusters'}`,
        ],
        ['Started', momentText(summary.startedAtMs)],
        ['Took', lengthText(summary.endedAtMs - summary.startedAtMs)],
        ['Cost, estimated', `$${summary.cost.estimatedUsd.toFixed(2)}`],
      ].map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>
  </div>`;
}

function list(reasons: readonly string[]): Markup {
  return html`<ul>
    ${reasons.map((one) => html`<li>${one}</li>`)}
  </ul>`;
}

function greenSentence({ gates }: Summary): string {
  const counted = gates.filter((gate) => gate.counts !== false);
  const narrowest = narrowestHeadroom(counted);
  const room =
    narrowest === undefined
      ? ''
      : ` The narrowest, ${narrowest.gate}, has ${percentText(narrowest.headroom)} of its bar left.`;
  return `All ${counted.length} gates were measured and met their bars.${room}`;
}
