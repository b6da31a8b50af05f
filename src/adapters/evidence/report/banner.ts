import { narrowestHeadroom } from '../../../core/gates/headroom.ts';
import { percentText } from '../../../core/text/number.ts';
import { lengthText, momentText } from '../../../core/text/time.ts';
import { sinceSentence, type RunHistory } from '../../../core/verdict/run-history.ts';
import type { Summary } from '../../../core/verdict/summary-model.ts';
import { html, type Markup } from './html.ts';

const WORDS = { pass: 'PASS', unmeasured: 'UNMEASURED', fail: 'FAIL' } as const;

/** The top of the report: the verdict, why, and since when. */
export function banner(summary: Summary, history: RunHistory | undefined): Markup {
  const [first, ...others] = summary.reasons;
  const more =
    others.length === 0
      ? undefined
      : html`<details>
          <summary>${others.length} more</summary>
          <ul>
            ${others.map((one) => html`<li>${one}</li>`)}
          </ul>
        </details>`;
  const aborted =
    summary.ending === 'completed' ? undefined : html`<p>The campaign ended early: ${summary.ending}.</p>`;
  return html`<div class="card banner ${summary.verdict}">
    <strong>${WORDS[summary.verdict]}</strong>
    <p>${first ?? greenSentence(summary)}</p>
    ${history === undefined ? undefined : html`<p class="since">${sinceSentence(summary.verdict, history)}</p>`}
    ${more}${aborted}
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

function greenSentence({ gates }: Summary): string {
  const counted = gates.filter((gate) => gate.counts !== false);
  const narrowest = narrowestHeadroom(counted);
  const room =
    narrowest === undefined
      ? ''
      : ` The narrowest, ${narrowest.gate}, has ${percentText(narrowest.headroom)} of its bar left.`;
  return `All ${counted.length} gates were measured and met their bars.${room}`;
}
