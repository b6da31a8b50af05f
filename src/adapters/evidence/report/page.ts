import type { Distribution } from '../../../core/gates/distribution.ts';
import type { CampaignSpec } from '../../../core/plan/spec.ts';
import type { Curve } from '../series.ts';
import type { Summary } from '../../../core/verdict/summary-model.ts';
import { infrastructureSentence } from '../../../core/gates/infrastructure.ts';
import type { RunHistory } from '../../../core/verdict/run-history.ts';
import { failedExecutionSentence } from '../../../core/verdict/wording.ts';
import { figureOrReason, gateFigure, loadFigure, stageFigure } from './figures.ts';
import { banner } from './banner.ts';
import { distributionFigure } from './distribution-figure.ts';
import { faultsTable } from './faults-table.ts';
import { gateTable } from './gate-table.ts';
import { changesSection, comparisonSection } from './history-section.ts';
import { hostTable } from './host-table.ts';
import { hostsTable } from './hosts-table.ts';
import { identityTable } from './identity-table.ts';
import { loadFacts } from './load-facts.ts';
import type { TimeMarks } from './marks.ts';
import { observedTable } from './observed-table.ts';
import { html, trusted } from './html.ts';
import type { Markup } from './html.ts';
import { STYLE } from './style.ts';
import { momentText } from '../../../core/text/time.ts';

/** Everything the report shows, as it lies in the evidence folder. */
export interface ReportData {
  readonly summary: Summary;
  readonly spec: CampaignSpec;
  /** Curves by name: of the gates, and Belay's own. */
  readonly curves: ReadonlyMap<string, Curve>;
  /** What the histograms of gates counted in the soak, by gate. */
  readonly distributions: ReadonlyMap<string, Distribution>;
  readonly marks: TimeMarks;
  /** What earlier runs say; undefined where that is not known. */
  readonly history?: RunHistory | undefined;
}

/** The report: one HTML page that needs no network and no script. */
export async function reportPage(data: ReportData): Promise<string> {
  const { summary, spec, curves, distributions, marks, history } = data;
  const figures = await Promise.all(
    summary.gates.map((result, index) =>
      figureOrReason(result.gate, () => gateFigure(result, curves.get(result.gate), summary.breaches, marks, index)),
    ),
  );
  const judged = figures.filter((_, index) => summary.gates[index]?.barKind !== 'informational').filter(present);
  const informing = figures.filter((_, index) => summary.gates[index]?.barKind === 'informational').filter(present);
  const load = [
    await figureOrReason('Pods over time', () =>
      loadFigure('pods', 'Pods over time', '', curves.get('load.pods'), marks),
    ),
    await figureOrReason('Bind latency', () =>
      loadFigure('bind-latency', 'Bind latency', 's', curves.get('load.bind-latency'), marks),
    ),
    await figureOrReason('Stages', () => stageFigure(summary.stages, marks)),
  ].filter(present);
  const host = [
    await figureOrReason('CPU of the host', () =>
      loadFigure('host-cpu', 'CPU of the host', 'share', curves.get('host.cpu'), marks),
    ),
    await figureOrReason('Memory of the host', () =>
      loadFigure('host-memory', 'Memory of the host', 'GiB', curves.get('host.memory'), marks),
    ),
  ].filter(present);
  const spreads = (
    await Promise.all(
      summary.gates.map((result, index) =>
        figureOrReason(result.gate, () => distributionFigure(result, distributions.get(result.gate), index)),
      ),
    )
  ).filter(present);
  const definitions = new Map(spec.gates.map((gate) => [gate.name, gate]));
  const title = `${summary.verdict}: ${summary.profile}, ${summary.runId}`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style>
          ${trusted(STYLE)}
        </style>
      </head>
      <body>
        <main>
          <h1>Belay campaign ${summary.runId}</h1>
          ${banner(summary, history)} ${section('What changed', changesSection(summary, history))}
          ${section('Gates', summary.gates.length === 0 ? html`<p class="card">This campaign has no gates.</p>` : gateTable(summary.gates, definitions))}
          ${section('What broke on the way', breaches(summary))}
          ${section(
            'Gates over the soak',
            judged.length === 0
              ? undefined
              : html`<p class="soft small">
                    Curves use a shorter window than the readings, so that changes are visible. The verdict follows the
                    readings in the table.
                  </p>
                  <div class="grid">${judged}</div>`,
          )}
          ${
            informing.length === 0
              ? undefined
              : html`<details>
                  <summary>${informing.length} informational ${informing.length === 1 ? 'curve' : 'curves'}</summary>
                  <div class="grid">${informing}</div>
                </details>`
          }
          ${section(
            'Distributions',
            spreads.length === 0
              ? undefined
              : html`<p class="soft small">
                    What the histograms of the gates counted in the soak, by bucket. A value beyond the last bound is
                    known to be larger, and not how large.
                  </p>
                  <div class="grid">${spreads}</div>`,
          )}
          ${section('Faults', faultsTable(marks.faults, summary))}
          ${section(
            'Host pressure',
            host.length === 0 && summary.host === undefined && summary.hosts === undefined
              ? undefined
              : html`${hostTable(summary)} ${hostsTable(summary)}
                  <div class="grid">${host}</div>`,
          )}
          ${section('Compared with the last green run', comparisonSection(summary, history))}
          ${section(
            'Load and stages',
            load.length === 0 && summary.load === null && summary.lateness === undefined
              ? undefined
              : html`${loadFacts(summary)} ${observedTable(summary)}
                  <div class="grid">${load}</div>`,
          )}
          ${section('Infrastructure', infrastructure(summary))} ${section('Evidence', evidence(summary))}
          ${section('What was tested', environment(summary, spec))}
          ${section('What the readings were taken with', identityTable(summary))}
          <footer>
            Written by Belay from summary.json, spec.json and prometheus/series/. Times are UTC; charts count from the
            beginning of what they show.
          </footer>
        </main>
      </body>
    </html> `.markup;
}

function section(title: string, body: Markup | undefined): Markup | undefined {
  return body === undefined
    ? undefined
    : html`<section>
        <h2>${title}</h2>
        ${body}
      </section>`;
}

function present<T>(value: T | undefined): value is T {
  return value !== undefined;
}

function breaches(summary: Summary): Markup | undefined {
  const lines = [
    ...summary.breaches.map((one) => ({ atMs: one.atMs, text: `soak: ${one.story}` })),
    ...summary.stages
      .filter((one) => one.failure !== undefined && one.failureKind !== 'breach')
      .map((one) => ({
        atMs: one.endedAtMs,
        text: failedExecutionSentence({ ...one, message: one.failure ?? 'failed' }),
      })),
    ...summary.decisions.map((one) => ({
      atMs: one.atMs,
      text: `decided: ${one.decision} of ${one.stage}, execution ${one.execution}${one.reason === '' ? '' : `, because: ${one.reason}`}${one.set === undefined ? '' : `, with ${JSON.stringify(one.set)}`}`,
    })),
  ];
  return eventList(lines);
}

function infrastructure(summary: Summary): Markup | undefined {
  return eventList(summary.infrastructureEvents.map((one) => ({ atMs: one.atMs, text: infrastructureSentence(one) })));
}

function eventList(lines: readonly { readonly atMs: number; readonly text: string }[]): Markup | undefined {
  if (lines.length === 0) return undefined;
  const sorted = lines.toSorted((a, b) => a.atMs - b.atMs);
  return html`<ul class="card" style="list-style:none">
    ${sorted.map((line) => html`<li><span class="soft small">${momentText(line.atMs).slice(11)}</span> ${line.text}</li>`)}
  </ul>`;
}

function evidence({ evidence: parts }: Summary): Markup | undefined {
  if (parts.length === 0) return undefined;
  const missing = parts.filter((part) => !part.ok);
  const sentence =
    missing.length === 0 ? 'All parts are there.' : 'Parts are missing; that lowers the verdict to unmeasured:';
  return html`<div class="card">
    <p>${sentence}</p>
    ${
      missing.length === 0
        ? undefined
        : html`<ul>
            ${missing.map((part) => html`<li><strong>${part.what}</strong>: ${part.error ?? 'not there'}</li>`)}
          </ul>`
    }
    <p class="soft small">MANIFEST.json has the sha256 of every file.</p>
  </div>`;
}

function environment(summary: Summary, spec: CampaignSpec): Markup {
  const rows: readonly (readonly [string, string])[] = [
    ['Specification', summary.specHash],
    ...summary.earlierSpecHashes.map((hash) => ['Replaced by a retry', hash] as const),
    ['System file', `${summary.system.name}, sha256 ${summary.system.sha256}`],
    ['Substrate', `${summary.substrate.name} (${summary.substrate.type}), context ${summary.target.context || 'none'}`],
    ['Random seed', String(spec.randomSeed)],
    ['Started by', summary.trigger],
    ['Temporal', `workflow ${summary.temporal.workflowId}, run ${summary.temporal.runId}`],
  ];
  return html`<div class="card">
    <table class="stack">
      <tbody>
        ${rows.map(
          ([name, value]) =>
            html`<tr>
              <th scope="row">${name}</th>
              <td><code>${value}</code></td>
            </tr>`,
        )}
      </tbody>
    </table>
    <h3 style="margin-top:1rem">To run it again</h3>
    <pre>./belay run profiles/${summary.profile}.yaml --substrate ${summary.substrate.name}</pre>
    <h3>To judge this evidence again, without a cluster</h3>
    <pre>./belay judge runs/${summary.runId}/summary.json</pre>
  </div>`;
}
