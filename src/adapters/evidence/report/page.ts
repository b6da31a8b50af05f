import type { InfrastructureGap } from '../../../core/gates/answers.ts';
import type { CampaignSpec } from '../../../core/plan/spec.ts';
import type { Curve } from '../series.ts';
import type { Summary } from '../../../core/verdict/summary-model.ts';
import { infrastructureSentence } from '../../../core/gates/infrastructure.ts';
import { narrowestHeadroom } from '../../../core/gates/headroom.ts';
import { failedExecutionSentence } from '../../../core/verdict/wording.ts';
import { figureOrReason, gateFigure, loadFigure, stageFigure } from './figures.ts';
import { gateTable } from './gate-table.ts';
import { hostsTable } from './hosts-table.ts';
import { identityTable } from './identity-table.ts';
import { observedTable } from './observed-table.ts';
import { html, trusted } from './html.ts';
import type { Markup } from './html.ts';
import { STYLE } from './style.ts';
import { percentText, quantityText } from '../../../core/text/number.ts';
import { lengthText, momentText } from '../../../core/text/time.ts';

/** Everything the report shows, as it lies in the evidence folder. */
export interface ReportData {
  readonly summary: Summary;
  readonly spec: CampaignSpec;
  /** Curves by name: of the gates, and Belay's own. */
  readonly curves: ReadonlyMap<string, Curve>;
  readonly gaps: readonly InfrastructureGap[];
}

/** The report: one HTML page that needs no network and no script. */
export async function reportPage(data: ReportData): Promise<string> {
  const { summary, spec, curves, gaps } = data;
  const figures = await Promise.all(
    summary.gates.map((result, index) =>
      figureOrReason(result.gate, () => gateFigure(result, curves.get(result.gate), summary.breaches, gaps, index)),
    ),
  );
  const judged = figures.filter((_, index) => summary.gates[index]?.barKind !== 'informational').filter(present);
  const informing = figures.filter((_, index) => summary.gates[index]?.barKind === 'informational').filter(present);
  const load = [
    await figureOrReason('Pods over time', () => loadFigure('pods', 'Pods over time', '', curves.get('load.pods'))),
    await figureOrReason('Bind latency', () =>
      loadFigure('bind-latency', 'Bind latency', 's', curves.get('load.bind-latency')),
    ),
    await figureOrReason('CPU of the host', () =>
      loadFigure('host-cpu', 'CPU of the host', 'share', curves.get('host.cpu')),
    ),
    await figureOrReason('Memory of the host', () =>
      loadFigure('host-memory', 'Memory of the host', 'GiB', curves.get('host.memory')),
    ),
    await figureOrReason('Stages', () => stageFigure(summary.stages)),
  ].filter(present);
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
          ${banner(summary)}
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
            'Load and stages',
            load.length === 0 && summary.load === null && summary.lateness === undefined
              ? undefined
              : html`${loadFacts(summary)} ${hostsTable(summary)} ${observedTable(summary)}
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

const WORDS = { pass: 'PASS', unmeasured: 'UNMEASURED', fail: 'FAIL' } as const;

function banner(summary: Summary): Markup {
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

function loadFacts({ load, lateness }: Summary): Markup | undefined {
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
