import Table from 'cli-table3';
import { styleText } from 'node:util';

/** A table for a terminal: a line under the head, none between rows, colours only where the terminal takes them. */
export function textTable(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  options: { readonly right?: readonly number[] } = {},
): string {
  const table = new Table({
    head: head.map((title) => styleText('bold', title)),
    style: { head: [], border: [] },
    colAligns: head.map((_, index) => (options.right?.includes(index) === true ? 'right' : 'left')),
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  for (const row of rows) table.push(row.map(String));
  return table.toString();
}
