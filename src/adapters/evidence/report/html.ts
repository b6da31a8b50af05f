import { visible } from '../../../core/text/visible.ts';
import { isProse, keptTogether } from './keep-together.ts';

/** Markup that is already safe. Only `html` and `trusted` make it. */
export interface Markup {
  readonly markup: string;
}

type Part = string | number | Markup | readonly Part[] | undefined;

/**
 * A template that escapes everything put into it but markup; lists are joined, undefined is nothing. Texts that are read in lines have
 * no line break within a moment or between a number and its unit.
 */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  let before = '';
  const markup = texts.map((text, index) => {
    before += text;
    return text + rendered(parts[index], before);
  });
  return { markup: markup.join('') };
}

/** Markup that was made elsewhere and escapes by itself, such as a chart. */
export function trusted(markup: string): Markup {
  return { markup };
}

/** Text for HTML, also within attributes. */
export function escapeHtml(text: string): string {
  return visible(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** @param before text of the template in front of it */
function rendered(part: Part, before: string): string {
  if (part === undefined) return '';
  if (typeof part === 'string') return isProse(before) ? keptTogether(escapeHtml(part)) : escapeHtml(part);
  if (typeof part === 'number') return String(part);
  return isList(part) ? part.map((one) => rendered(one, before)).join('') : part.markup;
}

function isList(part: Markup | readonly Part[]): part is readonly Part[] {
  return Array.isArray(part);
}
