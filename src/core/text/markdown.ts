const ELLIPSIS = '…';

/** Last paragraph of what the UI renders: it makes its frame a little too low, and cuts off what comes last. */
export const END = '\u00A0';

/** A text in at most `maxBytes` of UTF-8; an ellipsis replaces the rest. */
export function cut(text: string, maxBytes: number): string {
  if (bytesOf(text) <= maxBytes) return text;
  let kept = '';
  let left = maxBytes - bytesOf(ELLIPSIS);
  for (const char of text) {
    left -= bytesOf(char);
    if (left < 0) break;
    kept += char;
  }
  return kept + ELLIPSIS;
}

const MAX_CELL = 200;

/** A text as one cell of a Markdown table: on one line, nothing in it ends the cell, and it leaves room for others. */
export function cell(text: string): string {
  return cut(text, MAX_CELL)
    .replaceAll('|', '\\|')
    .replaceAll(/\s*\n\s*/g, ' ');
}

/** Length in UTF-8. */
export function bytesOf(text: string): number {
  let bytes = 0;
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4;
  }
  return bytes;
}

/** A text that is not wrapped at its spaces. */
export function unbroken(text: string): string {
  return text.replaceAll(' ', '\u00A0');
}

/** A table of cells that are ready. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(row)].join('\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
