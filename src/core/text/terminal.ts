/** Control characters, those that change the direction of writing, and sequences that only set a colour. */
const COMMANDS = /\p{Cc}\[[\d;]*m|[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;
const ESCAPE = '\u001B';

/**
 * A text in which nothing is a command for a terminal: names, errors and answers of servers may have escape sequences in them. Line ends,
 * tabs and colours stay; the rest is written as `\u001b`, which is the same text inside of JSON.
 */
export function safeForTerminal(text: string): string {
  return text.replaceAll(COMMANDS, (found) => {
    if (found === '\n' || found === '\t' || (found.length > 1 && found.startsWith(ESCAPE))) return found;
    return `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}${found.slice(1)}`;
  });
}
