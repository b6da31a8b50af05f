import Table from 'cli-table3';
import { styleText } from 'node:util';

/** The style of every table: no lines between rows, and no colours of its own, which would end up in pipes. */
export const COMPACT = {
  style: { head: [], border: [] },
  chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
};

/** A table for a terminal. `right`: columns that are aligned to the right. */
export function textTable(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  options: { readonly right?: readonly number[] } = {},
): string {
  const table = new Table({
    ...COMPACT,
    head: head.map((title) => styleText('bold', title)),
    colAligns: head.map((_, index) => (options.right?.includes(index) === true ? 'right' : 'left')),
  });
  for (const row of rows) table.push(row.map(String));
  return table.toString();
}
