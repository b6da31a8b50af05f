/** What a regular expression of PromQL (Go's RE2) is, or why it is none. */
export type Re2 =
  | { readonly ok: true; readonly matchesEmpty: boolean }
  | { readonly ok: false; readonly problem: string; readonly offset: number };

/**
 * Reads a regular expression as Go does, which is not JavaScript's way: `(?i)` and `(?P<name>x)` are right, `(?=x)` and
 * `\1` are wrong. Tells whether it matches the empty text. Nothing is run, so it takes no longer than the text is long.
 */
export function readRe2(pattern: string): Re2 {
  const reader = new Reader(pattern);
  try {
    const matchesEmpty = reader.whole();
    return { ok: true, matchesEmpty };
  } catch (cause) {
    if (cause instanceof Wrong) return { ok: false, problem: cause.message, offset: cause.offset };
    throw cause;
  }
}

class Wrong extends Error {
  readonly offset: number;
  constructor(problem: string, offset: number) {
    super(problem);
    this.offset = offset;
  }
}

/** As Go: deeper groups and more repetitions are refused there. */
const MAX_GROUPS = 900;
const MAX_REPEAT = 1_000;

const GROUP_NAME = /\(\?P?<\w+>/y;
const FLAGS = /\(\?(?:[imsU]+(?:-[imsU]+)?|-[imsU]+)?([:)])/y;
const REPEAT = /([*+?]|\{(\d+)(?:(,)(\d*))?\})\??/y;
const ESCAPE =
  /\\(?:[0-7]{2,3}|0|x[\dA-Fa-f]{2}|x\{[\dA-Fa-f]+\}|[pP](?:\{\^?\w+\}|[A-Z])|[afnrtvdDsSwWbBAzC]|[ -/:-@[-`{-~\s])/y;
const POSIX = /\[:\^?(\w*):\]/y;
const POSIX_NAMES: ReadonlySet<string> = new Set(
  'alnum alpha ascii blank cntrl digit graph lower print punct space upper word xdigit'.split(' '),
);

/** What is known of a part: whether it can match nothing, and how often `{n}` repeats what is in it. */
interface Part {
  readonly empty: boolean;
  readonly copies: number;
}

const NOTHING: Part = { empty: true, copies: 1 };
const CHARACTER: Part = { empty: false, copies: 1 };

/** Walks the pattern. */
class Reader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): boolean {
    const { empty } = this.#alternatives();
    if (this.#at < this.#text.length) throw this.#wrong('a ) that closes nothing');
    return empty;
  }

  #alternatives(): Part {
    let { empty, copies } = this.#sequence();
    while (this.#text[this.#at] === '|') {
      this.#at++;
      const other = this.#sequence();
      empty ||= other.empty;
      copies = Math.max(copies, other.copies);
    }
    return { empty, copies };
  }

  #sequence(): Part {
    let { empty, copies } = NOTHING;
    this.#skipFlags();
    while (this.#at < this.#text.length && this.#text[this.#at] !== '|' && this.#text[this.#at] !== ')') {
      if (this.#match(REPEAT) !== undefined) throw this.#wrong('nothing to repeat');
      const start = this.#at;
      const atom = this.#atom();
      this.#skipFlags();
      const part = this.#repeated(atom, start);
      this.#skipFlags();
      empty &&= part.empty;
      copies = Math.max(copies, part.copies);
    }
    return { empty, copies };
  }

  #repeated(atom: Part, start: number): Part {
    const match = this.#take(REPEAT);
    if (match === undefined) return atom;
    if (this.#match(REPEAT) !== undefined) throw this.#wrong('repeated twice');
    if (match[2] === undefined) return { ...atom, empty: atom.empty || match[1] !== '+' };
    const least = Number(match[2]);
    const most = match[3] === undefined || match[4] === '' ? least : Number(match[4]);
    const copies = atom.copies * Math.max(1, least, most);
    if (copies > MAX_REPEAT) throw this.#wrong(`repeated more than ${MAX_REPEAT} times`, start);
    if (most < least) throw this.#wrong('repeated at most less often than at least', start);
    return { empty: atom.empty || least === 0, copies };
  }

  #skipFlags(): void {
    while (this.#match(FLAGS)?.[1] === ')') this.#take(FLAGS);
  }

  #atom(): Part {
    switch (this.#text[this.#at]) {
      case '(':
        return this.#group();
      case '[':
        this.#class();
        return CHARACTER;
      case '\\':
        return this.#escape();
      case '^':
      case '$':
        this.#at++;
        return NOTHING;
      default:
        this.#character();
        return CHARACTER;
    }
  }

  #character(): number {
    const code = this.#text.codePointAt(this.#at) ?? 0;
    this.#at += String.fromCodePoint(code).length;
    return code;
  }

  #group(): Part {
    const start = this.#at;
    if (this.#take(GROUP_NAME) === undefined && this.#take(FLAGS) === undefined) {
      if (this.#text.startsWith('(?', start)) throw this.#wrong('(? and what follows is not of RE2');
      this.#at++;
    }
    if (++this.#depth > MAX_GROUPS) throw this.#wrong('nested too deeply');
    const part = this.#alternatives();
    this.#depth--;
    if (this.#text[this.#at] !== ')') throw this.#wrong('a ( without its )', start);
    this.#at++;
    return part;
  }

  #class(): void {
    const start = this.#at++;
    if (this.#text[this.#at] === '^') this.#at++;
    let first = true;
    while (this.#at < this.#text.length && (first || this.#text[this.#at] !== ']')) {
      first = false;
      const named = this.#match(POSIX);
      if (named !== undefined) {
        if (!POSIX_NAMES.has(named[1] ?? '')) throw this.#wrong(`${named[0]} is no class of letters`);
        this.#take(POSIX);
        continue;
      }
      const low = this.#classCharacter();
      // After \d a - stands for itself.
      const next = this.#text[this.#at + 1];
      if (low === undefined || this.#text[this.#at] !== '-' || next === ']' || next === undefined) continue;
      const from = this.#at++;
      const high = this.#classCharacter();
      if (high === undefined || low > high) throw this.#wrong('a range of letters that is none', from);
    }
    if (this.#text[this.#at] !== ']') throw this.#wrong('a [ without its ]', start);
    this.#at++;
  }

  /** The code of one character of a class; undefined for a class of its own (`\d`), NaN where an escape stands for it. */
  #classCharacter(): number | undefined {
    if (this.#text[this.#at] !== '\\') return this.#character();
    const letter = this.#text[this.#at + 1] ?? '';
    if (letter !== '' && 'bBAzCQ'.includes(letter)) throw this.#wrong(`\\${letter} has no meaning in [ ]`);
    this.#escape();
    return 'dDsSwWpP'.includes(letter) ? undefined : NaN;
  }

  #escape(): Part {
    if (this.#text.startsWith('\\Q', this.#at)) {
      const end = this.#text.indexOf('\\E', this.#at);
      const from = this.#at + 2;
      this.#at = end < 0 ? this.#text.length : end + 2;
      return end === from || from === this.#text.length ? NOTHING : CHARACTER;
    }
    const match = this.#take(ESCAPE)?.[0];
    if (match === undefined) {
      const next = this.#text[this.#at + 1];
      throw this.#wrong(next === undefined ? 'ends in a \\' : `\\${next} is not of RE2`);
    }
    return match === '\\A' || match === '\\z' || match === '\\B' ? NOTHING : CHARACTER;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text) ?? undefined;
  }

  /** Matches at the place and goes past it. */
  #take(pattern: RegExp): RegExpExecArray | undefined {
    const match = this.#match(pattern);
    if (match !== undefined) this.#at += match[0].length;
    return match;
  }

  #wrong(problem: string, offset: number = this.#at): Wrong {
    return new Wrong(problem, offset);
  }
}
