import { RE2JS, RE2JSException, RE2JSSyntaxException } from 're2js';
import { MAX_PATTERN_WORK } from './bounds.ts';

/** A regular expression as Prometheus reads it: whether it matches the empty text, or why Prometheus refuses it. */
export type RegexReading =
  { readonly ok: true; readonly matchesEmpty: boolean } | { readonly ok: false; readonly problem: string };

/**
 * Reads the regular expression of a label matcher. Prometheus parses it with Go's `regexp/syntax`, where `.` also
 * matches a line break, and then matches whole values. re2js is a port of that package, with its limits.
 */
export function readMatcherRegex(pattern: string): RegexReading {
  return read(pattern, { before: '(?s)', after: '' });
}

/**
 * Reads the regular expression of label_replace(). Prometheus puts the text itself between `^(?s:` and `)$`, so that
 * `\Qa` is refused here and accepted in a matcher.
 */
export function readReplaceRegex(pattern: string): RegexReading {
  return read(pattern, { before: '^(?s:', after: ')$' });
}

/** Letters of a pattern times its repetitions. */
function workOf(pattern: string): number {
  const times = [...pattern.matchAll(/(?<!\\x)\{(\d+)(?:,(\d*))?\}/g)].map(([, least, most]) => Number(most || least));
  return pattern.length * times.reduce((sum, each) => sum + each, 0);
}

function read(pattern: string, { before, after }: { readonly before: string; readonly after: string }): RegexReading {
  const work = workOf(pattern);
  if (work > MAX_PATTERN_WORK)
    return { ok: false, problem: `its length times its repetitions {n} is ${work}, more than ${MAX_PATTERN_WORK}` };
  const whole = `${before}${pattern}${after}`;
  try {
    return { ok: true, matchesEmpty: RE2JS.compile(whole).matches('') };
  } catch (cause) {
    if (cause instanceof RE2JSSyntaxException) {
      const part = cause.input === whole ? pattern : cause.input;
      return { ok: false, problem: part ? `${cause.error}: \`${part}\`` : cause.error };
    }
    if (cause instanceof RE2JSException) return { ok: false, problem: cause.message };
    throw cause;
  }
}
