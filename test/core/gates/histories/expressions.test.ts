import { describe, expect, it } from 'vitest';
import type { GatePatch } from '../../../../src/core/model/gate-patch.ts';
import { expectReading, type Case } from './case.ts';
import { judgedOn } from './written.ts';

/** A process that started 5 s into the window, after another one. */
const RESTARTED = '1000x15 1700000014x25';
const query = (text: string, more: GatePatch = {}): GatePatch => ({ query: text, ...more });
const OTHER_TARGET = { 'up{instance="k"}': '1x40', 'process_start_time_seconds{instance="k"}': '1000x40' };
const TWO_SHARDS = { 'x{shard="a"}': '9x40', 'x{shard="b"}': '2x40' };
const NOTHING = { errors: '0x40', asked: '0x40' };
const ENDED = { 'x{s="a"}': '5x13 X', 'x{s="b"}': '1x40' };

/** Expressions that gave a value whatever happened, or left a part of the fleet out. Each passed or failed falsely before. */
const CASES: Readonly<Record<string, readonly Case[]>> = {
  'sets of series that never match': [
    ['and, with other labels', { 'x{p="1"}': '9x40', y: '9x40' }, query('sum(x and y) or vector(0)'), 'empty'],
    [
      'on a label that one side lacks',
      { 'x{s="a"}': '9x40', y: '9x40' },
      query('sum(x and on (s) y) or vector(0)'),
      'empty',
    ],
    ['unless, which then keeps all', { 'x{p="1"}': '9x40', y: '9x40' }, query('sum(x unless y)', { min: 5 }), 'empty'],
    [
      'with the same labels, by chance none',
      { 'x{s="a"}': '9x40', 'y{s="b"}': '9x40' },
      query('count(x and y) or vector(0)'),
      0,
    ],
    ['ignoring what they differ in', { 'x{p="1"}': '2x40', y: '9x40' }, query('sum(x and ignoring (p) y)'), 2],
    [
      'where one side is not there now',
      { 'x{p="1"}': '2x40', y: '9x9 X' },
      query('sum(x unless y)', { absentIs: 0, job: 'j' }),
      2,
    ],
  ],
  'divisors that are kept from being 0': [
    ['by clamp_min()', NOTHING, query('sum(errors) / clamp_min(sum(asked), 1)'), 'no-events'],
    [
      'of a ratio',
      NOTHING,
      { ratio: { numerator: 'sum(errors)', denominator: 'clamp_min(sum(asked), 1)' } },
      'no-events',
    ],
    ['by one more', NOTHING, query('sum(errors) / (sum(asked) + 1)'), 'no-events'],
    ['by one where it is 0', NOTHING, query('sum(errors) / (sum(asked) + (sum(asked) == bool 0))'), 'no-events'],
    [
      'a limit that hides a lower rate',
      { errors: '0.2x40', asked: '0.2x40' },
      query('sum(errors) / clamp_min(sum(asked), 1)'),
      'no-events',
    ],
    ['where something happened', { errors: '4x40', asked: '2x40' }, query('sum(errors) / clamp_min(sum(asked), 1)'), 2],
    [
      'infinite, so that the quotient is 0',
      { errors: '1x40', asked: '+Infx40' },
      query('sum(errors) / sum(asked)'),
      'nan',
    ],
    [
      'so small that the quotient is infinite',
      { errors: '1x40', asked: '1e-320x40' },
      { ratio: { numerator: 'sum(errors)', denominator: 'sum(asked)' }, min: 1 },
      'infinite',
    ],
    [
      'below 0',
      { errors: '1x40', asked: '-5x40' },
      { ratio: { numerator: 'sum(errors)', denominator: 'sum(asked)' } },
      'too-few-events',
    ],
    [
      'infinite values behind a limit',
      { 'x{s="a"}': '+Infx40', 'x{s="b"}': '1x40' },
      query('sum(clamp_min(x, 2)) > bool 5', { max: 0 }),
      'nan',
    ],
  ],
  'labels that the query makes': [
    [
      'of a label that no series has',
      TWO_SHARDS,
      query('min(sum by (part) (label_replace(x, "part", "$1", "shrd", "(.+)")))'),
      'no-series',
    ],
    [
      'by an expression that does not match',
      TWO_SHARDS,
      query('min(sum by (part) (label_replace(x, "part", "$1", "shard", "s-(.+)")))'),
      'no-series',
    ],
    ['as they should be', TWO_SHARDS, query('min(sum by (part) (label_replace(x, "part", "$1", "shard", "(.+)")))'), 2],
    [
      'beside a label that is there',
      TWO_SHARDS,
      query('min(sum by (shard) (label_replace(x, "part", "$1", "shard", "s-(.+)")))'),
      2,
    ],
  ],
  'names in other notations': [
    [
      'a counter in quotes, after a restart',
      { process_start_time_seconds: RESTARTED, x_total: '9x15 0x25' },
      query('sum({"x_total"})'),
      'counter-reset',
    ],
    [
      'by an expression',
      { process_start_time_seconds: RESTARTED, x_total: '9x15 0x25' },
      query('sum({__name__=~"x_(a_)?total"})'),
      'counter-reset',
    ],
    [
      'with colons',
      { process_start_time_seconds: RESTARTED, 'a:x_total': '9x15 0x25' },
      query('sum(a:x_total)'),
      'counter-reset',
    ],
    [
      'Pods that no list confirmed, in quotes',
      { belay_pods_bound: '2x40' },
      query('sum({"belay_pods_bound"})'),
      'stale-watch',
    ],
    [
      'Pods that no list confirmed, by an expression',
      { 'up{job="belay-worker"}': '1x40', 'belay_pods_bound{job="belay-worker"}': '2x40' },
      query('sum({__name__=~"belay_.*bound"})'),
      'stale-watch',
    ],
    ['a rate that a recording rule calculates', { 'job:x:rate5m': '0x40' }, query('sum(job:x:rate5m)'), 'query-error'],
    ['a quantile of one', { 'job:x_seconds:p99': '0x40' }, query('max(job:x_seconds:p99)'), 'query-error'],
    ['a sum of one', { 'job:x:sum': '2x40' }, query('max(job:x:sum)'), 2],
    [
      'a recorded rate that is only shown',
      { 'job:x:rate5m': '2x40' },
      query('sum(job:x:rate5m)', { bar: 'informational' }),
      2,
    ],
  ],
  'changes over a time': [
    [
      'deriv() of a series with one sample',
      { 'x{s="a"}': '1x40', 'x{s="b"}': '_x20 900x20' },
      query('max(deriv(x[$window]))'),
      'too-few-samples',
    ],
    [
      'delta() of it',
      { 'x{s="a"}': '1x40', 'x{s="b"}': '_x20 900x20' },
      query('max(delta(x[$window]))'),
      'too-few-samples',
    ],
    [
      'deriv() of series that are all there',
      { 'x{s="a"}': '1x40', 'x{s="b"}': '0+2x40' },
      query('max(deriv(x[$window]))'),
      2,
    ],
    [
      'resets() of a counter that outgrew its old value',
      { process_start_time_seconds: RESTARTED, x_total: '1x15 90x25' },
      query('sum(resets(x_total[$window]))', { max: 0 }),
      'counter-reset',
    ],
    [
      'resets() that show the restart',
      { process_start_time_seconds: RESTARTED, x_total: '9x15 0x25' },
      query('sum(resets(x_total[$window]))', { max: 0 }),
      1,
    ],
    [
      'increase() of three, which is extrapolated',
      { x_total: '0x15 3x25' },
      query('sum(increase(x_total[$window]))'),
      'bar-in-bounds',
    ],
    [
      'increase() beside its bar',
      { x_total: '0x15 3x25' },
      query('sum(increase(x_total[$window]))', { max: 2 }),
      [3, 19 / 6],
    ],
    [
      'rate() in a subquery, of a series born in it',
      { 'x_total{r="e"}': '_x13 50x27', 'x_total{r="ok"}': '0x40' },
      query('max_over_time(sum(rate(x_total[2s]))[7s:1s])'),
      'born-in-window',
    ],
    [
      'rate() in a subquery, of one that was reset',
      { x_total: '0x13 5 0x26' },
      query('max_over_time(sum(rate(x_total[2s]))[7s:1s])'),
      'counter-reset',
    ],
  ],
  'series that ended': [
    ['last_over_time() that is moved', ENDED, query('sum(last_over_time(x[9s] offset 1s))', { min: 6 }), 'no-series'],
    ['last_over_time() of a subquery', ENDED, query('sum(last_over_time(x[9s:1s]))', { min: 6 }), 'no-series'],
    ['the sum of means', ENDED, query('sum(avg_over_time(x[$window]))', { min: 6 }), 'no-series'],
    [
      'the sum of maxima, beside the series that replaced it',
      { 'x{s="a"}': '5x13 X', 'x{s="b"}': '_x13 5x27' },
      query('sum(max_over_time(x[$window]))', { min: 6 }),
      'no-series',
    ],
    ['the highest of all there were', ENDED, query('max(max_over_time(x[$window]))', { max: 5 }), 5],
    [
      'a target answers with an empty page',
      { ...OTHER_TARGET, x: '1x40', 'x{instance="k"}': '9x15 X' },
      query('max(x)'),
      'no-series',
    ],
    [
      'a target answers with an empty page, and a count has a bar',
      { ...OTHER_TARGET, x: '1x40', 'x{instance="k"}': '1x15 X' },
      query('count(x)', { min: 1 }),
      'no-series',
    ],
    [
      'series that come and go',
      { ...OTHER_TARGET, x: '1x40', 'x{instance="k"}': '9x15 X' },
      query('max(x)', { absentIs: 0, job: 'j' }),
      1,
    ],
    [
      'another series of the target',
      { ...OTHER_TARGET, x: '1x40', 'x{instance="k",s="a"}': '9x15 X', 'x{instance="k",s="b"}': '2x40' },
      query('max(x)'),
      2,
    ],
  ],
  'counters that count twice, or too much': [
    [
      'a part of them once more',
      { 'x_total{r="e"}': '0+1x40', 'x_total{r="ok"}': '0+1x40' },
      { share: { counter: 'x_total{r="e"}', of: 'sum(x_total) + sum(x_total{r="e"})' }, max: 0.4 },
      'query-error',
    ],
    [
      'parts that have nothing in common',
      { 'x_total{r="e"}': '0+1x40', 'x_total{r="ok"}': '0+1x40' },
      { delta: { counter: 'sum(x_total{r="e"}) + sum(x_total{r="ok"})' }, max: 20 },
      20,
    ],
    [
      'beyond what a number can count',
      { 'x_total{s="a"}': '9e15x40', 'x_total{s="b"}': '9e15x15 9000000000000001x25' },
      { delta: { counter: 'x_total' }, max: 0 },
      'bar-in-bounds',
    ],
  ],
};

describe.each(Object.entries(CASES))('%s', (_class, cases) => {
  it.each(cases.map((one) => [one[0], one] as const))('%s', (_what, one) => expectReading(one));
});

const REFUSED: readonly (readonly [what: string, patch: GatePatch, field: string])[] = [
  ['a difference of the same in other words', { query: 'sum(x) - (sum( x ))' }, 'query'],
  ['a quotient of the same in other words', { query: 'sum(x{a=\'1\'}) / sum(x{a="1"})' }, 'query'],
  ['what is left without everything', { query: 'sum(x unless on () vector(1)) or vector(0)' }, 'query'],
  ['a bar that is no number', { query: 'sum(x)', max: NaN }, 'max'],
  ['a bar without an end', { query: 'sum(x)', max: Infinity }, 'max'],
  ['a share in percent', { share: { counter: 'x_total{r="e"}', of: 'x_total' }, max: 1, unit: '%' }, 'unit'],
  ['seconds in milliseconds', { quantile: { of: 0.9, histogram: 'h_seconds_bucket' }, max: 500, unit: 'ms' }, 'unit'],
  ['bytes in megabytes', { delta: { counter: 'x_bytes_total' }, max: 500, unit: 'MB' }, 'unit'],
  [
    'seconds of a query in milliseconds',
    { query: 'max(max_over_time(x_seconds[$window]))', max: 500, unit: 'ms' },
    'unit',
  ],
  ['a mean of several in them', { query: 'avg(x_seconds) or vector(0)', max: 500, unit: 'ms' }, 'unit'],
  ['an age in them', { query: 'time() - max(x_timestamp_seconds)', max: 500, unit: 'ms' }, 'unit'],
  [
    'a quantile of a query in them',
    { query: 'histogram_quantile(0.9, sum by (le) (rate(x_seconds_bucket[$window])))', max: 500, unit: 'ms' },
    'unit',
  ],
  ['a quotient in percent', { query: '1 - sum(a) / sum(b)', max: 5, unit: '%' }, 'unit'],
  ['a ratio in percent', { ratio: { numerator: 'sum(a)', denominator: 'sum(b)' }, max: 5, unit: '%' }, 'unit'],
  ['a mean of seconds in milliseconds', { query: 'sum(x_seconds) / count(x_seconds)', max: 5, unit: 'ms' }, 'unit'],
  ['an age in minutes', { idle: { counter: 'x_total' }, max: 5, unit: 'min' }, 'unit'],
];

describe('a gate is refused that judges by another number than it shows', () => {
  it.each(REFUSED)('%s', (_what, patch, field) => {
    expect(() => judgedOn({ x_total: '1x40' }, patch)).toThrow(`gates.gate.${field}: `);
  });

  it.each([
    ['bytes a second', { delta: { counter: 'x_bytes_total', perSecond: true }, unit: 'MB' }],
    ['seconds of processors', { delta: { counter: 'x_cpu_seconds_total' }, unit: 'cores' }],
    ['another unit in a query', { query: 'sum(x_seconds) * 1000', unit: 'ms' }],
    ['a quotient that is multiplied', { query: '100 * sum(a) / sum(b)', unit: '%' }],
    ['a ratio that is', { ratio: { numerator: '100 * sum(a)', denominator: 'sum(b)' }, unit: '%' }],
    ['a mean of percents', { query: 'sum(x_percent) / count(x_percent)', unit: '%' }],
    ['a mean of what is in percent by its name', { query: 'sum(GPU_UTIL) / count(GPU_UTIL)', unit: '%' }],
    ['the least of times', { query: 'max(wait_seconds_min)', unit: 's' }],
    ['how many there are', { query: 'count(x_seconds > 5)', unit: 'ms' }],
    ['what is divided by a number', { query: 'max(x_bytes) / 1e6', unit: 'MB' }],
  ] as const)('but not %s', (_what, patch) => {
    expect(() => judgedOn({ x_total: '1x40' }, patch)).not.toThrow();
  });
});
