import { identityRows } from '../../../core/identity/describe-identity.ts';
import type { Summary } from '../../../core/verdict/summary-model.ts';
import { html, type Markup } from './html.ts';

/** What the readings were taken with, as a small table; undefined for a summary of an earlier version. */
export function identityTable({ identity, fingerprint }: Summary): Markup | undefined {
  if (identity === undefined || fingerprint === undefined) return undefined;
  const comparison =
    identity.unknown.length === 0
      ? 'Two runs with the same fingerprint were taken with the same things.'
      : 'A part is unknown, so no other run has this fingerprint.';
  return html`<div class="card">
    <table class="stack">
      <caption>
        ${comparison} summary.json has the whole hashes.
      </caption>
      <tbody>
        ${[['fingerprint', fingerprint] as const, ...identityRows(identity)].map(
          ([part, what]) =>
            html`<tr>
              <th scope="row">${part}</th>
              <td><code>${what}</code></td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
