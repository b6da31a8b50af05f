import { barSymbols } from '../text/bar.ts';
import { counted } from '../text/counted.ts';
import { cut, plain, table } from '../text/markdown.ts';
import { headroomText, quantityText } from '../text/number.ts';
import { lengthText } from '../text/time.ts';
import { changedSince, lastGreen, sinceSentence, type RunHistory } from './run-history.ts';
import type { Summary } from './summary-model.ts';

/** Where a reader finds more; empty texts are left out. */
export interface SummaryLinks {
  /** Address or path of the report. */
  readonly report?: string;
  /** Page of the campaign in the Temporal UI. */
  readonly page?: string;
}

/** Most reasons, gates and changes that are shown, and the length of each in bytes. */
const MAX_REASONS = 5;
const MAX_GATES = 30;
const MAX_CHANGES = 5;
const MAX_TEXT_BYTES = 300;

const SIGNS = { pass: '✅', unmeasured: '⚠️', fail: '❌' } as const;

/** A run in short, as Markdown for a pull request or the summary of a CI step. Every text of the run is escaped. */
export function summaryMarkdown(summary: Summary, history?: RunHistory, links: SummaryLinks = {}): string {
  const { verdict, profile, system, substrate, reasons, startedAtMs, endedAtMs, scale, ending } = summary;
  const facts = [
    `system ${short(system.name)}`,
    `substrate ${short(substrate.name)}`,
    `${scale.totalCrs.toLocaleString('en-US')} Pods`,
    `took ${lengthText(endedAtMs - startedAtMs)}`,
    ...(ending === 'completed' ? [] : [`ended early\\: ${plain(ending)}`]),
  ];
  return [
    `### ${SIGNS[verdict]} ${verdict.toUpperCase()}: ${short(profile)}`,
    `Run ${short(summary.runId)}: ${facts.join(', ')}.`,
    history === undefined ? '' : plain(sinceSentence(verdict, history)),
    limited(reasons, MAX_REASONS, (reason) => `- ${short(reason)}`),
    trend(summary),
    changes(summary, history),
    gates(summary),
    linkLine(links),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n');
}

function changes(summary: Summary, history: RunHistory | undefined): string {
  const green = history === undefined ? undefined : lastGreen(history);
  const changed = green === undefined ? [] : (changedSince(summary, green) ?? []);
  const lines = changed.map(({ part, before, now }) => `- ${short(part)}: ${short(before)} → ${short(now)}`);
  return lines.length === 0
    ? ''
    : `**What changed** since green run ${short(green?.id ?? '')}\n\n${limited(lines, MAX_CHANGES, (line) => line)}`;
}

/** What the trend found when the run was judged. */
function trend({ history }: Summary): string {
  if (history === undefined || history.changes.length === 0) return '';
  const lines = history.changes.map(({ text }) => `- ${short(text)}`);
  return `**What changed** over the last ${counted(history.over, 'comparable run')}\n\n${limited(lines, MAX_CHANGES, (line) => line)}`;
}

/** The gates that lower the verdict first, informational ones left out. */
function gates({ gateLines }: Summary): string {
  const order = { fail: 0, unmeasured: 1, pass: 2 } as const;
  const judged = gateLines
    .filter(({ informational }) => !informational)
    .toSorted((one, other) => order[one.verdict] - order[other.verdict]);
  if (judged.length === 0) return '';
  const rows = judged
    .slice(0, MAX_GATES)
    .map((gate) => [
      short(gate.gate),
      gate.value === null ? 'not measured' : plain(quantityText(gate.value, gate.unit)),
      plain(barSymbols(gate, gate.unit)),
      gate.headroom === null ? '–' : headroomText(gate.headroom),
      `${SIGNS[gate.verdict]} ${gate.verdict}`,
    ]);
  const more = judged.length > MAX_GATES ? `\n\nand ${counted(judged.length - MAX_GATES, 'more gate')}` : '';
  return `${table(['gate', 'measured', 'bar', 'headroom', 'verdict'], rows)}${more}`;
}

function limited(items: readonly string[], most: number, line: (item: string) => string): string {
  const more = items.length > most ? [`- and ${items.length - most} more`] : [];
  return [...items.slice(0, most).map(line), ...more].join('\n');
}

function linkLine({ report = '', page = '' }: SummaryLinks): string {
  const links = [linked('Report', report), linked('Temporal', page)].filter((one) => one !== '');
  return links.join(' · ');
}

/** A link where the address is one of the web; a path as text. */
function linked(name: string, where: string): string {
  if (where === '') return '';
  const url = /^https?:\/\//.test(where) ? URL.parse(where)?.href : undefined;
  return url === undefined
    ? `${name}: ${plain(where)}`
    : `[${name}](<${url.replaceAll(/[<>\s]/g, encodeURIComponent)}>)`;
}

function short(text: string): string {
  return plain(cut(text, MAX_TEXT_BYTES));
}
