import { describe, it } from 'vitest';
import type { GatePatch } from '../../../../src/core/model/gate-patch.ts';
import { expectReading, type Case } from './case.ts';

/** A process that started 5 s into the window, after another one. */
const RESTARTED = '1000x15 1700000014x25';
/** Two processes that are asked in turn. */
const ALTERNATING = Array.from({ length: 40 }, (_, second) => (second % 2 === 0 ? '1000' : '5000')).join(' ');
const delta = (counter = 'x_total'): GatePatch => ({ delta: { counter }, bar: 'informational' });
const query = (text: string): GatePatch => ({ query: text });

const CASES: Readonly<Record<string, readonly Case[]>> = {
  births: [
    ['rate() without events before the window', { x_total: '0+1x40' }, query('sum(rate(x_total[$window]))'), 1],
    [
      'rate() leaves out what a series is born with',
      { x_total: '_x15 500x25' },
      query('sum(rate(x_total[$window]))'),
      'born-in-window',
    ],
    [
      'so does increase() over a time of its own',
      { x_total: '_x15 500x25' },
      query('sum(increase(x_total[8s]))'),
      'born-in-window',
    ],
    [
      'rate() leaves out what a restart loses',
      { process_start_time_seconds: RESTARTED, x_total: '5x15 9x25' },
      query('sum(rate(x_total[$window]))'),
      'counter-reset',
    ],
    [
      'rate() leaves out what is counted after a series ended',
      { 'x_total{kind="a"}': '5+1x12 X', 'x_total{kind="b"}': '0x40' },
      query('sum(rate(x_total[$window]))'),
      'counter-reset',
    ],
    ['a moved range is not known', { x_total: '0+1x40' }, query('sum(rate(x_total[5s] offset 5s))'), 'query-error'],
  ],
  'one process': [
    [
      'counters of two servers behind one address are not one counter',
      { process_start_time_seconds: ALTERNATING, x_total: '1500000 3 1500000 4 1500001 5 1500002 6x33' },
      delta(),
      'several-processes',
    ],
    [
      'nor where the other server answers once',
      { process_start_time_seconds: '1000x15 500 1000x24', x_total: '9x15 1500000 9x24' },
      delta(),
      'several-processes',
    ],
    [
      'nor in a quantile',
      {
        process_start_time_seconds: ALTERNATING,
        'h_bucket{le="1"}': '90 3 90 4x37',
        'h_bucket{le="+Inf"}': '90 3 90 4x37',
      },
      { quantile: { of: 0.9, histogram: 'h_bucket' }, bar: 'informational' },
      'several-processes',
    ],
    [
      'nor in a rate',
      { process_start_time_seconds: ALTERNATING, x_total: '1500000 3 1500000 4 1500001 5 1500002 6x33' },
      query('sum(rate(x_total[$window]))'),
      'several-processes',
    ],
    [
      'another target of the job does not matter to one with a name of its own',
      { 'process_start_time_seconds{job="k"}': ALTERNATING, 'up{job="k"}': '1x40', x_total: '0+1x40' },
      delta('x_total{job="j"}'),
      10,
    ],
    [
      'a clock that is corrected by a second is no other process',
      { process_start_time_seconds: '1001x15 1000x25', x: '1x40' },
      query('max(x)'),
      1,
    ],
    ['a restart is none', { process_start_time_seconds: RESTARTED, x: '1x40' }, query('max(x)'), 1],
  ],
  names: [
    ['a misspelt name is not 0', { x: '1x40' }, query('y or 0 * x'), 'no-series'],
    ['nor in unless', { x: '1x40' }, query('x unless y'), 'no-series'],
    ['nor in delta', { x_total: '1x40' }, delta('sum(x_total) + sum(y_total)'), 'no-series'],
    ['a wrong label value is not 0', { 'x_total{kind="a"}': '1x40' }, delta('x_total{kind="b"}'), 'no-series'],
    [
      'absentIs holds for a label value',
      { 'x_total{kind="a"}': '1x40' },
      { ...delta('x_total{kind="b"}'), absentIs: 0, job: 'j' },
      0,
    ],
    [
      'absentIs does not hold for a name',
      { 'x_total{kind="a"}': '1x40' },
      { ...delta('y_total'), absentIs: 0, job: 'j' },
      'no-series',
    ],
    ['a name that vanished is not 0', { x: '1x12 X', y: '1x40' }, query('sum(x) or 0 * sum(y)'), 0],
  ],
  aggregates: [
    ['max() hides no NaN', { 'x{s="a"}': '1x40', 'x{s="b"}': 'NaNx40' }, query('max(x)'), 'nan'],
    ['count() hides no Inf', { 'x{s="a"}': '1x40', 'x{s="b"}': '+Infx40' }, query('count(x)'), 'nan'],
    ['max() over a time hides no NaN', { x: '1x15 NaN 1x24' }, query('max(max_over_time(x[$window]))'), 'nan'],
  ],
  samples: [
    ['too few are none', { x: '1x40' }, { ...query('max(x)'), minSamples: 50 }, 'too-few-samples'],
    [
      'a quantile of the target is none of the window',
      { 'x{quantile="0.99"}': '1x40' },
      query('max(x)'),
      'precomputed-quantile',
    ],
  ],
  watch: [
    [
      'counts of Pods rest on a confirmed state',
      { belay_pods_bound: '4x40', 'belay_watch_confirmed_age_seconds{campaign="written"}': '90x40' },
      query('max(belay_pods_bound)'),
      'stale-watch',
    ],
    [
      'of a young age',
      { belay_pods_bound: '3x40', 'belay_watch_confirmed_age_seconds{campaign="written"}': '2x40' },
      query('max(belay_pods_bound)'),
      3,
    ],
  ],
  coverage: [
    ['a target that is down at the end', { up: '1x12 0x28', x: '1x12 X' }, query('max(x)'), 'target-down'],
    ['a target that is not scraped at the end', { up: '1x12', x: '1x12' }, query('max(x)'), 'target-stale'],
    ['a target that never appeared', { x: '1x40' }, query('max(x)'), 'no-series', { expected: { j: { count: 2 } } }],
    [
      'one missed scrape changes no sum',
      { 'up{instance="k"}': '1x20 0 1x19', 'x{instance="i"}': '1x40', 'x{instance="k"}': '2x20 X 2x19' },
      query('sum(x)'),
      3,
    ],
    [
      'the instance before does not count beside the new one',
      {
        'up{instance="i"}': '1x19 X',
        'up{instance="k"}': '_x19 1x21',
        'x{instance="i"}': '2x19 X',
        'x{instance="k"}': '_x19 2x21',
      },
      query('sum(x)'),
      2,
    ],
    ['a series that ended does not count', { 'x{s="a"}': '1x19 X', 'x{s="b"}': '2x40' }, query('sum(x)'), 2],
    [
      'a series that may have ended before its target',
      {
        'up{instance="k"}': '1x20 0x20',
        'x{instance="k",s="a"}': '1x18 X',
        'x{instance="k",s="b"}': '1x20 X',
        x: '1x40',
      },
      query('sum(x)'),
      'target-down',
    ],
    [
      'a target that another may have replaced',
      { up: '1x18 0x22', 'up{instance="k"}': '_x18 1x22', x: '2x18 X', 'x{instance="k"}': '_x18 2x22' },
      query('sum(x)'),
      'target-down',
    ],
    [
      'a maximum over a gap',
      { up: '1x12 _x5 1x23', x: '1x12 _x5 1x23' },
      query('max(max_over_time(x[$window]))'),
      'target-stale',
    ],
  ],
};

describe.each(Object.entries(CASES))('%s', (_group, cases) => {
  it.each(cases.map((one) => [one[0], one] as const))('%s', (_what, one) => expectReading(one));
});
