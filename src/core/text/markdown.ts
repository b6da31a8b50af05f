import { visible } from './visible.ts';

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

/**
 * A text as one cell of a Markdown table: on one line, nothing in it ends the cell or is markup, and it leaves room for others. Names and
 * errors of clusters come here: an image or a link in them would be one in the UI.
 */
export function cell(text: string): string {
  return unmarked(cut(text, MAX_CELL));
}

/**
 * A text as a paragraph, or as an item of a list: on one line, and nothing in it is markup. Failures, reasons and answers come here, which
 * quote clusters and users. Two stars stay what they are: Belay's own texts have them, and bold type does no harm.
 */
export function paragraph(text: string, maxBytes: number): string {
  return cut(text, maxBytes)
    .split('**')
    .map(unmarked)
    .join('**')
    .replace(/^ *(?:[#>+=-]|\d+(?=[.)]))/, (begin) => (/\d$/.test(begin) ? `${begin}\\` : `\\${begin.trim()}`));
}

/** A text as code within a line, also in a table. */
export function code(text: string): string {
  return `\`${visible(text).replaceAll(/[`|\s]+/g, ' ')}\``;
}

function unmarked(text: string): string {
  return visible(text)
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\\`*_[\]<|~!]/g, String.raw`\$&`)
    .replaceAll(BARE_LINKS, '$&\u2060');
}

/** What a Markdown reader makes a link of by itself. A word joiner after it ends that. */
const BARE_LINKS = /\b(?:https?|ftp):(?=\/\/)|\bwww(?=\.)/gi;

/**
 * A text as plain text of Markdown: nothing in it is markup, HTML, a link, a formula, a mention or a reference to an issue, also where it
 * is an item of a list.
 */
export function plain(text: string): string {
  return (
    visible(text)
      .replaceAll(/\s+/g, ' ')
      .replaceAll(/[\\`*_{}[\]<>()!|~&:$]/g, String.raw`\$&`)
      .replace(/^ *(\d*)([.+#=-]+)(?= |$)/, String.raw`$1\$2`)
      .replaceAll(/\bwww\./gi, '$&\u2060')
      // GitHub looks for these after it has read the Markdown, so an escape does not help.
      .replaceAll(/[@#](?=\w)/g, '$&\u2060')
      .replaceAll(/\b(GH-)(?=\d)/gi, '$1\u2060')
  );
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
