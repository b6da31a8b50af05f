/**
 * False alarms, misses and delays of `belay trend` over simulated series, and beside Apache Otava on the same series.
 *
 *     node_modules/.bin/node bench/trend.ts [seeds = 1000] [python with apache-otava] [seeds beside it = 100] [part of a series' name]
 *
 * Otava is no part of Belay: `python3 -m venv DIR && DIR/bin/pip install apache-otava`, then give `DIR/bin/python`.
 */
import { execa } from 'execa';
import { join } from 'node:path';
import { simulated } from '../test/core/history/series-patterns.ts';
import {
  CASES,
  FIRST_JUDGED,
  caseText,
  cellsOf,
  percent,
  ratesOf,
  reportedByBelay,
  type Reported,
} from '../test/core/history/series-rates.ts';

/** The first time that each change point is reported. A change point within two runs of a known one is the same. */
function ofOtava(prefixes: readonly (readonly number[])[]): readonly Reported[] {
  const found: Reported[] = [];
  for (const [index, points] of prefixes.entries()) {
    for (const since of points) {
      if (found.every((known) => Math.abs(known.since - since) > 2))
        found.push({ since, flaggedAt: index + FIRST_JUDGED, kind: 'step' });
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
  const { stdout } = await execa(python, [script, String(FIRST_JUDGED + 1)], { input, maxBuffer: 1e9 });
  return stdout.split('\n').map((line) => ofOtava(JSON.parse(line) as number[][]));
}

function row(...texts: readonly string[]): void {
  console.log(`| ${texts.join(' | ')} |`);
}

const [seeds = '1000', python = '', seedsBeside = '100', part = ''] = process.argv.slice(2);
const head = ['', 'series', 'false', 'again', 'on first run', 'median delay', 'missed', 'as drift'];
row(...head);
console.log(`|${'---|'.repeat(head.length)}`);
for (const wanted of CASES.filter((one) => caseText(one).includes(part))) {
  const print = (who: string, text: string, reported: readonly (readonly Reported[])[]): void => {
    const rates = ratesOf(wanted, reported);
    row(who, text, ...cellsOf(wanted, rates), percent(rates.asDrift));
  };
  const series = Array.from({ length: Number(seeds) }, (_, seed) => simulated(wanted, seed));
  print('Belay', caseText(wanted), series.map(reportedByBelay));
  if (python === '') continue;
  const some = series.slice(0, Number(seedsBeside));
  if (some.length < series.length) print('Belay', `the same, first ${some.length} seeds`, some.map(reportedByBelay));
  print('Otava', 'the same', await otavaOn(python, some));
}
