import { stripVTControlCharacters, styleText } from 'node:util';
import Table from 'cli-table3';

/** The style of every table: no lines between rows, and no colours of its own, which would end up in pipes. */
const COMPACT = {
  style: { head: [], border: [] },
  chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
};

/** Nothing but a space between columns, where borders take too much room. */
const PLAIN = {
  style: { head: [], border: [], 'padding-left': 0, 'padding-right': 1 },
  chars: Object.fromEntries(
    ['top', 'bottom', 'left', 'right', 'mid', 'middle']
      .flatMap((part) => [part, `${part}-mid`, `${part}-left`, `${part}-right`])
      .map((part) => [part, '']),
  ),
};

/** Characters that the widest column keeps at least. With less, rows are written one below the other. */
const LEAST_WIDTH = 24;

interface TableOptions {
  /** Columns that are aligned to the right. */
  readonly right?: readonly number[];
  /** Characters in a line; default those of the terminal. */
  readonly width?: number;
}

type Row = readonly string[];

/**
 * A table for a terminal. Where it is wider than the terminal, its widest column is wrapped, or it has no borders; on a narrow one each
 * row is a block of lines instead, one per column.
 */
export function textTable(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  { right = [], width = terminalWidth() }: TableOptions = {},
): string {
  const texts = rows.map((row) => row.map(String));
  const whole = drawn(head, texts, right);
  const over = widthOf(whole) - width;
  if (over <= 0) return whole;
  const widths = texts
    .concat([[...head]])
    .reduce<readonly number[]>(
      (before, row) => row.map((cell, column) => Math.max(before[column] ?? 0, widthOf(cell))),
      [],
    );
  const most = Math.max(...widths);
  const room = most - over;
  if (room < LEAST_WIDTH) {
    const plain = drawn(
      head.map((title) => title.replaceAll(' ', '\n')),
      texts,
      right,
      PLAIN,
    );
    return widthOf(plain) <= width ? plain : blocks(head, texts, width);
  }
  const widest = widths.indexOf(most);
  const wrap = (cell: string, column: number): string => (column === widest ? wrapped(cell, room).join('\n') : cell);
  return drawn(
    head,
    texts.map((row) => row.map(wrap)),
    right,
  );
}

/** The columns of the terminal, or what COLUMNS says; without either there is no limit. */
function terminalWidth(): number {
  const said = Number(process.env['COLUMNS'] ?? '');
  if (Number.isSafeInteger(said) && said > 0) return said;
  const { isTTY, columns } = process.stdout;
  return isTTY && columns > 0 ? columns : Infinity;
}

function drawn(
  head: readonly string[],
  rows: readonly Row[],
  right: readonly number[],
  look: object = COMPACT,
): string {
  const columns = Math.max(head.length, ...rows.map((row) => row.length));
  const table = new Table({
    ...look,
    ...(head.length === 0 ? {} : { head: head.map((title) => styleText('bold', title)) }),
    colAligns: Array.from({ length: columns }, (_, index) => (right.includes(index) ? 'right' : 'left')),
  });
  for (const row of rows) table.push([...row]);
  // A pattern of blanks before the end of a line takes the square of the blanks of a wide one.
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Each row as lines `title  value`; those without a title have the first value as the title of the second. */
function blocks(head: readonly string[], rows: readonly Row[], width: number): string {
  const pairs: readonly (readonly Row[])[] = rows.map((row) =>
    head.length === 0 ? [row] : row.map((cell, column) => [head[column] ?? '', cell]),
  );
  const longest = Math.max(0, ...pairs.flat().map(([title = '']) => widthOf(title)));
  const indent = Math.min(longest, Math.floor(width / 2)) + 2;
  const written = pairs.map((row) =>
    row
      .filter(([, cell = '']) => cell !== '')
      .flatMap(([title = '', cell = '']) => {
        const lines = wrapped(cell, Math.max(1, width - indent));
        if (widthOf(title) + 2 > indent) return [title, ...lines.map((line) => ' '.repeat(indent) + line)];
        return lines.map((line, index) => (index === 0 ? title : '').padEnd(indent) + line);
      })
      .map((line) => line.trimEnd())
      .join('\n'),
  );
  return written.join(head.length === 0 ? '\n' : '\n\n');
}

/** The lines of a text, none wider than `width`: broken between words where that is possible. */
function wrapped(text: string, width: number): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const lines = [''];
    for (const word of line.split(/(?<=\s)(?=\S)/)) {
      let rest = word;
      if (lines.at(-1) !== '' && widthOf(lines.at(-1) + rest.trimEnd()) > width) lines.push('');
      // What has colours is short.
      while (widthOf(rest.trimEnd()) > width && widthOf(rest) === rest.length) {
        lines[lines.length - 1] = rest.slice(0, width);
        rest = rest.slice(width);
        lines.push('');
      }
      lines[lines.length - 1] += rest;
    }
    return lines.map((each) => each.trimEnd());
  });
}

/** Width of the widest line, without colours. */
function widthOf(text: string): number {
  return Math.max(
    ...stripVTControlCharacters(text)
      .split('\n')
      .map((line) => line.length),
  );
}
