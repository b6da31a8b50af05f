import { assert, constantFrom, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { buildSummary } from '../../../src/core/verdict/build-summary.ts';
import { plain } from '../../../src/core/text/markdown.ts';
import { summaryMarkdown } from '../../../src/core/verdict/markdown-summary.ts';
import type { Summary } from '../../../src/core/verdict/summary-model.ts';
import { aHistory, gateOf, inputOf, resultOf } from '../../adapters/evidence/fixture.ts';

const HOSTILE = 'a|b\n## x <img src=x> [l](http://e.vil) `c` @team #12 $x$ www.evil.com *b* GH-7';

function summaryOf(name: string): Summary {
  const gates = [gateOf(name), gateOf('shortfalls', { bar: { max: 0 }, unit: 'machines' }), gateOf('other')];
  const values = [3.1, 0, null];
  return buildSummary(inputOf({ results: gates.map((gate, index) => resultOf(gate, values[index] ?? null)) }));
}

const SIGNS = [
  'a',
  'b',
  ' ',
  '\n',
  '\\',
  '`',
  '*',
  '_',
  '[',
  ']',
  '<',
  '>',
  '(',
  ')',
  '!',
  '|',
  '~',
  '&',
  ':',
  '$',
  '@',
  '#',
];

test('a red run in short: verdict, since when, reasons, gates with the broken ones first', () => {
  const before = { id: 'run-1', verdict: 'pass', startedAtMs: 0, metrics: [], takenWith: [] } as const;
  const text = summaryMarkdown(
    { ...summaryOf('podBindP99'), history: aHistory('podBindP99: step: worse by 55 %') },
    { earlier: [before] },
    { report: 'runs/x/report.html', page: 'https://t.example/w?a=<b>' },
  );
  expect(text).toBe(`### ❌ FAIL: dev-50

Run dev-50-20260821: system kube-scheduler, substrate local, 400 Pods, took 1 min 30 s.

The first red run after 1 green run.

- podBindP99 = 3.1 s, 1.1 s \\(55 %\\) over its bar of at most 2 s
- other is unmeasured \\(no-series\\)\\: no series max\\(x\\)

**What changed** over the last 20 comparable runs

- podBindP99\\: step\\: worse by 55 %

| gate | measured | bar | headroom | verdict |
|---|---|---|---|---|
| podBindP99 | 3.1 s | ≤ 2 s | -55 % | ❌ fail |
| other | not measured | ≤ 2 s | – | ⚠️ unmeasured |
| shortfalls | 0 machines | ≤ 0 machines | – | ✅ pass |

Report: runs/x/report.html · [Temporal](<https://t.example/w?a=%3Cb%3E>)
`);
});

test('no text of a run is markup', () => {
  const text = summaryMarkdown(summaryOf(HOSTILE));
  expect(text).not.toMatch(/^## x/m);
  expect(text).not.toMatch(/[^\\](?:[<`[]|\$)(?!\w*>)/);
  expect(text).not.toMatch(/@team|#12|www\.evil|GH-7|http:/);
  const rows = text.split('\n').filter((line) => line.startsWith('|'));
  for (const row of rows) expect(row.match(/(?<!\\)\|/g)).toHaveLength(6);
});

test.each([
  ['# heading', '\\# heading'],
  ['###### heading', '\\###### heading'],
  ['- item', '\\- item'],
  ['+ item', '\\+ item'],
  ['1. item', '1\\. item'],
  ['12) item', '12\\) item'],
  ['---', '\\---'],
  ['- - -', '\\- - -'],
  ['===', '\\==='],
  ['-3 s', '-3 s'],
  ['1.5 s', '1.5 s'],
  ['#12', '#\u206012'],
])('%j begins nothing in a list: %j', (text, written) => {
  expect(plain(text)).toBe(written);
});

test('a plain text is one line, and every sign of Markdown in it is escaped', () => {
  assert(
    property(string({ unit: constantFrom(...SIGNS) }), (text) => {
      const escaped = plain(text);
      expect(escaped).not.toContain('\n');
      expect(escaped.replaceAll(/\\[^\sA-Za-z0-9]/g, ' ')).not.toMatch(/[\\`*_[\]<>()!|~&:$]|@\w|#\w/);
    }),
  );
});
