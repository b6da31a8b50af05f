/*
 * Whether a page is a report as Belay writes one. A run folder may have been handed over by others, and what is published from it must
 * have no script. Belay's own pages use few elements, write every attribute in double quotes, and escape every text, so a page is
 * compared with exactly that, and nothing in it is repaired.
 */

const ELEMENTS =
  'html|head|meta|title|body|main|section|footer|nav|h1|h2|h3|p|div|span|strong|em|b|i|code|pre|br|ul|ol|li|dl|dt|dd|details|summary|' +
  'table|caption|thead|tbody|tr|th|td|figure|figcaption|svg|desc|g|defs|clipPath|path|rect|circle|ellipse|line|polyline|polygon|text|tspan|' +
  'linearGradient|stop';

/** Attributes that are texts. */
const TEXTS =
  'class|id|title|lang|charset|name|content|role|tabindex|scope|colspan|rowspan|open|aria-[a-z]+|data-label|xmlns(?::xlink)?|xml:space|version|baseProfile';

/** Attributes that say how something is drawn. They could name an address, which a browser would ask for. */
const DRAWING =
  'style|width|height|viewBox|x|y|x1|x2|y1|y2|dx|dy|cx|cy|r|rx|ry|d|points|transform|offset|clip-path|clip-rule|opacity|fill(?:-[a-z]+)?|' +
  'stroke(?:-[a-z]+)?|stop-[a-z]+|font-[a-z]+|text-anchor|dominant-baseline|preserveAspectRatio';

/** A style without an address but one within the page, and without another way to write one. */
const STYLE_TEXT = String.raw`(?:[^"<>&\\(@]|@media|(?<!url|src|image|image-set|element)\(|(?<=url)\(#)*`;

const TAG = `</?(?:${ELEMENTS})(?:\\s+(?:(?:${TEXTS})(?:="[^"<>]*")?|(?:${DRAWING})="${STYLE_TEXT}"))*\\s*/?>`;
const SHEET = String.raw`<style>(?:[^<\\(@]|@media|(?<!url|src|image|image-set|element)\()*</style>`;
const OWN = new RegExp(`^\\s*<!doctype html>|${SHEET}|${TAG}`, 'gi');

/** What a reader of another encoding may take for more than a character, and what Belay writes as text. */
const UNSEEN = /(?![\t\n\r])\p{Cc}/u;

/** Letters of what is shown of a page. */
const SHOWN = 40;

/**
 * What a page has that no report of Belay has: elements and attributes that could run, load or send something; undefined where it has
 * nothing of that kind.
 */
export function foreignMarkup(page: Uint8Array): string | undefined {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(page);
  } catch {
    return 'bytes that are not UTF-8';
  }
  if (UNSEEN.test(text)) return 'control characters';
  // What is not matched keeps its "<", which no text of a report has.
  const found = /<[^]*/.exec(text.replaceAll(OWN, ' '))?.[0];
  return found === undefined ? undefined : `"${found.slice(0, SHOWN).replaceAll(/\s+/g, ' ')}"`;
}
