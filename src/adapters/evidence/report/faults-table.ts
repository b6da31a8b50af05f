import type { FaultSpan } from '../../../core/faults/fault-spans.ts';
import { lengthText, timeOfDayText } from '../../../core/text/time.ts';
import type { Summary } from '../../../core/verdict/summary-model.ts';
import { failedActionSentence } from '../../../core/verdict/wording.ts';
import { html, type Markup } from './html.ts';

/** The faults of the soak with their numbers in the charts, and those that did not do what they should. */
export function faultsTable(faults: readonly FaultSpan[], { runnerActions = [] }: Summary): Markup | undefined {
  const failed = runnerActions.filter(({ asserted, fireError }) => !asserted || fireError !== '');
  if (faults.length === 0 && failed.length === 0) return undefined;
  const sentences =
    failed.length === 0
      ? undefined
      : html`<ul>
          ${failed.map((one) => html`<li class="fail">${failedActionSentence(one)}</li>`)}
        </ul>`;
  const table =
    faults.length === 0
      ? undefined
      : html`<table class="stack">
          <caption>
            Every chart over time marks a fault by its number, from its injection to the last that was seen of it.
          </caption>
          <thead>
            <tr>
              <th scope="col">No.</th>
              <th scope="col">Fault</th>
              <th scope="col">Began</th>
              <th scope="col">Lasted</th>
              <th scope="col">What was seen</th>
            </tr>
          </thead>
          <tbody>
            ${faults.map(
              (fault) =>
                html`<tr>
                  <td class="number" data-label="No.">${fault.number}</td>
                  <th scope="row">${fault.name}</th>
                  <td class="number" data-label="Began">${timeOfDayText(fault.startMs)}</td>
                  <td class="number" data-label="Lasted">${lengthText(fault.endMs - fault.startMs)}</td>
                  <td data-label="What was seen">${fault.story.join('; ')}</td>
                </tr>`,
            )}
          </tbody>
        </table>`;
  return html`<div class="card">${sentences}${table}</div>`;
}
