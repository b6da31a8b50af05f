import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Makes docs/run.svg, the picture of a run in the README, of a recorded terminal session:
 *
 *   script -qc 'stty cols 112 rows 60; ./belay run quickstart' /tmp/run.txt
 *   node docs/make-run-picture.ts /tmp/run.txt
 *
 * It shows the run in the middle of its soak, and below that what it printed at its end.
 */

interface Style {
  readonly bold: boolean;
  readonly dim: boolean;
  readonly colour: string | undefined;
}

interface Cell {
  readonly char: string;
  readonly style: Style;
}

type Line = readonly Cell[];

const PLAIN: Style = { bold: false, dim: false, colour: undefined };
const COLOURS: Readonly<Record<string, string>> = {
  '31': '#ff7b72',
  '32': '#56d364',
  '33': '#e3b341',
  '36': '#56d4dd',
};
const FOREGROUND = '#e6edf3';
const BACKGROUND = '#0d1117';
const BORDER = '#30363d';

const CHAR_WIDTH = 8.4;
const LINE_HEIGHT = 19;
const PADDING = 20;
const TITLE_BAR = 34;

/** Sequences that the progress display and styled text use: cursor up, down, to the first column, erase, colours, the rest. */
const ESCAPE = '\u001B';
const TOKEN = new RegExp(`${ESCAPE}\\[(\\??[0-9;]*)([A-Za-z])|\\r|\\n|[^${ESCAPE}\\r\\n]`, 'gu');

/** The screen after each redraw, last of all the final one. */
function screensOf(recording: string): readonly (readonly Line[])[] {
  const screens: (readonly Line[])[] = [];
  const lines: Cell[][] = [[]];
  let row = 0;
  let column = 0;
  let style = PLAIN;
  for (const [token, argument = '', command] of recording.matchAll(TOKEN)) {
    const count = Number(argument === '' ? '1' : argument);
    const line = (lines[row] ??= []);
    if (token === '\n') {
      row += 1;
      column = 0;
      lines[row] ??= [];
    } else if (token === '\r' || command === 'G') column = 0;
    else if (command === 'A') row = Math.max(0, row - count);
    else if (command === 'B') row += count;
    else if (command === 'K') line.length = argument === '2' ? 0 : Math.min(line.length, column);
    else if (command === 'J') lines.length = row + 1;
    else if (command === 'm') style = restyled(style, argument);
    else if (command === 'l' && argument === '?2026') screens.push(lines.map((each) => [...each]));
    else if (command === undefined) {
      while (line.length < column) line.push({ char: ' ', style: PLAIN });
      line[column] = { char: token, style };
      column += 1;
    }
  }
  return [...screens, lines];
}

function restyled(style: Style, codes: string): Style {
  return codes.split(';').reduce<Style>((now, code) => {
    if (code === '1') return { ...now, bold: true };
    if (code === '2') return { ...now, dim: true };
    if (code === '22') return { ...now, bold: false, dim: false };
    if (code === '39') return { ...now, colour: undefined };
    if (code === '0' || code === '') return PLAIN;
    return { ...now, colour: COLOURS[code] ?? now.colour };
  }, style);
}

function textOf(line: Line): string {
  return line.map(({ char }) => char).join('');
}

function typed(text: string, style: Partial<Style> = {}): Line {
  return Array.from(text, (char) => ({ char, style: { ...PLAIN, ...style } }));
}

/** Where this machine keeps its runs is nobody's business. */
function withoutFolder(line: Line): Line {
  const path = /\/\S*\/(?=runs\/)/.exec(textOf(line));
  return path === null ? line : [...line.slice(0, path.index), ...line.slice(path.index + path[0].length)];
}

/** What the picture shows: the command, the block in the middle of the soak, and everything printed below it at the end. */
function pictured(recording: string): readonly Line[] {
  const started = /^Script (started|done).*$/gmu;
  const screens = screensOf(recording.replaceAll(started, '').replace(/^\n/u, ''));
  const final = screens.at(-1) ?? [];
  const isSoaking = (lines: readonly Line[]): boolean => lines.some((line) => /soak .*█{9}░/u.test(textOf(line)));
  const middle = screens.find(isSoaking);
  if (middle === undefined) throw new Error('the recording shows no soak that is half done');
  const command = typed('$ ', { dim: true }).concat(typed('./belay run quickstart', { bold: true }));
  const below = final.findIndex((line) => textOf(line).startsWith('┌'));
  return [command, ...trimmed(middle), typed('⋮', { dim: true }), ...trimmed(final.slice(below))].map(withoutFolder);
}

function trimmed(lines: readonly Line[]): readonly Line[] {
  const last = lines.findLastIndex((line) => textOf(line).trim() !== '');
  return lines.slice(0, last + 1);
}

function svgOf(lines: readonly Line[]): string {
  const columns = Math.max(...lines.map((line) => textOf(line).trimEnd().length));
  const width = Math.ceil(columns * CHAR_WIDTH + 2 * PADDING);
  const height = TITLE_BAR + lines.length * LINE_HEIGHT + PADDING;
  const texts = lines.flatMap((line, row) => runsOf(line).map((run) => runSvg(run, row)));
  const dots = ['#ff5f57', '#febc2e', '#28c840'].map(
    (fill, index) => `<circle cx="${PADDING + index * 18}" cy="17" r="5.5" fill="${fill}"/>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="A run of Belay in a terminal: stages with their progress, the table of gates, the verdict">`,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="9" fill="${BACKGROUND}" stroke="${BORDER}"/>`,
    ...dots,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" fill="${FOREGROUND}" xml:space="preserve">`,
    ...texts,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

interface Run {
  readonly column: number;
  readonly text: string;
  readonly style: Style;
}

/** Neighbours of one style together, spaces between words left out: their place says where they are. */
function runsOf(line: Line): readonly Run[] {
  const runs: Run[] = [];
  for (const [column, { char, style }] of line.entries()) {
    const last = runs.at(-1);
    if (last !== undefined && last.style === style && last.column + last.text.length === column)
      runs[runs.length - 1] = { ...last, text: last.text + char };
    else runs.push({ column, text: char, style });
  }
  return runs.flatMap((run) =>
    [...run.text.matchAll(/\S+(?: \S+)*/gu)].map(({ 0: text, index }) => ({
      ...run,
      text,
      column: run.column + index,
    })),
  );
}

/** The length is said, so that columns stand below one another in any monospaced font. */
function runSvg({ column, text, style }: Run, row: number): string {
  const x = (PADDING + column * CHAR_WIDTH).toFixed(1);
  const y = TITLE_BAR + (row + 0.75) * LINE_HEIGHT;
  const attributes = [
    style.colour === undefined ? '' : ` fill="${style.colour}"`,
    style.bold ? ' font-weight="700"' : '',
    style.dim ? ' opacity="0.6"' : '',
  ].join('');
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<text x="${x}" y="${y.toFixed(1)}" textLength="${(text.length * CHAR_WIDTH).toFixed(1)}" lengthAdjust="spacingAndGlyphs"${attributes}>${escaped}</text>`;
}

const [recording] = process.argv.slice(2);
if (recording === undefined) throw new Error('name the recording: node docs/make-run-picture.ts RECORDING');
const svg = svgOf(pictured(readFileSync(recording, 'utf8')));
writeFileSync(fileURLToPath(new URL('run.svg', import.meta.url)), svg);
