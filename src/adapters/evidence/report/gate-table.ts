import type { GateDefinition, GateResult } from '../../../core/gates/model.ts';
import type { JudgedGate } from '../../../core/verdict/judged-gate.ts';
import { checksSentence, originText } from '../../../core/verdict/wording.ts';
import { barWords } from '../../../core/text/bar.ts';
import { html } from './html.ts';
import type { Markup } from './html.ts';
import { percentText, quantityText } from '../../../core/text/number.ts';
import { momentText } from '../../../core/text/time.ts';

/** The gates as a table: measured value, bar, headroom and quality of the reading. */
export function gateTable(results: readonly JudgedGate[], definitions: ReadonlyMap<string, GateDefinition>): Markup {
  return html`<div class="card">
    <table class="stack" role="table">
      <caption>
        A value equal to its bar passes. A gate that could not be measured never passes. The stripe shows how much of
        its bar a gate uses.
      </caption>
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col">Gate</th>
          <th role="columnheader" scope="col">Measured</th>
          <th role="columnheader" scope="col">Bar</th>
          <th role="columnheader" scope="col">Headroom</th>
          <th role="columnheader" scope="col">Reading</th>
          <th role="columnheader" scope="col">Verdict</th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${ordered(results).map((result) => row(result, definitions.get(result.gate)))}
      </tbody>
    </table>
  </div>`;
}

/** A verdict as a coloured word. The colour adds nothing to the word. */
export function badge(result: Pick<GateResult, 'verdict' | 'barKind' | 'counts'>): Markup {
  const informational = result.barKind === 'informational';
  const kind = informational ? 'info' : result.verdict;
  const word = informational ? 'informational' : `${result.verdict}${result.counts === false ? ' (allowed)' : ''}`;
  return html`<span class="badge ${kind}">${word}</span>`;
}

function row(result: JudgedGate, definition: GateDefinition | undefined): Markup {
  const { reading, bar, unit, barKind } = result;
  const measured =
    reading.value === null ? html`<span class="unmeasured">not measured</span>` : quantityText(reading.value, unit);
  return html`<tr role="row">
    <th role="rowheader" scope="row">
      ${result.gate}<br /><span class="soft small" style="font-weight:400">${definition?.description}</span>
    </th>
    <td role="cell" class="number" data-label="Measured">${measured}</td>
    <td role="cell" data-label="Bar">
      ${barWords(bar, unit)}${barKind === 'scaled' ? html`<br /><span class="soft small">scaled: ${definition?.scaleRule}</span>` : undefined}
    </td>
    <td role="cell" class="number" data-label="Headroom">${headroom(result)}</td>
    <td role="cell" class="small" data-label="Reading">${quality(result)}</td>
    <td role="cell">${badge(result)}</td>
  </tr>`;
}

function headroom({ headroom: share, barKind }: GateResult): Markup {
  if (share === null) return html`<span class="soft">–</span>`;
  const text = share < 0 ? `${percentText(share)} beyond` : `${percentText(share)} left`;
  if (barKind === 'informational') return html`${text}`;
  const used = Math.max(2, Math.min(100, Math.round((1 - share) * 100)));
  return html`${text}<span class="room${share < 0 ? ' over' : ''}" aria-hidden="true"
      ><i style="width:${used}%"></i
    ></span>`;
}

function quality(result: JudgedGate): Markup {
  const { reading, checks } = result;
  if (reading.quality === 'unmeasured') {
    return html`<strong>${reading.reason ?? 'not-evaluated'}</strong
      >${reading.detail === undefined ? '' : `: ${reading.detail}`}${origin(result)}`;
  }
  const seconds = Math.round((reading.windowEndMs - reading.windowStartMs) / 1000);
  return html`<span title="${momentText(reading.windowStartMs)} to ${momentText(reading.windowEndMs)}"
      >${`${reading.samples} samples in ${seconds} s`}</span
    >${origin(result)}${checks === undefined ? undefined : html`<br /><span class="soft">${checksSentence(checks)}</span>`}`;
}

function origin(result: JudgedGate): Markup | undefined {
  const text = originText(result);
  return text === '' ? undefined : html`<br /><span class="soft">${text}</span>`;
}

/** Gates that lower the verdict first, informational gates last; otherwise in the order of the file. */
function ordered(results: readonly JudgedGate[]): readonly JudgedGate[] {
  return results.toSorted((a, b) => rank(a) - rank(b));
}

function rank({ verdict, counts, barKind }: GateResult): number {
  if (barKind === 'informational') return 4;
  if (counts === false) return 3;
  return verdict === 'fail' ? 0 : verdict === 'unmeasured' ? 1 : 2;
}
