/** Units that follow a number in the texts of Belay. */
const UNIT = '(?:%|[num]?s|min|h|[KMG]iB)';
const MOMENT = String.raw`\d{4}-\d\d-\d\d(?: \d\d:\d\d:\d\d(?: UTC)?)?`;
const QUANTITY = String.raw`[+−-]?\d[\d,.]*(?:e[+-]?\d+)? ${UNIT}`;
const UNBREAKABLE = new RegExp(String.raw`(?<![\w.,:/-])(?:${MOMENT}|${QUANTITY})(?![\w/-])`, 'g');

/** Elements whose content is copied into a shell, or is no content of the page: it stays as it is. */
const VERBATIM = new Set(['code', 'pre', 'title', 'desc', 'style', 'text']);

/**
 * Escaped text whose moments and numbers with units no line break divides: `2026-11-30 02:15:00 UTC`, `54 %`. The text itself does
 * not change, so it is found and copied as it is written.
 */
export function keptTogether(escaped: string): string {
  return escaped.replaceAll(UNBREAKABLE, '<span class="whole">$&</span>');
}

/** Whether what follows this markup is text that a reader reads in lines: no attribute, and no content that stays as it is. */
export function isProse(before: string): boolean {
  if (before.lastIndexOf('<') > before.lastIndexOf('>')) return false;
  const [, element] = /<([a-z][a-z0-9]*)(?:\s[^<>]*)?>[^<]*$/i.exec(before) ?? [];
  return element === undefined || !VERBATIM.has(element.toLowerCase());
}
