import { describe, expect, it } from 'vitest';
import type { Answer, InfrastructureGap, Sample } from '../../../src/core/gates/answers.ts';
import type { GateDefinition, GateSource } from '../../../src/core/gates/model.ts';
import { coverageQuestion, gateQuestions } from '../../../src/core/gates/questions.ts';
import type { GateAnswers } from '../../../src/core/gates/read.ts';
import { readGate } from '../../../src/core/gates/read.ts';

const WINDOW = { startMs: 100_000, endMs: 130_000 };
const OPTIONS = { campaign: 'c', scrapeIntervalMs: 1_000 };

function gateOf(source: GateSource, more: Partial<GateDefinition> = {}): GateDefinition {
  const base = { name: 'g', description: '', unit: '', bar: { max: 1 }, barKind: 'held', failFast: false } as const;
  return { ...base, source, windowMs: 'soak', minSamples: 5, unmeasured: 'fail', ...more };
}

const one = (value: number, labels: Record<string, string> = {}): Answer<Sample> => ({
  ok: true,
  series: [{ labels, value }],
});
const none: Answer<Sample> = { ok: true, series: [] };
const failed: Answer<Sample> = { ok: false, error: 'no answer' };
const query = (text: string, more: Partial<GateDefinition> = {}): GateDefinition =>
  gateOf({ kind: 'query', query: text }, more);
const ratio: GateDefinition = gateOf({ kind: 'ratio', numerator: 'a', denominator: 'b' });

/** Answers of a healthy ground: each selector fresh with 30 samples, the job covered, the values as given. */
function answers(
  gate: GateDefinition,
  values: readonly Answer<Sample>[],
  more: Partial<GateAnswers> = {},
): GateAnswers {
  const { selectors } = gateQuestions(gate, WINDOW, OPTIONS);
  return {
    values,
    selectors: selectors.map(() => ({ samples: one(30, { job: 'j' }), fresh: one(1, { job: 'j' }) })),
    quantiles: [],
    counters: [],
    jobs: ['j'],
    coverage: [{ ok: true, coverage: { state: 'covered', samples: 30, detail: '' } }],
    ...more,
  };
}

function read(
  gate: GateDefinition,
  given: GateAnswers,
  gaps: readonly InfrastructureGap[] = [],
): ReturnType<typeof readGate> {
  return readGate(gateQuestions(gate, WINDOW, OPTIONS), given, gaps);
}

function coverage(state: 'down' | 'stale' | 'absent'): Pick<GateAnswers, 'coverage'> {
  return { coverage: [{ ok: true, coverage: { state, samples: 2, detail: `it is ${state}` } }] };
}

/** Cumulative counts for the buckets 1, 2, 4 and +Inf. */
function buckets(counts: readonly number[], pod = 'p'): readonly Sample[] {
  return counts.map((value, index) => ({ labels: { pod, le: ['1', '2', '4', '+Inf'][index] ?? '' }, value }));
}

describe('readGate', () => {
  it('gives a value with its window and samples', () => {
    const gate = query('max(a)');
    expect(read(gate, answers(gate, [one(0.5)]))).toEqual({
      gate: 'g',
      value: 0.5,
      quality: 'measured',
      samples: 30,
      windowStartMs: 100_000,
      windowEndMs: 130_000,
      atMs: 130_000,
    });
    expect(read(ratio, answers(ratio, [one(3), one(4)]))).toMatchObject({ value: 0.75, quality: 'measured' });
    expect(read(ratio, answers(ratio, [one(0), one(4)]))).toMatchObject({ value: 0, quality: 'measured' });
  });

  const gate = query('max(a)');
  const vanished = { samples: one(12, { job: 'j' }), fresh: none, freshByName: none };
  const absent = { samples: none, fresh: none, freshByName: none };

  it.each<[string, GateDefinition, GateAnswers, string]>([
    ['an empty result', gate, answers(gate, [none]), 'empty'],
    ['NaN', gate, answers(gate, [one(Number.NaN)]), 'nan'],
    ['+Inf', gate, answers(gate, [one(Infinity)]), 'infinite'],
    ['-Inf', gate, answers(gate, [one(-Infinity)]), 'infinite'],
    ['a failed query', gate, answers(gate, [failed]), 'query-error'],
    [
      'several series',
      gate,
      answers(gate, [
        {
          ok: true,
          series: [
            { labels: {}, value: 1 },
            { labels: {}, value: 2 },
          ],
        },
      ]),
      'query-error',
    ],
    [
      'a failed count of samples',
      gate,
      answers(gate, [one(1)], { selectors: [{ samples: failed, fresh: one(1) }] }),
      'query-error',
    ],
    ['unknown coverage', gate, answers(gate, [one(1)], { coverage: [{ ok: false, error: 'x' }] }), 'query-error'],
    ['a target that is down', gate, answers(gate, [one(1)], coverage('down')), 'target-down'],
    ['a target that is not scraped', gate, answers(gate, [one(1)], coverage('stale')), 'target-stale'],
    ['a job that has no target', gate, answers(gate, [one(1)], coverage('absent')), 'no-series'],
    ['a metric nobody serves', gate, answers(gate, [one(0)], { selectors: [absent] }), 'no-series'],
    ['a metric that is served no longer', gate, answers(gate, [one(1)], { selectors: [vanished] }), 'no-series'],
    ['too few samples', query('max(a)', { minSamples: 31 }), answers(gate, [one(1)]), 'too-few-samples'],
    ['a ratio of nothing', ratio, answers(ratio, [one(0), one(0)]), 'no-events'],
    ['a ratio without its numerator', ratio, answers(ratio, [none, one(4)]), 'empty'],
    ['a ratio without its denominator', ratio, answers(ratio, [one(3), none]), 'empty'],
    ['the top of a histogram', query('max(a)', { topFiniteBucket: 8.192 }), answers(gate, [one(8.192)]), 'saturated'],
  ])('reads nothing from %s', (_, definition, given, reason) => {
    const reading = read(definition, given);
    expect(reading).toMatchObject({ value: null, quality: 'unmeasured', reason });
    expect(reading.detail).not.toBe('');
  });

  it('takes a default for series that were not born yet, but not for a name that does not exist', () => {
    const optional = query('sum(a{kind="error"}) or vector(0)', { job: 'j' });
    const unborn = { samples: none, fresh: none, freshByName: one(1, { job: 'j' }) };
    expect(read(optional, answers(optional, [one(0)], { selectors: [unborn] }))).toMatchObject({
      value: 0,
      samples: 30,
    });
    expect(read(optional, answers(optional, [one(0)], { selectors: [absent] }))).toMatchObject({ reason: 'no-series' });
  });

  it('checks every quantile in a query against its buckets', () => {
    const p99 = query('max(histogram_quantile(0.99, sum by (le, pod) (rate(x_bucket[$window]))))');
    const withBuckets = (series: readonly Sample[], mean?: number): GateAnswers =>
      answers(p99, [one(0.99)], {
        quantiles: [
          {
            buckets: { ok: true, series },
            ...(mean === undefined ? {} : { sum: one(mean * 100, { pod: 'p' }), count: one(100, { pod: 'p' }) }),
          },
        ],
      });
    expect(read(p99, withBuckets(buckets([100, 100, 100, 100])))).toMatchObject({ value: 0.99 });
    expect(read(p99, withBuckets(buckets([100, 100, 100, 100]), 0.2))).toMatchObject({ value: 0.99 });
    expect(read(p99, withBuckets(buckets([100, 100, 100, 100]), 30))).toMatchObject({ reason: 'saturated' });
    expect(read(p99, withBuckets([...buckets([100, 100, 100, 100]), ...buckets([0, 0, 9, 9], 'q')]))).toMatchObject({
      reason: 'saturated',
      detail: expect.stringContaining('pod="q"'),
    });
    expect(read(p99, withBuckets(buckets([0, 0, 0, 0])))).toMatchObject({ reason: 'no-events' });
    // A number put in their place (`or vector(0)`) is no measurement.
    expect(read(p99, withBuckets([]))).toMatchObject({ reason: 'no-events' });
    expect(read(p99, withBuckets([...buckets([9, 9, 9, 9]), ...buckets([0, 0, 0, 0], 'q')]))).toMatchObject({
      value: 0.99,
    });
  });

  it('names the ground first, because mending it mends the rest', () => {
    const gap = { startMs: 110_000, endMs: 112_500, cluster: 'one', component: 'etcd' };
    expect(read(gate, answers(gate, [failed]), [gap])).toMatchObject({
      reason: 'ground-gap',
      detail: 'etcd of one was gone for 2.5 s within the window',
    });
    expect(read(gate, answers(gate, [one(1)]), [{ ...gap, endMs: null }]).detail).toContain('is still gone');
  });

  it('reads nothing from a window that has not begun', () => {
    const questions = gateQuestions(gate, { startMs: 5, endMs: 5 }, OPTIONS);
    expect(readGate(questions, answers(gate, []), [])).toMatchObject({ reason: 'too-few-samples' });
  });
});

describe('gateQuestions', () => {
  it('fills windows and finds jobs, its own before those in matchers', () => {
    const questions = gateQuestions(query('rate(a{job="x",c="$campaign"}[$window])'), WINDOW, OPTIONS);
    expect(questions.values).toEqual(['rate(a{job="x",c="c"}[30s])']);
    expect(questions.jobs).toEqual(['x']);
    expect(gateQuestions(query('a{job="x"}', { job: 'y' }), WINDOW, OPTIONS).jobs).toEqual(['y']);
  });

  it('asks for up at every scrape, but never for more than 200 points a target', () => {
    expect(coverageQuestion('j', WINDOW, 1_000)).toEqual({
      query: 'last_over_time(up{job="j"}[2500ms])',
      stepMs: 1_000,
    });
    expect(coverageQuestion('j', { startMs: 0, endMs: 18_000_000 }, 5_000).stepMs).toBe(90_000);
  });
});
