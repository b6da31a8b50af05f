import { aggregationSignature, functionSignature, PROMQL_NAMES } from '../../../src/core/promql/functions.ts';
import type { PromqlType } from '../../../src/core/promql/functions.ts';
import { drawInteger } from '../../../src/core/plan/random.ts';
import type { Random } from '../../../src/core/plan/random.ts';

const METRICS = ['a', 'foo_bar', 'foo:bar', '_x', 'sum', 'rate', 'by', 'on', 'offset', 'start', 'bool', 'inf', 'and'];
const LABELS = [
  'b',
  'job',
  '__name__',
  'by',
  'le',
  'offset',
  '"b"',
  "'a label'",
  '"é"',
  '""',
  'and',
  'bool',
  '1b',
  'b-c',
];
const TEXTS = [
  '',
  'a',
  '.*',
  'a\\n',
  '\\x41',
  '\\u00e9',
  '\\101',
  '\\d',
  '\\xg',
  "'",
  '\\"',
  "\\'",
  '\\\\d',
  'é',
  '\\8',
];
const NUMBERS =
  '0 1 2.5 .5 1. 1e3 1E-3 0x1F 0xg 1_000 1__0 1_ 08 0o17 0b1 Inf -Inf NaN +1 1e 1.5.2 5m 1h30m 1.5m 0x'.split(' ');
const DURATIONS =
  '5m 1m 30s 1h30m 1d 1w 1500ms 1y2w3d4h5m6s7ms 300 0.5 0s 0 5m1h 1.5m -5m 5 m 1h30 5x 10s5s 1e2 5m*2 5m-5m 5m/0 (1m+1m) 2^3 1m%7 step() min(5m,1m) max(1m,2m) 1000y 0x10 Inf'.split(
    ' ',
  );
const PLAIN_DURATIONS = '5m 1m 30s 1h30m 300 1d'.split(' ');
const COMPARISONS = ['==', '!=', '<', '<=', '>', '>='];
const ARITHMETIC = ['+', '-', '*', '/', '%', '^', 'atan2'];
const SETS = ['and', 'or', 'unless', 'AND', 'Or'];
const REGEX_PIECES =
  'a b1 . .* .+ | ^ $ ( ) (?: (?i) (?s: (?P<n> (?<m> (?-s) (?i-s:x) (?= (?# [a-c] [^x] [ ] []a] [z-a] [[:alpha:]] [[:no:]] [\\d-a] [a-\\d] \\d \\D \\w \\s \\b \\B \\A \\z \\Z \\pL \\pQ \\p{Greek} \\p{Nope} \\P{^Lu} \\Q \\E \\C \\x41 \\x{110000} \\x{10ffff} \\xg \\1 \\07 \\8 \\. \\- \\_ \\é \\u0041 \\n \\a \\e {2} {2,} {,2} {1,3} {3,1} {1000} {1001} * + ? ** *? ++ {2}? \\ é \u{1f600}'.split(
    ' ',
  );
/** Pieces that are right wherever they are. */
const SOUND_PIECES = ['a', 'b+', '.*', '(x|y?)', '[a-c]', '\\d', '\\pL', '(?:z{2,3})', '|', '^', '$'];
/** Pieces of text that a mutation inserts. */
const PIECES = [
  ...'()[]{}",:$@#\'`=~!+-/ \n'.split(''),
  '==',
  '=~',
  'by',
  'on',
  'offset',
  'bool',
  '5m',
  '1',
  'a',
  '{}',
  '[5m]',
  ' anchored',
  ' smoothed',
];

/** How often the grammar takes a wrong turn on purpose. */
const WRONG = 0.02;
const TYPES: readonly PromqlType[] = ['scalar', 'vector', 'matrix', 'string'];

/** Draws one query: most are right, some have a wrong type, name or regular expression, some have their text changed. */
export function drawQuery(random: Random): string {
  const query = new Grammar(random).expression(random() < 0.85 ? 'vector' : 'scalar', drawInteger(random, 1, 4));
  return random() < 0.2 ? mutated(random, query) : query;
}

/** Draws a regular expression from pieces of RE2's syntax, in any order. */
export function drawRegex(random: Random): string {
  const drawPiece = (): string => pick(random, random() < 0.6 ? SOUND_PIECES : REGEX_PIECES);
  const pieces = Array.from({ length: drawInteger(random, 0, 5) }, drawPiece);
  const joined = pieces.join('');
  return random() < 0.2 ? `(${joined})` : joined;
}

function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[drawInteger(random, 0, items.length - 1)];
  if (item === undefined) throw new RangeError('nothing to pick from: the list is empty');
  return item;
}

function mutated(random: Random, query: string): string {
  const at = drawInteger(random, 0, query.length);
  switch (drawInteger(random, 0, 2)) {
    case 0:
      return query.slice(0, at) + query.slice(at + drawInteger(random, 1, 3));
    case 1:
      return query.slice(0, at) + pick(random, PIECES) + query.slice(at);
    default: {
      const end = drawInteger(random, at, query.length);
      return query.slice(0, end) + query.slice(at, end) + query.slice(end);
    }
  }
}

class Grammar {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  expression(wanted: PromqlType, depth: number): string {
    const type = this.#chance(WRONG) ? pick(this.#random, TYPES) : wanted;
    if (type === 'string') return this.#text();
    if (type === 'matrix') return this.#matrix(depth);
    if (depth <= 0) return type === 'scalar' ? this.#number() : this.#selector(true);
    switch (drawInteger(this.#random, 0, type === 'scalar' ? 3 : 7)) {
      case 0:
        return `(${this.expression(type, depth - 1)})`;
      case 1:
        return `${pick(this.#random, ['-', '+'])}${this.expression(type, depth - 1)}`;
      case 2:
        return type === 'scalar' ? this.#number() : this.#selector(true);
      case 3:
        return type === 'scalar'
          ? `${this.expression('scalar', depth - 1)} ${this.#scalarOperator()} ${this.expression('scalar', depth - 1)}`
          : this.#binary(depth);
      case 4:
        return this.#aggregation(depth);
      case 5:
        return this.#binary(depth);
      default:
        return this.#call(depth);
    }
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }

  #pick<T>(items: readonly T[]): T {
    return pick(this.#random, items);
  }

  #number(): string {
    return this.#chance(0.85) ? String(drawInteger(this.#random, 0, 20)) : this.#pick(NUMBERS);
  }

  #text(content: string = this.#chance(0.85) ? 'a' : this.#pick(TEXTS)): string {
    const quote = this.#pick(['"', '"', '"', "'", '`']);
    return `${quote}${content}${quote}`;
  }

  #duration(): string {
    return this.#chance(0.85) ? this.#pick(PLAIN_DURATIONS) : this.#pick(DURATIONS);
  }

  #label(): string {
    return this.#chance(0.8) ? this.#pick(['b', 'job', 'le']) : this.#pick(LABELS);
  }

  #labels(): string {
    const labels = Array.from({ length: drawInteger(this.#random, 0, 3) }, () => this.#label());
    return `(${labels.join(', ')}${this.#chance(0.1) ? ',' : ''})`;
  }

  #selector(moved: boolean): string {
    const matchers = Array.from({ length: drawInteger(this.#random, 0, 2) }, () => this.#matcher());
    const name = this.#chance(0.8) ? (this.#chance(0.7) ? 'a' : this.#pick(METRICS)) : '';
    const comma = matchers.length > 0 && this.#chance(0.1) ? ',' : '';
    const braces = name !== '' && matchers.length === 0 && this.#chance(0.7) ? '' : `{${matchers.join(', ')}${comma}}`;
    return `${name}${braces}${moved ? this.#moves() : ''}`;
  }

  #matcher(): string {
    if (this.#chance(0.05)) return this.#text('a.name');
    const operator = this.#chance(0.97) ? this.#pick(['=', '!=', '=~', '!~']) : this.#pick(['==', '>', '~', '']);
    if (!operator.includes('~')) return `${this.#label()}${operator}${this.#text()}`;
    const regex = drawRegex(this.#random);
    const quoted = this.#chance(0.5) && !regex.includes('`') ? `\`${regex}\`` : JSON.stringify(regex);
    return `${this.#label()}${operator}${this.#chance(0.7) ? '"a.*"' : quoted}`;
  }

  #moves(): string {
    const moves: string[] = [];
    if (this.#chance(0.15)) moves.push(` offset ${this.#chance(0.2) ? '-' : ''}${this.#duration()}`);
    if (this.#chance(0.1))
      moves.push(` @ ${this.#pick(['10', '-1.5', 'start()', 'end()', 'end', '1e3', '5m', 'Inf'])}`);
    if (this.#chance(0.03)) moves.push(' offset 5m');
    if (this.#chance(0.3)) moves.reverse();
    return moves.join('');
  }

  #matrix(depth: number): string {
    const kind = this.#pick(['range', 'range', 'range', 'subquery', 'extended']);
    if (kind === 'subquery' && depth > 0) {
      const step = this.#chance(0.5) ? this.#duration() : '';
      const inner = this.expression('vector', depth - 1);
      return `${this.#chance(0.7) ? `(${inner})` : inner}[${this.#duration()}:${step}]${this.#moves()}`;
    }
    const range = `${this.#selector(this.#chance(WRONG))}[${this.#duration()}]`;
    return `${range}${kind === 'extended' && this.#chance(0.3) ? this.#pick([' anchored', ' smoothed']) : ''}${this.#moves()}`;
  }

  #scalarOperator(): string {
    if (this.#chance(0.2)) return `${this.#pick(COMPARISONS)}${this.#chance(0.85) ? ' bool' : ''}`;
    return this.#chance(WRONG) ? this.#pick(SETS) : this.#pick(ARITHMETIC);
  }

  #binary(depth: number): string {
    const operator = this.#pick(this.#chance(0.3) ? SETS : this.#chance(0.5) ? COMPARISONS : ARITHMETIC);
    const bool = this.#chance(COMPARISONS.includes(operator) ? 0.3 : WRONG) ? ' bool' : '';
    const matching = this.#chance(0.3) ? ` ${this.#pick(['on', 'ignoring'])} ${this.#labels()}` : '';
    const grouped = matching !== '' && this.#chance(0.4);
    const group = grouped
      ? ` ${this.#pick(['group_left', 'group_right'])}${this.#chance(0.6) ? this.#labels() : ''}`
      : '';
    const fill = this.#chance(0.05) ? ` ${this.#pick(['fill', 'fill_left', 'fill_right'])}(${this.#number()})` : '';
    const [left, right] = [
      this.#pick(['vector', 'vector', 'scalar'] as const),
      this.#pick(['vector', 'vector'] as const),
    ];
    const sides = [this.expression(left, depth - 1), this.expression(right, depth - 1)];
    return `${sides[0]} ${operator}${bool}${matching}${group}${fill} ${sides[1]}`;
  }

  #aggregation(depth: number): string {
    const names = PROMQL_NAMES.filter((name) => aggregationSignature(name) !== undefined);
    const name = this.#pick(names);
    const body = this.#arguments(name, depth);
    if (this.#chance(0.5)) return `${this.#chance(0.1) ? name.toUpperCase() : name}(${body})`;
    const by = `${this.#pick(['by', 'without', 'BY'])} ${this.#labels()}`;
    return this.#chance(0.5) ? `${name} ${by} (${body})` : `${name}(${body}) ${by}`;
  }

  #call(depth: number): string {
    const names = PROMQL_NAMES.filter((name) => functionSignature(name) !== undefined);
    const name = this.#chance(WRONG)
      ? this.#pick(['ratee', 'Sum_over_time', 'RATE', 'foo', 'holt_winters'])
      : this.#pick(names);
    return `${name}(${this.#arguments(name, depth)})`;
  }

  #arguments(name: string, depth: number): string {
    const signature = functionSignature(name) ?? aggregationSignature(name);
    if (signature === undefined) return this.expression('vector', depth - 1);
    const { takes, least, most } = signature;
    const most4 = Math.min(most, Math.max(least, takes.length) + 1);
    const count = this.#chance(0.05) ? drawInteger(this.#random, 0, 5) : drawInteger(this.#random, least, most4);
    const given = Array.from({ length: count }, (_, index) => {
      if (name === 'info' && index === 1 && this.#chance(0.9)) return `{${this.#matcher()}}`;
      if (name === 'label_replace' && index === 4) return JSON.stringify(drawRegex(this.#random));
      return this.expression(takes[index] ?? takes.at(-1) ?? 'vector', depth - 1);
    });
    return given.join(', ');
  }
}
