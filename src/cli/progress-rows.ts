import { styleText } from 'node:util';
import { safeForTerminal } from '../core/text/terminal.ts';

/** One line of a progress display. */
export interface ProgressRow {
  readonly label: string;
  readonly state: 'waiting' | 'running' | 'done' | 'failed';
  /** Its progress or result, one line. */
  readonly detail: string;
  /** 0 to 1, where it is known; drawn as a bar while it runs. */
  readonly fraction?: number;
  readonly startedAtMs?: number;
  readonly endedAtMs?: number;
}

const BAR_WIDTH = 16;
const TIME_WIDTH = 12;
const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const SPINNER_STEP_MS = 120;

/** Rows as lines for a terminal of `columns` characters: mark, label, elapsed time, bar, detail. */
export function blockLines(rows: readonly ProgressRow[], nowMs: number, columns: number): readonly string[] {
  const labelWidth = Math.max(0, ...rows.map(({ label }) => oneLine(label).length));
  return rows.map((row) => blockLine(row, nowMs, columns, labelWidth));
}

/** A row as one plain line: `seed: running, 45 %, 120 of 400 Pods (12 s)`. */
export function plainLine(row: ProgressRow, nowMs: number): string {
  const percent = row.state === 'running' && row.fraction !== undefined ? [`${Math.floor(row.fraction * 100)} %`] : [];
  const detail = row.detail === '' ? [] : [oneLine(row.detail)];
  const elapsed = elapsedOf(row, nowMs);
  return `${oneLine(row.label)}: ${[row.state, ...percent, ...detail].join(', ')}${elapsed === '' ? '' : ` (${elapsed})`}`;
}

/** A time span as text: `8.2 s`, `45 s`, `3 min 05 s`, `1 h 02 min`. */
export function elapsedText(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${two(whole % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

function blockLine(row: ProgressRow, nowMs: number, columns: number, labelWidth: number): string {
  const label = oneLine(row.label).padEnd(labelWidth);
  const elapsed = elapsedOf(row, nowMs).padStart(TIME_WIDTH);
  const bar = row.state === 'running' && row.fraction !== undefined ? `${barOf(row.fraction)} ` : '';
  // The line is cut, not wrapped: a block that changes its height flickers.
  const room = columns - 1 - (2 + labelWidth + 1 + TIME_WIDTH + 2 + bar.length);
  const whole = oneLine(row.detail);
  const detail = whole.length > room ? `${whole.slice(0, Math.max(0, room - 1))}…` : whole;
  switch (row.state) {
    case 'waiting':
      return styleText('dim', `· ${label} ${elapsed}  ${detail}`.trimEnd());
    case 'running':
      return `${styleText('cyan', SPINNER[Math.floor(nowMs / SPINNER_STEP_MS) % SPINNER.length] ?? '·')} ${styleText('bold', label)} ${elapsed}  ${styleText('cyan', bar)}${detail}`;
    case 'done':
      return `${styleText('green', '✓')} ${label} ${elapsed}  ${styleText('dim', detail)}`;
    case 'failed':
      return `${styleText('red', '✗')} ${styleText('bold', label)} ${elapsed}  ${styleText('red', detail)}`;
  }
}

function barOf(fraction: number): string {
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * BAR_WIDTH);
  return '█'.repeat(full) + '░'.repeat(BAR_WIDTH - full);
}

function elapsedOf(row: ProgressRow, nowMs: number): string {
  return row.startedAtMs === undefined ? '' : elapsedText((row.endedAtMs ?? nowMs) - row.startedAtMs);
}

function oneLine(text: string): string {
  return safeForTerminal(text.replaceAll(/\s*\n\s*/g, ' ').trim());
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
