/** Control characters, those that change the direction of writing, and sequences that set a colour. */
const COMMANDS = /\p{Cc}\[[\d;]*m|[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;
/** Colours of Belay's own. Others hide what follows, or make it look like something else (concealed, blinking, another background). */
const OWN_COLOURS = /^\p{Cc}\[(?:[012]|22|3[12369])m$/u;
const ESCAPE = '\u001B';

/**
 * The sign that makes a command for the runner of a CI job out of a printed line: `::add-mask::x` at its beginning and `##[command]`
 * anywhere (GitHub Actions), `##vso[command]` (Azure Pipelines), `##teamcity[command]`.
 */
const OF_RUNNERS = /(?<=^\s*)::(?=[A-Za-z][^\n]*::)|(?<=#)#(?=[A-Za-z]*\[)/gm;

/**
 * A text in which nothing is a command for a terminal or for the runner of a CI job: names, errors and answers of servers may have such
 * sequences in them. Line ends, tabs and Belay's own colours stay; the rest is written as `\u001b`, which is the same text inside of JSON.
 */
export function safeForTerminal(text: string): string {
  return text
    .replaceAll(COMMANDS, (found) => {
      if (found === '\n' || found === '\t' || (found.startsWith(ESCAPE) && OWN_COLOURS.test(found))) return found;
      return escaped(found);
    })
    .replaceAll(OF_RUNNERS, escaped);
}

function escaped(found: string): string {
  return `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}${found.slice(1)}`;
}
