import { describe, expect, it } from 'vitest';
import type { GatePatch } from '../../../../src/core/model/gate-patch.ts';
import { expectReading, type Case } from './case.ts';
import { judgedOn } from './written.ts';

/** A process that started 5 s into the window, after another one. */
const RESTARTED = '1000x15 1700000014x25';
const query = (text: string, more: GatePatch = {}): GatePatch => ({ query: text, ...more });
const OTHER_TARGET = { 'up{instance="k"}': '1x40', 'process_start_time_seconds{instance="k"}': '1000x40' };
const HISTOGRAM = { h_sum: '900x40', 'h_bucket{le="+Inf"}': '500x40' };

/** What a series is, and what a target serves, by what was seen of it. Each passed or failed falsely before, unless it is measured. */
const CASES: Readonly<Record<string, readonly Case[]>> = {
  'counters by what was seen': [
    [
      'the count of a histogram',
      { ...HISTOGRAM, h_count: '500x40' },
      query('sum(h_count)', { min: 100 }),
      'query-error',
    ],
    ['of a summary', { h_sum: '900x40', h_count: '500x40' }, query('sum(h_count)', { min: 100 }), 'query-error'],
    ['its sum', { ...HISTOGRAM, h_count: '500x40' }, query('max(h_sum)', { min: 100 }), 'query-error'],
    ['a gauge that is a count', { pods_count: '500x40' }, query('sum(pods_count)', { min: 100 }), 500],
    [
      'the count of a histogram, after a restart',
      { process_start_time_seconds: RESTARTED, h_sum: '9x15 0x25', h_count: '9x15 0x25' },
      query('sum(h_count)'),
      'counter-reset',
    ],
    [
      'its change, after a restart',
      { process_start_time_seconds: RESTARTED, h_sum: '9x15 0x25', h_count: '9x15 0x25' },
      query('sum(delta(h_count[$window]))'),
      'counter-reset',
    ],
    ['a moved counter', { x_total: '500x40' }, query('sum(x_total offset 2s)', { min: 100 }), 'query-error'],
    ['less a gauge', { x_total: '500x40', y: '1x40' }, query('sum(x_total) - sum(y)', { min: 100 }), 'query-error'],
    [
      'less nothing',
      { x_total: '500x40', y_total: '1x40' },
      query('sum(x_total) - 0 * sum(y_total)', { min: 100 }),
      'query-error',
    ],
    [
      'less its value before',
      { x_total: '500+1x40' },
      query('sum(x_total) - sum(x_total offset $window)', { min: 5 }),
      10,
    ],
    ['errors before the window are no failure of it', { x_total: '9x40' }, query('sum(x_total)'), 'query-error'],
    ['errors before it, and more in it', { x_total: '9x15 20x25' }, query('sum(x_total)'), 20],
  ],
  'ranges that are moved': [
    [
      'a gauge that appeared in one',
      { 'x{s="a"}': '1x40', 'x{s="b"}': '_x15 900x25' },
      query('max(delta(x[7s] offset 2s))'),
      'born-in-window',
    ],
    [
      'a gauge that ended in one',
      { 'x{s="a"}': '1x40', 'x{s="b"}': '900x13 X' },
      query('min(delta(x[7s] offset 2s))', { min: -3 }),
      'no-series',
    ],
    [
      'in parentheses',
      { 'x{s="a"}': '1x40', 'x{s="b"}': '_x15 900x25' },
      query('max(delta((x[$window])))'),
      'born-in-window',
    ],
    [
      'at a moment',
      { 'x{s="a"}': '1x40', 'x{s="b"}': '_x15 900x25' },
      query('max(changes(x[7s] offset 2s))', { max: 0 }),
      'born-in-window',
    ],
    [
      'with one sample',
      { 'x{s="a"}': '1x40', 'x{s="b"}': '_x18 900x22' },
      query('max(deriv(x[7s] offset 2s))'),
      'too-few-samples',
    ],
    ['with a gap in the series', { x: '1x8 Xx6 1x26', y: '1x40' }, query('max(max_over_time(x[9s] offset 1s))'), 1],
    ['with a gap in it', { x: '1x12 Xx6 1x22', y: '1x40' }, query('max(max_over_time(x[9s] offset 1s))'), 'empty'],
    ['with a value that is no number', { x: '1x14 NaN 1x25' }, query('max(max_over_time(x[7s] offset 2s))'), 'nan'],
    [
      'with a sample that is missing',
      { up: '1x12 0 1x27', x: '1x12 X 1x27' },
      query('sum(sum_over_time(x[8s] offset 1s))', { max: 7 }),
      'too-few-samples',
    ],
    [
      'with a restart that resets() does not show',
      { process_start_time_seconds: RESTARTED, x_total: '1x15 90x25' },
      query('sum(resets(x_total[8s] offset 1s))', { max: 0 }),
      'counter-reset',
    ],
    ['with nothing of that', { x: '1x15 3x25' }, query('max(delta(x[8s] offset 1s))'), 2.2857142857142856],
  ],
  'labels that without takes away': [
    [
      'from some, where others have another label',
      { 'x{sh="a"}': '0x40', 'x{sh="b"}': '9x40', 'x{shard="c"}': '9x40' },
      query('min(sum without (sh) (x))', { min: 5 }),
      'no-series',
    ],
    [
      'from each',
      { 'x{shard="a",pod="1"}': '3x40', 'x{shard="a",pod="2"}': '9x40', 'x{shard="b",pod="3"}': '9x40' },
      query('min(sum without (pod) (x))', { min: 5 }),
      9,
    ],
    [
      'from some, where nothing else tells them apart',
      { 'x{shard="a",pod="1"}': '3x40', 'x{shard="a"}': '3x40' },
      query('min(sum without (pod) (x))', { min: 5 }),
      6,
    ],
    [
      'where a label is optional',
      { 'x{pod="1"}': '6x40', 'x{pod="2"}': '6x40', 'x{pod="3",reason="r"}': '9x40' },
      query('min(sum without (pod) (x))', { min: 5 }),
      9,
    ],
  ],
  'a page with nothing on it': [
    [
      'by absentIs',
      { x: '9x15 X', scrape_samples_scraped: '9x15 0x25' },
      query('max(x)', { absentIs: 0, job: 'j' }),
      'no-series',
    ],
    [
      'after the rules for metrics',
      { x: '9x15 X', scrape_samples_post_metric_relabeling: '9x15 0x25' },
      query('max(x)', { absentIs: 0, job: 'j' }),
      'no-series',
    ],
    [
      'without the start of the process',
      { x: '9x15 X', process_start_time_seconds: '1000x15 X' },
      query('max(x)', { absentIs: 0, job: 'j' }),
      'no-series',
    ],
    [
      'of one target of two, behind a default',
      {
        ...OTHER_TARGET,
        'x{instance="k"}': '9x15 X',
        x: '1x40',
        y: '1x40',
        'scrape_samples_scraped{instance="k"}': '9x15 0x25',
      },
      query('sum(x) or 0 * sum(y)'),
      'no-series',
    ],
    [
      'at all times',
      { ...OTHER_TARGET, x: '1x40', 'scrape_samples_scraped{instance="k"}': '0x40' },
      query('max(x)', { absentIs: 0, job: 'j' }),
      1,
    ],
    [
      'for one scrape, which failed',
      { up: '1x20 0 1x19', x: '1x40', scrape_samples_scraped: '9x20 0 9x19' },
      query('max(x)', { absentIs: 0, job: 'j' }),
      1,
    ],
    [
      'a gauge that is gone, on a page with others',
      { x: '9x15 X', y: '1x40', scrape_samples_scraped: '9x15 8x25' },
      query('max(x)', { absentIs: 0, job: 'j' }),
      0,
    ],
  ],
  'a default for what a condition leaves out': [
    [
      'unless something is so',
      { x: '9x40', y: '1x40' },
      query('(sum(x) unless on () (y == 1)) or vector(0)'),
      'no-events',
    ],
    ['unless it is not', { x: '2x40', y: '0x40' }, query('(sum(x) unless on () (y == 1)) or vector(0)'), 2],
  ],
};

describe.each(Object.entries(CASES))('%s', (_class, cases) => {
  it.each(cases.map((one) => [one[0], one] as const))('%s', (_what, one) => expectReading(one));
});

describe('a part of a whole that cannot miss its bar', () => {
  it.each<[string, GatePatch, string]>([
    ['how many of all', { query: 'count(x > 5) / count(x)', max: 1 }, 'max'],
    ['in percent', { query: '100 * count(x > 5) / count(x)', max: 100 }, 'max'],
    ['by groups', { query: 'max(count by (s) (x > 5) / count by (s) (x))', max: 1 }, 'max'],
    ['by a label', { query: 'count(x{a="b"}) / count(x)', max: 1 }, 'max'],
    ['by a set', { query: 'count(x unless y) / count(x)', max: 1 }, 'max'],
    ['of comparisons', { query: 'sum(x > bool 5) / count(x)', max: 1 }, 'max'],
    ['of rates', { query: 'sum(rate(x_total{r="e"}[$window])) / sum(rate(x_total[$window]))', max: 1 }, 'max'],
    ['what is left', { query: '1 - count(x > 5) / count(x)', min: 0 }, 'min'],
    ['as a ratio', { ratio: { numerator: 'count(x > 5)', denominator: 'count(x)' }, max: 1 }, 'max'],
  ])('is refused: %s', (_what, patch, field) => {
    expect(() => judgedOn({ x: '1x40', y: '1x40' }, patch)).toThrow(`gates.gate.${field}: `);
  });

  it.each<[string, GatePatch]>([
    ['of other series', { query: 'count(x > 5) / count(y)', max: 1 }],
    ['of another time', { query: 'count(x > 5) / count(x offset 5s)', max: 1 }],
    ['of gauges that may be below 0', { query: 'sum(x{a="b"}) / sum(x)', max: 1 }],
    ['below 1', { query: 'count(x > 5) / count(x)', max: 0.9 }],
  ])('is not: %s', (_what, patch) => {
    expect(() => judgedOn({ x: '1x40', y: '1x40' }, patch)).not.toThrow();
  });
});
