import { describe, it } from 'vitest';
import type { GatePatch } from '../../../../src/core/model/gate-patch.ts';
import { expectReading, type Case } from './case.ts';
import type { Written } from './written.ts';

/** A process that started 5 s into the window, after another one. */
const RESTARTED = '1000x15 1700000014x25';
const delta = (counter = 'x_total'): GatePatch => ({ delta: { counter }, bar: 'informational' });
const share: GatePatch = { share: { counter: 'bad_total', of: 'all_total' }, bar: 'informational' };
const idle = (by?: readonly string[]): GatePatch => ({ idle: { counter: 'x_total', by }, bar: 'informational' });
const query = (text: string): GatePatch => ({ query: text });
const histogram = (samples: readonly [le: string, text: string][], labels = ''): Written =>
  Object.fromEntries(samples.map(([le, text]) => [`h_bucket{le="${le}"${labels}}`, text]));
const quantile = (by?: readonly string[]): GatePatch => ({
  quantile: { of: 0.9, histogram: 'h_bucket', by },
  bar: 'informational',
});

const skipping = (): GatePatch => ({
  quantile: { of: 0.9, histogram: 'h_bucket', by: ['shard'], emptyGroups: 'skip' },
  bar: 'informational',
});
const ratio: GatePatch = { ratio: { numerator: 'a', denominator: 'b' }, bar: 'informational' };
const TEN_EVENTS = histogram([
  ['1', '0x14 10x26'],
  ['2', '0x14 10x26'],
  ['4', '0x14 10x26'],
  ['+Inf', '0x14 10x26'],
]);
const ONE_SLOW_EVENT = histogram([
  ['2', '0x40'],
  ['8', '0x14 1x26'],
  ['16', '0x14 1x26'],
  ['+Inf', '0x14 1x26'],
]);
const EVERY_EIGHT = '1 _x7 '.repeat(5);
const SELDOM: Written = {
  up: EVERY_EIGHT,
  process_start_time_seconds: '1000x40',
  x: EVERY_EIGHT.replaceAll('1', '2'),
};
const SATURATED = histogram([
  ['1', '0x40'],
  ['2', '0+10x40'],
  ['+Inf', '0+10x40'],
]);
const shardEvents = (shard: string, text: string): Written =>
  histogram(
    ['1', '2', '4', '+Inf'].map((le) => [le, text]),
    `,shard="${shard}"`,
  );
/** All between 2 and 4. */
const slowEvents = (shard: string): Written =>
  histogram(
    ['1', '2', '4', '8', '+Inf'].map((le) => [le, Number(le) <= 2 ? '0x40' : '0+10x40']),
    `,shard="${shard}"`,
  );
const SHARDS = { of: 0.9, histogram: 'h_bucket', by: ['shard'] };
const quantileOfShards = {
  query: 'max(histogram_quantile(0.9, sum by (shard, le) (increase(h_bucket[$window]))))',
};
const BUSY_AND_IDLE = { ...shardEvents('a', '0+10x40'), ...shardEvents('b', '0x14 1x26') };
const ERRORLESS: Written = { 'calls_total{code="200"}': '0+1x40' };
const errors: GatePatch = {
  share: { counter: 'calls_total{code="500"}', of: 'calls_total' },
  absentIs: 0,
  job: 'j',
  max: 0.5,
};
const misspelt: GatePatch = { ...errors, share: { counter: 'cals_total{code="500"}', of: 'calls_total' } };

const CASES: Readonly<Record<string, readonly Case[]>> = {
  growth: [
    ['counts from the last sample before the window', { x_total: '100+1x40' }, delta(), 10],
    ['is the same after missed scrapes at both ends', { x_total: '100+1x9 _ _ 111+1x8 _ 120+1x9' }, delta(), 12],
    ['counts what a series is born with', { x_total: '_x15 500x25' }, delta(), 500],
    [
      'counts what a target is born with from its first value',
      { up: '_x12 1x28', x_total: '_x12 500+1x28' },
      delta(),
      [8, null],
    ],
    ['is a lower bound after a reset', { x_total: '100x14 3x26' }, delta(), [3, null]],
    [
      'is a lower bound after a restart that it outgrew',
      { process_start_time_seconds: RESTARTED, x_total: '5x15 9x25' },
      delta(),
      [9, null],
    ],
    [
      'is a lower bound after two restarts between two scrapes',
      { process_start_time_seconds: '1000x15 1700000014.8x25', x_total: '5x15 9x25' },
      delta(),
      [9, null],
    ],
    [
      'is a lower bound where no series shows the restart',
      { process_start_time_seconds: RESTARTED, other_total: '0x40', x_total: '0x40' },
      delta(),
      [0, null],
    ],
    [
      'is a lower bound where a series ended',
      { 'x_total{kind="a"}': '5+1x14 X', 'x_total{kind="b"}': '0x40' },
      delta('sum(x_total)'),
      [3, null],
    ],
    [
      'is a lower bound where the series before the window did not come back',
      { process_start_time_seconds: RESTARTED, x_total: '5x11 Xx29', 'x_total{kind="b"}': '0x40' },
      delta('sum(x_total)'),
      [0, null],
    ],
    [
      'is a lower bound without the start of the process',
      { process_start_time_seconds: '_', x_total: '0+1x40' },
      delta(),
      [10, null],
    ],
    ['has no number where a counter has none', { x_total: 'NaNx40' }, delta(), 'nan'],
    [
      "goes on across restarts of Belay's own worker",
      {
        'up{job="belay-worker"}': '1x40',
        'process_start_time_seconds{job="belay-worker"}': RESTARTED,
        'x_total{job="belay-worker"}': '100+1x40',
      },
      delta('x_total{job="belay-worker"}'),
      10,
    ],
    [
      'finds the target of series with a label cluster of their own',
      { 'x_total{cluster="one"}': '_x15 500x25' },
      delta(),
      500,
    ],
  ],
  share: [
    ['divides growth by growth', { bad_total: '0+1x40', all_total: '0+4x40' }, share, 0.25],
    ['counts errors that a series is born with', { bad_total: '_x15 30x25', all_total: '0+5x40' }, share, 0.6],
    ['is no success without events', { bad_total: '0x40', all_total: '7x40' }, share, 'no-events'],
    [
      'is not bounded after a restart',
      { process_start_time_seconds: RESTARTED, bad_total: '0x40', all_total: '0+1x15 0+1x25' },
      share,
      [0, null],
    ],
  ],
  quantile: [
    [
      'is known to its bucket',
      histogram([
        ['1', '0+9x40'],
        ['2', '0+10x40'],
        ['4', '0+10x40'],
        ['+Inf', '0+10x40'],
      ]),
      quantile(),
      [0, 1],
    ],
    [
      'is not below the mean because a negative event made the sum fall',
      {
        ...histogram([
          ['1', '0+9x40'],
          ['2', '0+10x40'],
          ['4', '0+10x40'],
          ['+Inf', '0+10x40'],
        ]),
        h_sum: '1000x14 1005 1004.5 1006x24',
        h_count: '0+10x40',
      },
      quantile(),
      [0, 1],
    ],
    [
      'is saturated in the last finite bucket',
      histogram([
        ['1', '0x40'],
        ['2', '0+10x40'],
        ['+Inf', '0+10x40'],
      ]),
      quantile(),
      'saturated',
    ],
    [
      'counts the bucket that appears late',
      histogram([
        ['1', '_x15 1x25'],
        ['2', '_x15 1x25'],
        ['4', '_x15 9x25'],
        ['8', '_x15 9x25'],
        ['+Inf', '_x15 9x25'],
      ]),
      quantile(),
      [2, 4],
    ],
    [
      'is not known after a restart',
      {
        ...histogram([
          ['1', '0+9x40'],
          ['2', '0+10x40'],
          ['+Inf', '0+10x40'],
        ]),
        process_start_time_seconds: RESTARTED,
      },
      quantile(),
      'counter-reset',
    ],
    [
      'is not known where one group counted nothing',
      {
        ...histogram(
          [
            ['1', '0+9x40'],
            ['2', '0+10x40'],
            ['4', '0+10x40'],
            ['+Inf', '0+10x40'],
          ],
          ',shard="a"',
        ),
        ...histogram(
          [
            ['1', '7x40'],
            ['2', '7x40'],
            ['4', '7x40'],
            ['+Inf', '7x40'],
          ],
          ',shard="b"',
        ),
      },
      quantile(['shard']),
      'no-events',
    ],
    [
      'of rates is not moved by extrapolation',
      histogram([
        ['0.5', '0x18 9x22'],
        ['1', '1x18 10x22'],
        ['2', '5x12 6x6 15x22'],
        ['4', '5x12 6x6 15x22'],
        ['+Inf', '5x12 6x6 15x22'],
      ]),
      { ...query('histogram_quantile(0.9, sum by (le) (rate(h_bucket[$window])))'), max: 0.7 },
      'bar-in-bounds',
    ],
  ],
  'minEvents, the least that a reading rests on': [
    ['leaves a quantile of as many events', TEN_EVENTS, { ...quantile(), minEvents: 10 }, [0, 1]],
    ['refuses a quantile of one fewer', TEN_EVENTS, { ...quantile(), minEvents: 11 }, 'too-few-events'],
    [
      'refuses a breach of one slow event',
      ONE_SLOW_EVENT,
      { ...quantile(), bar: 'held', minEvents: 2 },
      'too-few-events',
    ],
    ['refuses before it is saturated', SATURATED, { ...quantile(), minEvents: 1_000 }, 'too-few-events'],
    ['refuses where one group has too few', BUSY_AND_IDLE, { ...quantile(['shard']), minEvents: 5 }, 'too-few-events'],
    ['leaves such a group out where empty ones are', BUSY_AND_IDLE, { ...skipping(), minEvents: 5 }, [0, 1]],
    [
      'shows the breach of a group beside one that counted nothing',
      { ...slowEvents('a'), ...shardEvents('b', '5x40') },
      { ...skipping(), quantile: SHARDS, max: 2, bar: 'held' },
      [2, null],
    ],
    [
      'shows it beside one that counted too few',
      { ...slowEvents('a'), ...shardEvents('b', '0x14 1x26') },
      { ...skipping(), quantile: SHARDS, max: 2, bar: 'held', minEvents: 5 },
      [2, null],
    ],
    [
      'does not pass beside one that counted nothing',
      { ...slowEvents('a'), ...shardEvents('b', '5x40') },
      { ...skipping(), quantile: SHARDS, max: 4, bar: 'held' },
      'no-events',
    ],
    [
      'nor where the bar is a minimum',
      { ...slowEvents('a'), ...shardEvents('b', '5x40') },
      { ...skipping(), quantile: SHARDS, min: 1, bar: 'held' },
      'no-events',
    ],
    [
      'shows the breach of a query beside a group that counted nothing',
      { ...slowEvents('a'), ...shardEvents('b', '5x40') },
      { ...quantileOfShards, max: 2 },
      [2, null],
    ],
    [
      'also in milliseconds',
      { ...slowEvents('a'), ...shardEvents('b', '5x40') },
      { query: `1000 * ${quantileOfShards.query}`, max: 2000 },
      [2000, null],
    ],
    [
      'does not let a query pass beside one that counted nothing',
      { ...slowEvents('a'), ...shardEvents('b', '5x40') },
      { ...quantileOfShards, max: 4 },
      'no-events',
    ],
    [
      'nor fail a minimum',
      { ...slowEvents('a'), ...shardEvents('b', '5x40') },
      { ...quantileOfShards, min: 9 },
      'no-events',
    ],
    [
      'nor the lowest of the groups',
      { ...slowEvents('a'), ...shardEvents('b', '5x40') },
      { query: quantileOfShards.query.replace('max', 'min'), max: 2 },
      'no-events',
    ],
    ['refuses where all groups have too few', BUSY_AND_IDLE, { ...skipping(), minEvents: 1_000 }, 'too-few-events'],
    ['has its own word for no events at all', {}, { ...quantile(), minEvents: 5 }, 'no-series'],
    [
      'leaves a share of as many events',
      { bad_total: '0+1x40', all_total: '0+2x40' },
      { ...share, minEvents: 20 },
      0.5,
    ],
    [
      'refuses a share of one fewer',
      { bad_total: '0+1x40', all_total: '0+2x40' },
      { ...share, minEvents: 21 },
      'too-few-events',
    ],
    ['refuses a ratio by its denominator', { a: '1x40', b: '4x40' }, { ...ratio, minEvents: 5 }, 'too-few-events'],
    ['leaves a ratio whose denominator is enough', { a: '1x40', b: '4x40' }, { ...ratio, minEvents: 4 }, 0.25],
  ],
  'absentIs, for a series that is born with its first event': [
    ['is a share of 0 where the name was seen with another label', ERRORLESS, errors, 0],
    ['is no share where everything did not grow', { 'calls_total{code="200"}': '5x40' }, errors, 'no-events'],
    ['is no share of a name that was never seen', { 'calls_total{code="200"}': '0+1x40' }, misspelt, 'no-series'],
    ['is no share while the target is down', { ...ERRORLESS, up: '1x12 0x28' }, errors, 'target-down'],
  ],
  'an interval of its own, of the job of the gate': [
    // Scraped every 8 s, where the rest is scraped every second.
    ['is what its readings are judged by', SELDOM, { ...query('x'), job: 'j' }, 2, { scrapeIntervals: { j: 8_000 } }],
    [
      'is not that of another job',
      SELDOM,
      { ...query('x'), job: 'j' },
      'target-stale',
      { scrapeIntervals: { k: 8_000 } },
    ],
    ['is the longest where the gate names no job', SELDOM, query('x'), 2, { scrapeIntervals: { k: 8_000 } }],
    ['is that of the selector', SELDOM, query('x{job="j"}'), 2, { scrapeIntervals: { j: 8_000 } }],
  ],
  idle: [
    ['is the time since the last growth', { x_total: '0+1x14 14x26' }, idle(), [6, 8.5]],
    ['of a loop that runs is short', { x_total: '0+1x40' }, idle(), [0, 1.5]],
    ['is not known from one sample', { x_total: '_x20 5x20' }, idle(), [0, 1.5]],
    ['of a loop that never completed a cycle is not bounded', { x_total: '0x40' }, idle(), [8, null]],
    [
      'is not ended by a new process that begins at 0',
      { process_start_time_seconds: RESTARTED, x_total: '7x15 0x25' },
      idle(),
      [4, null],
    ],
    [
      'of a series that ended with its process is not known after its last sample',
      {
        process_start_time_seconds: '1000x19 1700000018x21',
        'x_total{k="a"}': '0+1x14 14x5 X',
        'x_total{k="b"}': '0x40',
      },
      idle(['job']),
      [0, 8.5],
    ],
    [
      'follows a loop to another instance',
      {
        up: '1x14 X',
        'up{instance="k"}': '_x15 1x25',
        'x_total{instance="i"}': '0+1x14 X',
        'x_total{instance="k"}': '_x15 1+1x25',
      },
      idle(),
      [0, 1.5],
    ],
    [
      'is that of the loop that has been idle longest',
      { 'x_total{shard="a"}': '0+1x40', 'x_total{shard="b"}': '0+1x14 14x26' },
      idle(),
      [6, 8.5],
    ],
    [
      'is not bounded where a target is up and has no series',
      { 'up{instance="k"}': '1x40', x_total: '0+1x40' },
      idle(),
      [0, null],
    ],
  ],
};

describe.each(Object.entries(CASES))('%s', (_group, cases) => {
  it.each(cases.map((one) => [one[0], one] as const))('%s', (_what, one) => expectReading(one));
});
