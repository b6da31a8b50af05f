import { describe, expect, it } from 'vitest';
import type { GatePatch } from '../../../../src/core/model/gate-patch.ts';
import { expectReading, type Case } from './case.ts';
import { judgedOn } from './written.ts';

/** A process that started 5 s into the window, after another one. */
const RESTARTED = '1000x15 1700000014x25';
const query = (text: string, more: GatePatch = {}): GatePatch => ({ query: text, ...more });
/** A `job` whose target is watched beside the usual one. */
const OTHER_JOB = { 'up{job="k"}': '1x40', 'process_start_time_seconds{job="k"}': '1000x40' };
const TWO_SHARDS = { 'x{shard="a"}': '1x40', 'x{shard="b"}': '9x40' };
const BUCKETS = ['1', '2', '10', '20', '+Inf'];
const buckets = (labels: string, bounds: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(bounds.map((bound) => [`h_bucket{${labels},le="${bound}"}`, '0+10x40']));

/** Ways to be fooled that no row of a list of known ones has, by their class. Each of them passed or failed falsely before. */
const CASES: Readonly<Record<string, readonly Case[]>> = {
  'counters that are read in other ways': [
    [
      'delta() of PromQL over a restart',
      { process_start_time_seconds: RESTARTED, x_total: '5x12 90x3 0x25' },
      query('sum(delta(x_total[$window]))'),
      'counter-reset',
    ],
    [
      'a counter as it is, after a restart',
      { process_start_time_seconds: RESTARTED, x_total: '9x15 0x25' },
      query('sum(x_total)'),
      'counter-reset',
    ],
    ['a counter as it is, of one process', { x_total: '2x40' }, query('sum(x_total)'), 2],
    [
      'buckets without rate() are those of the whole life of a process',
      buckets('s="a"', BUCKETS),
      query('histogram_quantile(0.9, sum by (le) (h_bucket))'),
      'query-error',
    ],
  ],
  'labels that no series has': [
    [
      'by a misspelt label, all shards are one group',
      { 'x{shard="a"}': '9x40', 'x{shard="b"}': '0x40' },
      query('min(sum by (shrd) (x))'),
      'no-series',
    ],
    [
      'by a label that an aggregation within took away',
      TWO_SHARDS,
      query('min(sum by (shard) (sum by (job) (x)))'),
      'no-series',
    ],
    [
      'by a label that the query makes',
      TWO_SHARDS,
      query('min(sum by (part) (label_replace(x, "part", "$1", "shard", "(.*)")))'),
      1,
    ],
    ['without a misspelt label', TWO_SHARDS, query('max(sum without (shrd) (x))'), 'no-series'],
    [
      'groups of a quantile',
      buckets('shard="a"', BUCKETS),
      { quantile: { of: 0.9, histogram: 'h_bucket', by: ['shrd'] } },
      'no-series',
    ],
    [
      'a loop that hangs behind another one',
      { 'x{shard="a"}': '0+1x40', 'x{shard="b"}': '3x40' },
      { idle: { counter: 'x', by: ['shrd'] } },
      'no-series',
    ],
    [
      'a misspelt label of a matcher that excludes',
      { 'x_total{result="error"}': '0+10x40' },
      { delta: { counter: 'x_total{reslt!="error"}' } },
      'no-series',
    ],
    [
      'a matcher that excludes a value of a label that is there',
      { 'x_total{result="ok"}': '0+1x40' },
      { delta: { counter: 'x_total{result!="error"}' }, max: 10 },
      10,
    ],
    ['one of several names', { a_total: '0x40' }, { delta: { counter: '{__name__=~"a_total|b_total"}' } }, 'no-series'],
  ],
  'series without a partner': [
    [
      'a shard without its divisor is in no maximum',
      { 'a{s="1"}': '1x40', 'a{s="2"}': '9x40', 'b{s="1"}': '1x40' },
      query('max(a / on (s) b)'),
      'empty',
    ],
    [
      'labels that do not match, behind a default',
      { 'a{s="1"}': '9x40', 'b{t="1"}': '1x40' },
      query('max(a / on (job) b{t="2"}) or vector(0)'),
      'no-series',
    ],
    [
      'values of labels that do not match, behind a default',
      { 'a{s="1"}': '9x40', 'b{s="2"}': '1x40' },
      query('max(a / on (s) b) or vector(0)'),
      'empty',
    ],
    [
      'of one to many only the many need one',
      { 'a{s="1"}': '2x40', 'b{s="1",pod="x"}': '1x40', 'b{s="2",pod="y"}': '1x40' },
      query('max(a * on (s) group_left (pod) b)'),
      2,
    ],
    [
      'a divisor that is filtered on purpose',
      { 'a{s="1"}': '1x40', 'a{s="2"}': '0x40', 'b{s="1"}': '1x40', 'b{s="2"}': '0x40' },
      query('max(a / on (s) (b > 0))'),
      1,
    ],
  ],
  'values that are no numbers': [
    ['compared, with bool', { 'x{s="a"}': '1x40', 'x{s="b"}': 'NaNx40' }, query('sum(x > bool 2)', { max: 0 }), 'nan'],
    [
      'compared, as a filter with a default',
      { 'x{s="a"}': '1x40', 'x{s="b"}': 'NaNx40' },
      query('sum(x > 5) or vector(0)'),
      'nan',
    ],
    [
      'compared with a number that is none, because there are two',
      { x: '9x40', 'y{s="a"}': '1x40', 'y{s="b"}': '2x40' },
      query('sum(x) > bool scalar(y)', { max: 0 }),
      'nan',
    ],
    ['behind unless', { x: '1x40', y: 'NaNx40' }, query('sum(x unless y > 5)'), 'nan'],
    ['a broken value is no failure', { x: 'NaNx40' }, query('sum(x == bool 1)', { min: 1 }), 'nan'],
    [
      'at some steps of a subquery',
      { a: '1x40', b: '1x12 0x3 1x25', c: '0x40' },
      query('max_over_time(((a * c) / b)[$window:1s])'),
      'nan',
    ],
    ['compared, as it should be', { 'x{s="a"}': '1x40', 'x{s="b"}': '9x40' }, query('sum(x > bool 2)', { max: 0 }), 1],
  ],
  'nothing happened': [
    [
      'a default of 100 %',
      { a: '0x40', b: '0x40' },
      query('(sum(a) / (sum(b) > 0)) or vector(1)', { min: 0.99 }),
      'no-events',
    ],
    ['a default of no errors', { a: '0x40', b: '0x40' }, query('(sum(a) / (sum(b) > 0)) or vector(0)'), 'no-events'],
    ['a filter that keeps nothing is a count of 0', { x: '1x40' }, query('count(x > 5) or vector(0)', { max: 0 }), 0],
  ],
  'absentIs with several series': [
    [
      'what is there is not lost with what is absent',
      { 'x{k="a"}': '7x40', x: '1x40' },
      query('sum(x{k="a"}) + sum(x{k="b"})', { absentIs: 0, job: 'j' }),
      7,
    ],
    ['all are absent', { 'x{k="c"}': '1x40' }, query('sum(x{k="a"}) + sum(x{k="b"})', { absentIs: 0, job: 'j' }), 0],
    [
      'the divisor is absent',
      { 'x{k="a"}': '7x40', x: '1x40' },
      query('sum(x{k="a"}) / sum(x{k="b"})', { absentIs: 0, job: 'j' }),
      'infinite',
    ],
    [
      'series with labels',
      { 'x{k="a",s="1"}': '7x40', x: '1x40' },
      query('max(x{k="a"} + on (job) x{k="b"}) * max(x{k="b"})', { absentIs: 0, job: 'j' }),
      0,
    ],
  ],
  'a time that is not the window': [
    ['before it', { x: '1x9 9x31' }, query('max(x offset 15s)'), 'too-few-samples'],
    ['a range that reaches into settling', { x: '9x5 1x35' }, query('max(max_over_time(x[20s]))'), 'too-few-samples'],
    ['a subquery that does', { x: '9x5 1x35' }, query('max_over_time(sum(x)[8s:1s] offset 5s)'), 'too-few-samples'],
    ['after it', { x: '9x20 9 1x19' }, query('max(x offset -5s)'), 'query-error'],
    ['its beginning', { x: '1x11 4x29' }, query('sum(x) - sum(x offset $window)'), 3],
  ],
  'series that ended or were not there': [
    [
      'last_over_time() holds what ended',
      { 'x{s="a"}': '5x13 X', 'x{s="b"}': '1x40' },
      query('sum(last_over_time(x[$window]))'),
      'no-series',
    ],
    [
      'count_over_time() counts it',
      { 'x{s="a"}': '5x13 X', 'x{s="b"}': '1x40' },
      query('count(count_over_time(x[$window]))'),
      'no-series',
    ],
    [
      'unless the query compares it with what there is',
      { 'x{s="a"}': '5x13 X', 'x{s="b"}': '1x40' },
      query('count(last_over_time(x[$window])) - count(x)'),
      1,
    ],
    [
      'the least of a sum that was empty for a while',
      { 'x{s="a"}': '5x12 X _x6 5x21' },
      query('min_over_time(sum(x)[$window:1s])', { min: 5 }),
      'empty',
    ],
    ['the least of a sum that was there', { x: '5x40' }, query('min_over_time(sum(x)[$window:1s])', { min: 5 }), 5],
  ],
  targets: [
    [
      'one behind two jobs counts twice',
      { ...OTHER_JOB, x: '5x40', 'x{job="k"}': '5x40' },
      query('sum(x)', { min: 6 }),
      'query-error',
    ],
    [
      'unless the gate names the job',
      { ...OTHER_JOB, x: '5x40', 'x{job="k"}': '5x40' },
      query('sum(x{job="j"})', { min: 5 }),
      5,
    ],
    [
      'of another job than the gate names',
      { 'up{job="k"}': '1x12 0x5 1x23', 'x{job="k"}': '1x12 _x5 1x23' },
      query('max(max_over_time(x[$window]))', { job: 'j' }),
      'target-down',
    ],
    [
      'that is another one after a change of its labels',
      {
        up: 'X',
        'up{pod="a"}': '1x15 X',
        'up{pod="b"}': '_x15 1x25',
        'x_total{pod="a"}': '500x15 X',
        'x_total{pod="b"}': '_x15 500x25',
      },
      { delta: { counter: 'x_total' } },
      'target-stale',
    ],
    [
      'of processes with other bounds in their histograms',
      {
        ...buckets('instance="i"', ['1', '10', '20', '+Inf']),
        ...buckets('instance="k"', ['2', '10', '20', '+Inf']),
        'up{instance="k"}': '1x40',
        'process_start_time_seconds{instance="k"}': '1000x40',
      },
      { quantile: { of: 0.6, histogram: 'h_bucket' } },
      'nan',
    ],
    [
      'without a last bucket in one of them',
      {
        ...buckets('instance="i"', BUCKETS),
        ...buckets('instance="k"', BUCKETS.slice(0, -1)),
        'up{instance="k"}': '1x40',
        'process_start_time_seconds{instance="k"}': '1000x40',
      },
      query('histogram_quantile(0.6, sum by (le) (rate(h_bucket[$window])))'),
      'nan',
    ],
  ],
};

describe.each(Object.entries(CASES))('%s', (_class, cases) => {
  it.each(cases.map((one) => [one[0], one] as const))('%s', (_what, one) => expectReading(one));
});

const REFUSED: readonly (readonly [what: string, patch: GatePatch, field: string])[] = [
  ['a share of the same counters', { share: { counter: 'sum(x_total)', of: 'sum( x_total )' }, min: 0.9 }, 'share.of'],
  [
    'a ratio of the same in other words',
    { ratio: { numerator: 'sum(x{a="1", b="2"})', denominator: "(sum(x{b='2',a='1'}))" }, min: 0.9 },
    'ratio.denominator',
  ],
  ['a limit at the bar', { query: 'clamp_max(sum(x), 3)', max: 3 }, 'max'],
  ['an answer of yes or no below a bar of 1', { query: 'sum(x) > bool 3', max: 1 }, 'max'],
  ['growth that is at least 0', { delta: { counter: 'x_total' }, min: 0 }, 'min'],
  ['an age that is at least 0', { idle: { counter: 'x_total' }, min: 0 }, 'min'],
];

describe('a bar that nothing misses is refused', () => {
  it.each(REFUSED)('%s', (_what, patch, field) => {
    expect(() => judgedOn({ x_total: '1x40' }, patch)).toThrow(`gates.gate.${field}: `);
  });

  it('but not the least count of something', () => {
    const { reading } = judgedOn({ 'x{s="a"}': '1x40' }, query('count(x)', { min: 1 }));
    expect(reading).toMatchObject({ value: 1 });
  });
});
