import { describe, expect, it } from 'vitest';
import type { GatePatch } from '../../../../src/core/model/gate-patch.ts';
import { expectReading, type Case } from './case.ts';
import { judgedOn, type Written } from './written.ts';

const query = (text: string, more: GatePatch = {}): GatePatch => ({ query: text, ...more });
const histogram = (samples: readonly [le: string, text: string][]): Written =>
  Object.fromEntries(samples.map(([le, text]) => [`h_bucket{le="${le}"}`, text]));
const NOT_CUMULATIVE = histogram([
  ['1', '0+1x40'],
  ['2', '0+8x40'],
  ['4', '0+3x40'],
  ['8', '0+1x40'],
  ['16', '0x40'],
  ['+Inf', '0+13x40'],
]);
/** Of 100 events, one in the wrong bucket. */
const NEARLY_CUMULATIVE = histogram([
  ['1', '0+50x40'],
  ['2', '0+99x40'],
  ['4', '0+98x40'],
  ['8', '0+100x40'],
  ['16', '0+100x40'],
  ['+Inf', '0+100x40'],
]);

/** Values that look measured and are not known. Each passed before. */
const CASES: Readonly<Record<string, readonly Case[]>> = {
  'clocks of targets': [
    [
      'ahead, for one',
      { last_seconds: '1700003600x40' },
      query('time() - max(last_seconds)', { max: 30 }),
      'query-error',
    ],
    [
      'ahead, for each',
      { last_seconds: '1700003600x40' },
      query('max(timestamp(last_seconds) - last_seconds)', { max: 30 }),
      'query-error',
    ],
    ['as they should be', { last_seconds: '1700000015x40' }, query('time() - max(last_seconds)', { max: 30 }), 5.5],
  ],
  'clocks of targets, in a comparison': [
    [
      'ahead',
      { last_seconds: '1700003600x40' },
      query('count(last_seconds < time() - 5) or vector(0)', { max: 0 }),
      'query-error',
    ],
    [
      'as they should be',
      { last_seconds: '1700000015x40' },
      query('count(last_seconds < time() - 9) or vector(0)', { max: 0 }),
      0,
    ],
  ],
  'histograms that count in another way': [
    ['each bucket for itself', NOT_CUMULATIVE, { quantile: { of: 0.5, histogram: 'h_bucket' }, max: 2 }, 'nan'],
    [
      'in a query',
      NOT_CUMULATIVE,
      query('histogram_quantile(0.5, sum by (le) (rate(h_bucket[$window])))', { max: 2 }),
      'nan',
    ],
    [
      'with one event too many',
      NEARLY_CUMULATIVE,
      { quantile: { of: 0.985, histogram: 'h_bucket' }, bar: 'informational' },
      [1, 8],
    ],
    ['with it elsewhere', NEARLY_CUMULATIVE, { quantile: { of: 0.9, histogram: 'h_bucket' }, max: 2 }, [1, 2]],
    [
      'a share within a bucket',
      NOT_CUMULATIVE,
      query('histogram_fraction(0, 1.5, sum by (le) (rate(h_bucket[$window])))', { min: 0.1 }),
      'query-error',
    ],
  ],
  'divisors that leave out errors': [
    [
      'a shard with nothing but errors',
      { 'a{s="1"}': '5x40', 'a{s="2"}': '0x40', 'b{s="1"}': '0x40', 'b{s="2"}': '4x40' },
      query('max(a / on (s) (b > 0))'),
      'no-events',
    ],
    ['one more, as a series', { a: '0x40', b: '0x40' }, query('sum(a) / (sum(b) + vector(1))'), 'no-events'],
    ['less than one less', { a: '0x40', b: '0x40' }, query('sum(a) / (sum(b) - -1)'), 'no-events'],
    [
      'a default for what is switched off',
      { x: '9x40', y: '0x40' },
      query('sum(x) and on () (y == 1) or vector(0)'),
      'no-events',
    ],
  ],
  'labels and values that only some have': [
    [
      'groups of which one is several',
      { 'x{shard="a"}': '9x40', 'x{sh="b"}': '0x40', 'x{sh="c"}': '9x40' },
      query('min(sum by (shard) (x))', { min: 5 }),
      'no-series',
    ],
    [
      'groups of which one has no label',
      { 'x{shard="a"}': '9x40', 'x{sh="b"}': '6x40' },
      query('min(sum by (shard) (x))', { min: 5 }),
      6,
    ],
    [
      'a loop of another label',
      { 'x_total{shard="a"}': '0+1x40', 'x_total{sh="b"}': '5x40', 'x_total{sh="c"}': '0+1x40' },
      { idle: { counter: 'x_total', by: ['shard'] } },
      'no-series',
    ],
    [
      'one of several values',
      { 'x_total{k="err"}': '0+9x40', 'x_total{k="ok"}': '0x40' },
      { delta: { counter: 'x_total{k=~"ok|eror"}' } },
      'no-series',
    ],
    [
      'all of them',
      { 'x_total{k="err"}': '0+9x40', 'x_total{k="ok"}': '0x40' },
      { delta: { counter: 'x_total{k=~"ok|err"}' } },
      90,
    ],
    [
      'one that is born with its first event',
      { 'x_total{k="err"}': '0+9x40', 'x_total{k="ok"}': '0x40' },
      { delta: { counter: 'x_total{k=~"err|fatal"}' }, absentIs: 0, job: 'j' },
      90,
    ],
  ],
  'loops that are gone': [
    [
      'since before the window',
      { 'x_total{shard="a"}': '0+1x40', 'x_total{shard="b"}': '0+1x6 X' },
      { idle: { counter: 'x_total' } },
      'bar-in-bounds',
    ],
    [
      'of a group',
      { 'x_total{shard="a"}': '0+1x40', 'x_total{shard="b"}': '0+1x9 X' },
      { idle: { counter: 'x_total', by: ['shard'] } },
      'bar-in-bounds',
    ],
  ],
};

describe.each(Object.entries(CASES))('%s', (_class, cases) => {
  it.each(cases.map((one) => [one[0], one] as const))('%s', (_what, one) => expectReading(one));
});

const OWN = { 'up{job="belay-worker"}': '1x40', 'belay_pods_bound{job="belay-worker",cluster="c0"}': '5x40' };
const AGE = 'belay_watch_confirmed_age_seconds{job="belay-worker",campaign="written",cluster="c0"}';
const TWO_CLUSTERS = { expected: { etcd: { count: 2, clusters: ['c0', 'c1'] } } };

describe('Pods that no list has confirmed', () => {
  const cases: readonly Case[] = [
    [
      'of one of two clusters',
      { ...OWN, [AGE]: '1x40' },
      query('sum(belay_pods_bound)', { min: 5 }),
      'stale-watch',
      TWO_CLUSTERS,
    ],
    [
      'by a clock that was set back',
      { ...OWN, [AGE]: '-9x40' },
      query('sum(belay_pods_bound)', { min: 5 }),
      'stale-watch',
    ],
    [
      'for a part of the time',
      { ...OWN, [AGE]: '1x12 35 45 1x26' },
      query('min_over_time(sum(belay_pods_bound)[9s:1s])', { min: 5 }),
      'stale-watch',
    ],
    [
      'for a part of the time, now',
      { ...OWN, [AGE]: '1x12 35 45 1x26' },
      query('sum(belay_pods_bound)', { min: 5 }),
      5,
    ],
  ];
  it.each(cases.map((one) => [one[0], one] as const))('%s', (_what, one) => expectReading(one));
});

describe('a bar that nothing misses is refused', () => {
  it.each<[string, GatePatch, string]>([
    ['a share of all, up to 1', { share: { counter: 'sum(x_total{r="e"})', of: 'sum(x_total)' }, max: 1 }, 'max'],
    ['a time of at least 0', { quantile: { of: 0.9, histogram: 'h_seconds_bucket' }, min: 0 }, 'min'],
    ['a switch that no hour turns on', { query: 'sum(x) * (hour() > bool 24)', max: 1 }, 'query'],
    ['a remainder below its divisor', { query: 'sum(x) % 2', max: 2 }, 'max'],
    ['a difference to the same without labels', { query: 'sum(x) - sum by () (x)', max: 1 }, 'query'],
  ])('%s', (_what, patch, field) => {
    expect(() => judgedOn({ x_total: '1x40' }, patch)).toThrow(`gates.gate.${field}: `);
  });

  it('but not a share of something else', () => {
    const share = { counter: 'retries_total', of: 'calls_total' };
    const { reading } = judgedOn({ retries_total: '0+3x40', calls_total: '0+2x40' }, { share, max: 1 });
    expect(reading.value).toBe(1.5);
  });
});
