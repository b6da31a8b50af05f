import { createLogUpdate } from 'log-update';
import { safeForTerminal } from '../core/text/terminal.ts';
import { blockLines, plainLine } from './progress-rows.ts';
import type { ProgressRow } from './progress-rows.ts';

/** Where progress is shown. */
export interface ProgressDisplay {
  /** Replaces the rows that are shown. It may be called often. */
  readonly show: (rows: readonly ProgressRow[]) => void;
  /** Prints a line that stays: an event, now or at `atMs`. */
  readonly note: (text: string, atMs?: number) => void;
  /** Leaves the last rows on the screen and stops redrawing. A later show() starts below them. */
  readonly close: () => void;
}

/** What a display writes to. */
export type ProgressStream = Pick<NodeJS.WriteStream, 'write'> & {
  readonly isTTY?: boolean;
  readonly columns?: number;
};

const REDRAW_MS = 120;
/** Without a terminal, each running row is printed at least this often. */
const PLAIN_EVERY_MS = 15_000;

/** A block that is redrawn on a terminal. Without a terminal: plain lines, one per change and at least one every 15 s. */
export function createProgressDisplay(stream: ProgressStream = process.stderr): ProgressDisplay {
  // Some wrappers make a terminal without a size; nothing can be drawn on it.
  const live =
    stream.isTTY === true &&
    (stream.columns ?? 0) > 0 &&
    process.env['TERM'] !== 'dumb' &&
    (process.env['CI'] ?? '') === '';
  return live ? liveDisplay(stream as NodeJS.WriteStream) : plainDisplay(stream);
}

function liveDisplay(stream: NodeJS.WriteStream): ProgressDisplay {
  const update = createLogUpdate(stream);
  let rows: readonly ProgressRow[] = [];
  let timer: NodeJS.Timeout | undefined;
  const draw = (): void => {
    if (rows.length > 0) update(blockLines(rows, Date.now(), stream.columns).join('\n'));
  };
  return {
    show: (next) => {
      rows = next;
      draw();
      // The elapsed time changes even while no row does.
      timer ??= setInterval(draw, REDRAW_MS).unref();
    },
    note: (text, atMs) => {
      update.clear();
      stream.write(`${noteLine(text, atMs)}\n`);
      draw();
    },
    close: () => {
      clearInterval(timer);
      timer = undefined;
      if (rows.length === 0) return;
      draw();
      update.done();
      rows = [];
    },
  };
}

function plainDisplay(stream: ProgressStream): ProgressDisplay {
  const said = new Map<string, { readonly state: ProgressRow['state']; readonly atMs: number }>();
  let rows: readonly ProgressRow[] = [];
  let timer: NodeJS.Timeout | undefined;
  const say = (): void => {
    const nowMs = Date.now();
    for (const row of rows) {
      const before = said.get(row.label);
      const changed = row.state !== (before?.state ?? 'waiting');
      const due = row.state === 'running' && nowMs - (before?.atMs ?? nowMs) >= PLAIN_EVERY_MS;
      if (!changed && !due) continue;
      stream.write(`${noteLine(plainLine(row, nowMs), nowMs)}\n`);
      said.set(row.label, { state: row.state, atMs: nowMs });
    }
  };
  return {
    show: (next) => {
      rows = next;
      say();
      timer ??= setInterval(say, 1_000).unref();
    },
    note: (text, atMs) => {
      stream.write(`${noteLine(text, atMs)}\n`);
    },
    close: () => {
      clearInterval(timer);
      timer = undefined;
    },
  };
}

function noteLine(text: string, atMs: number = Date.now()): string {
  return `${new Date(atMs).toTimeString().slice(0, 8)} ${safeForTerminal(text)}`;
}
