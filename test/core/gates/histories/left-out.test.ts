import { describe, it } from 'vitest';
import type { GatePatch } from '../../../../src/core/model/gate-patch.ts';
import { expectReading, type Case } from './case.ts';

const query = (text: string, more: GatePatch = {}): GatePatch => ({ query: text, ...more });
const OTHER_TARGET = { 'up{instance="k"}': '1x40', 'process_start_time_seconds{instance="k"}': '1000x40' };
const OTHER_JOB = { 'up{job="k"}': '1x40', 'process_start_time_seconds{job="k"}': '1000x40' };
const FAR = { 'x{s="a"}': '150x40', 'x{s="b"}': '1x40' };
const NEAR = { 'x{s="a"}': '40x40', 'x{s="b"}': '1x40' };
const AT_ZERO = { 'x{s="a"}': '0x40', 'x{s="b"}': '9x40' };
/** The target was asked one second after the window's beginning, and one second before its end, and did not answer. */
const FAILED = { up: '1x10 0 1x9 0 1x19' };
const MOVED = {
  up: '1x15 X',
  'up{instance="k"}': '_x15 1x25',
  process_start_time_seconds: '1000x15 X',
  'process_start_time_seconds{instance="k"}': '_x15 1700000014x25',
};
const errors = (more: GatePatch = {}): GatePatch => ({
  delta: { counter: 'x_total{r="error"}' },
  absentIs: 0,
  job: 'j',
  ...more,
});

/** Values that leave out what would have missed the bar. Each passed, or failed in a healthy system, before. */
const CASES: Readonly<Record<string, readonly Case[]>> = {
  'comparisons that drop what misses the bar': [
    ['a maximum of what is not too large', FAR, query('max(x < 100)', { max: 50 }), 'empty'],
    ['a mean of it', FAR, query('avg(x <= 100)', { max: 50 }), 'empty'],
    ['a minimum of what is not 0', AT_ZERO, query('min(x > 0)', { min: 5 }), 'empty'],
    ['in other words', AT_ZERO, query('min(x != 0)', { min: 5 }), 'empty'],
    [
      'with the number first',
      { 'x{s="a"}': '150x40', 'x{s="b"}': '1x40' },
      query('max(x and x < 100)', { max: 50 }),
      'empty',
    ],
    ['without what is large', FAR, query('max(x unless x > 100)', { max: 50 }), 'empty'],
    ['times 0 where it is large', FAR, query('max(x * (x < bool 100))', { max: 50 }), 'empty'],
    ['below 0, with the sign turned', FAR, query('-max(x < 100)', { min: -50 }), 'empty'],
    ['with a default', { x: '9x40' }, query('(max(x) < 8) or vector(0)', { max: 6 }), 'empty'],
    ['over a time', { x: '1x14 150x3 1x23' }, query('max_over_time((max(x) < 100)[9s:1s])', { max: 50 }), 'empty'],
    ['that depend on the values', FAR, query('max(x < scalar(avg(x)))', { max: 30 }), 'empty'],
    ['limits of what is large', FAR, query('avg(clamp_max(x, 60))', { max: 50 }), 'empty'],
    [
      'in a ratio',
      { a: '9x40', b: '9x40' },
      { ratio: { numerator: '(sum(a) < 5) or vector(0)', denominator: 'sum(b)' }, max: 0.8 },
      'empty',
    ],
    ['limits that change nothing', NEAR, query('avg(clamp_max(x, 60))', { max: 50 }), 20.5],
    ['that drop nothing', NEAR, query('max(x < 100)', { max: 50 }), 40],
    ['that drop what is within the bar', AT_ZERO, query('max(x > 0)', { max: 9 }), 9],
    ['a breach that is left', { ...FAR, 'x{s="c"}': '60x40' }, query('max(x < 100)', { max: 50 }), 60],
    ['what is counted', FAR, query('count(x < 100)', { max: 5 }), 1],
  ],
  'counters of the whole life of a process': [
    [
      'as a default of what is 0 whatever they are',
      { 'e_total{k="e"}': '100+4x40', x_total: '500+9x40' },
      query('sum(rate(e_total[$window])) or 0 * sum(x_total)', { max: 3 }),
      4,
    ],
    ['a minimum that was met before', { x_total: '500x40' }, query('sum(x_total)', { min: 100 }), 'query-error'],
    ['one of what a comparison keeps', { x_total: '5x40' }, query('count(x_total == 5)', { min: 1 }), 'query-error'],
    ['its value too', { x_total: '500x40' }, query('sum(x_total == 500)', { min: 100 }), 'query-error'],
    [
      'whatever is made of it',
      { x_total: '500x40' },
      query('count((x_total > 10) * 0 + 1)', { min: 1 }),
      'query-error',
    ],
    [
      'by its maximum',
      { x_total: '500x40' },
      query('max(max_over_time(x_total[$window]))', { min: 100 }),
      'query-error',
    ],
    [
      'a quotient of two lives',
      { a_total: '0x15 0+9x25', b_total: '100000x15 100000+10x25' },
      query('sum(a_total) / sum(b_total)', { max: 0.1 }),
      'query-error',
    ],
    [
      'as a ratio',
      { a_total: '0x15 0+9x25', b_total: '100000x15 100000+10x25' },
      { ratio: { numerator: 'sum(a_total)', denominator: 'sum(b_total)' }, max: 0.1 },
      'query-error',
    ],
    [
      'the mean of a histogram',
      { h_sum: '1000x15 1000+9x25', h_count: '10000x15 10000+1x25' },
      query('sum(h_sum) / sum(h_count)', { max: 1 }),
      'query-error',
    ],
    [
      'a share of successes',
      { a_total: '0x15 0+9x25', b_total: '100000x15 100000+10x25' },
      query('1 - sum(a_total) / sum(b_total)', { min: 0.9 }),
      'query-error',
    ],
    ['what began in the window', { x_total: '0x12 0+50x28' }, query('sum(x_total)', { min: 100 }), 450],
    [
      'a difference',
      { a_total: '900+1x40', b_total: '890+1x40' },
      query('sum(a_total) - sum(b_total)', { min: 5 }),
      10,
    ],
    ['a maximum', { x_total: '2x40' }, query('sum(x_total)'), 2],
    ['how many there are', { x_total: '500x40' }, query('count(x_total)', { min: 1 }), 1],
  ],
  'absentIs, and something else that is absent': [
    [
      'the job of another target',
      { ...OTHER_JOB, up: '1x12 0x28', 'x_total{r="ok"}': '0x12 X' },
      errors({ job: 'k' }),
      'no-series',
    ],
    ['the label, which is misspelt', { 'x_total{rr="error"}': '0+1x40' }, errors(), 'no-series'],
    ['all series of the target', { 'x_total{r="ok"}': '0x12 X', y: '1x40' }, errors(), 'no-series'],
    ['all of them since before the window', { 'x_total{r="ok"}': '0x8 X', y: '1x40' }, errors(), 'no-series'],
    [
      'all of one target of two',
      { ...OTHER_TARGET, 'x_total{r="ok"}': '0x40', 'x_total{r="ok",instance="k"}': '0x12 X' },
      errors(),
      'no-series',
    ],
    ['only the errors', { 'x_total{r="ok"}': '0+1x40' }, errors(), 0],
    [
      'what a process before the window had',
      { 'x_total{r="ok"}': '0x6 X', y: '1x40', process_start_time_seconds: '1000x6 1700000003x34' },
      errors(),
      0,
    ],
  ],
  'changes of series that appeared or ended': [
    [
      'a process that came back on another port',
      MOVED,
      query('max(changes(process_start_time_seconds[$window]))', { max: 0 }),
      'no-series',
    ],
    [
      'a gauge that appeared',
      { 'x{s="a"}': '1x40', 'x{s="b"}': '_x15 900x25' },
      query('max(delta(x[$window]))'),
      'born-in-window',
    ],
    ['its slope', { 'x{s="a"}': '1x40', 'x{s="b"}': '_x15 900x25' }, query('max(deriv(x[$window]))'), 'born-in-window'],
    [
      'its deviation',
      { 'x{s="a"}': '1x40', 'x{s="b"}': '_x15 900x25' },
      query('max(stddev_over_time(x[$window]))'),
      'born-in-window',
    ],
    [
      'a gauge that ended',
      { 'x{s="a"}': '1x40', 'x{s="b"}': '900x15 X' },
      query('min(delta(x[$window]))', { min: -3 }),
      'no-series',
    ],
    [
      'the highest less the lowest',
      MOVED,
      query(
        'max(max_over_time(process_start_time_seconds[$window]) - min_over_time(process_start_time_seconds[$window]))',
      ),
      'no-series',
    ],
    ['in a subquery', MOVED, query('sum(changes((process_start_time_seconds + 0)[9s:1s]))', { max: 0 }), 'no-series'],
    ['a gauge that appeared at 0', { 'x{s="a"}': '1x40', 'x{s="b"}': '_x15 0x25' }, query('max(delta(x[$window]))'), 0],
    [
      'at least one change',
      { 'x{s="a"}': '1x15 2x25', 'x{s="b"}': '_x15 9x25' },
      query('max(changes(x[$window]))', { min: 1 }),
      1,
    ],
  ],
  'samples that are missing': [
    [
      'from a maximum, though the target answered',
      { x: '1x12 Xx6 1x22', y: '1x40' },
      query('max(max_over_time(x[$window]))'),
      'empty',
    ],
    ['from a minimum', { x: '5x12 Xx6 5x22', y: '1x40' }, query('min(min_over_time(x[$window]))', { min: 3 }), 'empty'],
    ['one of them', { x: '1x12 X 1x27', y: '1x40' }, query('max(max_over_time(x[$window]))'), 1],
    [
      'of a gauge that comes and goes',
      { x: '1x12 Xx6 1x22', y: '1x40' },
      query('max(max_over_time(x[$window]))', { absentIs: 0, job: 'j' }),
      1,
    ],
    [
      'from a sum of samples',
      { up: '1x12 0 1x27', x: '1x12 X 1x27' },
      query('sum(sum_over_time(x[9s]))', { max: 8 }),
      'too-few-samples',
    ],
    [
      'from their number',
      { up: '1x12 0 1x27', x: '1x12 X 1x27' },
      query('sum(count_over_time(x[9s]))', { min: 9 }),
      'too-few-samples',
    ],
    [
      'from a sum, of one series',
      { x: '1x12 _ 1x27' },
      query('sum(sum_over_time(x[9s]))', { max: 8 }),
      'too-few-samples',
    ],
    ['from no sum', { x: '1x40' }, query('sum(sum_over_time(x[9s]))', { max: 9 }), 9],
    ['all but the last two', { x_total: '0x14 900x26' }, query('max(irate(x_total[$window]))'), 'query-error'],
    ['of a gauge', { x: '1x14 900x26' }, query('max(idelta(x[$window]))'), 'query-error'],
  ],
  'one scrape that failed': [
    ['is no target that is down', { up: '1x20 0 1x19' }, query('min(up{job="j"})', { min: 1 }), 1],
    ['nor one fewer', { ...OTHER_TARGET, up: '1x20 0 1x19' }, query('count(up{job="j"} == 1)', { min: 2 }), 2],
    [
      'nor an empty page',
      { up: '1x20 0 1x19', scrape_samples_scraped: '5x20 0 5x19' },
      query('min(scrape_samples_scraped)', { min: 1 }),
      5,
    ],
    [
      'at the beginning of a difference changes nothing',
      { ...FAILED, ...OTHER_TARGET, x: '5x10 X 5x9 X 5x19', 'x{instance="k"}': '5x40' },
      query('sum(x) - sum(x offset $window)', { max: 2 }),
      0,
    ],
    [
      'and hides no loss',
      { ...FAILED, ...OTHER_TARGET, x: '5x10 X 5x3 1x6 X 1x19', 'x{instance="k"}': '5x40' },
      query('sum(x offset $window) - sum(x)', { max: 2 }),
      4,
    ],
    [
      'of a difference without parentheses',
      { ...FAILED, x: '5x10 X 5x3 1x6 X 1x19' },
      query('x offset $window - x'),
      4,
    ],
  ],
};

describe.each(Object.entries(CASES))('%s', (_class, cases) => {
  it.each(cases.map((one) => [one[0], one] as const))('%s', (_what, one) => expectReading(one));
});
