/**
 * Characters that change the direction of writing, as `\u202e`, and control characters but line ends and tabs: names and answers of servers
 * may have them, so that a reader sees another text than the one that is there.
 */
export function visible(text: string): string {
  return text.replaceAll(UNSEEN, (found) => (/\p{Cc}/u.test(found) ? REPLACEMENT : escaped(found)));
}

const UNSEEN = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]|(?![\t\n\r])\p{Cc}/gu;
const REPLACEMENT = '\uFFFD';

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
