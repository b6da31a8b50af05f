import { messageOf } from './message-of.ts';

/**
 * What the parser of JSON says, in a line and without what it quotes: the text may be none that its reader is to see, e.g. a file that
 * was handed over by others.
 */
export function jsonFault(error: unknown): string {
  return messageOf(error)
    .replace(/, (?:\.\.\.)?".*$/s, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
