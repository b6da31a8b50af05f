/**
 * False alarms, misses and delays of `belay trend` over simulated series, and beside Apache Otava on the same series.
 *
 *     node_modules/.bin/node bench/trend.ts [seeds = 1000] [python with apache-otava] [seeds beside it = 100]
 *
 * Otava is no part of Belay: `python3 -m venv DIR && DIR/bin/pip install apache-otava`, then give `DIR/bin/python`.
 */
import { execa } from 'execa';
import { join } from 'node:path';
import { trendOf } from '../src/core/history/trend/trend.ts';
import { simulated, type Wanted } from '../test/core/history/series-patterns.ts';

/** Runs before the first that is judged. */
const FIRST = 5;

/** Changes of a series as a tool reports them: the run since which, the run that showed it, and whether it is one of a single run. */
interface Reported {
  readonly since: number;
  readonly flaggedAt: number;
  readonly kind: 'step' | 'drift' | 'outlier';
}

const SHARES = [0.02, 0.05, 0.1, 0.15];
const base = { noise: 'normal', runs: 40, at: 20, size: 0 } as const;

const CASES: readonly Wanted[] = [
  ...SHARES.map((share) => ({ ...base, pattern: 'constant' as const, share })),
  ...(['uniform', 'heavy', 'skewed', 'remembering'] as const).map((noise) => ({
    ...base,
    pattern: 'constant' as const,
    noise,
    share: 0.1,
  })),
  { ...base, pattern: 'constant', share: 0.1, runs: 10 },
  { ...base, pattern: 'constant', share: 0.1, runs: 50 },
  { ...base, pattern: 'constant', share: 0.02, noisier: 4 },
  { ...base, pattern: 'outlier', share: 0.05, size: 0.5 },
  { ...base, pattern: 'bands', share: 0.02, size: 0.3 },
  { ...base, pattern: 'phase', share: 0.02, size: 0.1 },
  ...[5, 10, 20].flatMap((at) =>
    (
      [
        [0.02, 0.1],
        [0.02, 0.2],
        [0.05, 0.1],
        [0.05, 0.2],
        [0.05, 0.5],
        [0.1, 0.5],
        [0.15, 0.5],
      ] as const
    ).map(([share, size]) => ({ ...base, pattern: 'step' as const, at, runs: at + 10, share, size })),
  ),
  { ...base, pattern: 'step', noise: 'uniform', share: 0.05, size: 0.2 },
  { ...base, pattern: 'step', noise: 'heavy', share: 0.05, size: 0.2 },
  { ...base, pattern: 'step', noise: 'remembering', share: 0.05, size: 0.2 },
  { ...base, pattern: 'fixed', share: 0.05, size: 0.3 },
  { ...base, pattern: 'several', share: 0.05, size: 0.3, at: 10 },
  { ...base, pattern: 'drift', share: 0.02, size: 0.2, at: 10 },
  { ...base, pattern: 'drift', share: 0.05, size: 0.4, at: 10 },
];

interface Row {
  readonly wrong: number;
  readonly again: number;
  readonly first: number;
  readonly missed: number;
  readonly median: number;
  readonly asDrift: number;
}

/** Whether a case has a change that is to be found. */
function hasChange({ pattern }: Wanted): boolean {
  return ['step', 'fixed', 'several', 'drift'].includes(pattern);
}

/** Whether a change of these runs is there. */
function isTrue({ pattern, at, runs }: Wanted, { since, flaggedAt, kind }: Reported): boolean {
  if (kind === 'outlier') return pattern === 'outlier' && since === at;
  if (flaggedAt < at) return false;
  return pattern === 'step' || pattern === 'fixed' || pattern === 'several' || (pattern === 'drift' && runs > at);
}

function rowOf(wanted: Wanted, series: readonly (readonly Reported[])[]): Row {
  const judged = series.length * (wanted.runs - FIRST);
  const all = series.flat();
  const wrong = all.filter((change) => change.kind !== 'outlier' && !isTrue(wanted, change)).length;
  const again = all.filter((change) => change.kind === 'outlier' && !isTrue(wanted, change)).length;
  const found = series.map((changes) =>
    changes.filter((change) => change.kind !== 'outlier' && isTrue(wanted, change)),
  );
  const delays = found.map((changes) => Math.min(...changes.map(({ flaggedAt }) => flaggedAt - wanted.at)));
  const share = (count: number): number => count / series.length;
  return {
    wrong: (1_000 * wrong) / judged,
    again: (1_000 * again) / judged,
    first: share(delays.filter((delay) => delay === 0).length),
    missed: share(delays.filter((delay) => delay === Infinity).length),
    median: delays.toSorted((a, b) => a - b)[delays.length >> 1] ?? Infinity,
    asDrift: share(found.filter((changes) => changes.some(({ kind }) => kind === 'drift')).length),
  };
}

function ofBelay(values: readonly number[]): readonly Reported[] {
  return trendOf(values.map((value) => ({ value }))).changes;
}

/** The first time that each change point is reported. A change point within two runs of a known one is the same. */
function ofOtava(prefixes: readonly (readonly number[])[]): readonly Reported[] {
  const found: Reported[] = [];
  for (const [index, points] of prefixes.entries()) {
    for (const since of points) {
      if (found.every((known) => Math.abs(known.since - since) > 2))
        found.push({ since, flaggedAt: index + FIRST, kind: 'step' });
    }
  }
  return found;
}

async function otavaOn(
  python: string,
  series: readonly (readonly number[])[],
): Promise<readonly (readonly Reported[])[]> {
  const script = join(import.meta.dirname, 'trend-peer.py');
  const input = series.map((values) => JSON.stringify(values)).join('\n');
  const { stdout } = await execa(python, [script, String(FIRST + 1)], { input, maxBuffer: 1e9 });
  return stdout.split('\n').map((line) => ofOtava(JSON.parse(line) as number[][]));
}

function caseText({ pattern, noise, share, size, at, runs, noisier }: Wanted): string {
  const changed = hasChange({ pattern } as Wanted) || pattern === 'outlier';
  const what = changed ? ` ${Math.round(100 * size)} % at ${at}` : '';
  return `${pattern}${what}, ${runs} runs, ${noise} ${Math.round(100 * share)} %${noisier === undefined ? '' : `, then ${noisier} times that`}`;
}

function cells(wanted: Wanted, { wrong, again, first, missed, median, asDrift }: Row): readonly string[] {
  const found = hasChange(wanted)
    ? [percent(first), Number.isFinite(median) ? String(median) : '–', percent(missed), percent(asDrift)]
    : ['', '', '', ''];
  return [wrong.toFixed(1), again.toFixed(1), ...found];
}

function row(...texts: readonly string[]): void {
  console.log(`| ${texts.join(' | ')} |`);
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

const [seeds = '1000', python, seedsBeside = '100'] = process.argv.slice(2);
const head = ['series', 'false / 1,000', 'again / 1,000', 'on first run', 'median delay', 'missed', 'as drift'];
console.log(`| | ${head.join(' | ')} |\n|${'---|'.repeat(head.length + 1)}`);
for (const wanted of CASES) {
  const series = Array.from({ length: Number(seeds) }, (_, seed) => simulated(wanted, seed));
  row('Belay', caseText(wanted), ...cells(wanted, rowOf(wanted, series.map(ofBelay))));
  if (python === undefined) continue;
  const some = series.slice(0, Number(seedsBeside));
  if (some.length < series.length)
    row('Belay', `the same, first ${some.length} seeds`, ...cells(wanted, rowOf(wanted, some.map(ofBelay))));
  row('Otava', 'the same', ...cells(wanted, rowOf(wanted, await otavaOn(python, some))));
}
