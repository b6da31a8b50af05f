import { describe, expect, it } from 'vitest';
import { promqlProblem } from '../../../src/core/promql/check.ts';
import { counterProblem } from '../../../src/core/promql/counter-expression.ts';
import { needsOf, selectorsOf, unmetSelectors } from '../../../src/core/promql/needs.ts';
import { promDuration, substitute } from '../../../src/core/promql/placeholders.ts';
import { quantilesOf } from '../../../src/core/promql/quantiles.ts';

function unmet(query: string, existing: readonly string[]): readonly string[] {
  const need = needsOf(query);
  if (need === undefined) return [];
  return unmetSelectors(need, (selector) => existing.includes(selector.text)).map((selector) => selector.text);
}

describe('substitute', () => {
  it('fills its placeholders and nothing else', () => {
    const values = { windowMs: 30_000, campaign: 'one', execution: 2 };
    const filled = substitute('rate(a{c="$campaign",e="$execution",re=~"x$"}[$window])', values);
    expect(filled).toBe('rate(a{c="one",e="2",re=~"x$"}[30s])');
  });

  it.each([
    [30_000, '30s'],
    [1_500, '1500ms'],
    [0, '1ms'],
    [1_499.6, '1500ms'],
  ])('%d ms is %s', (ms, text) => {
    expect(promDuration(ms)).toBe(text);
  });
});

describe('promqlProblem', () => {
  it.each([
    'up',
    'sum(rate(a_total[$window])) or vector(0)',
    'histogram_quantile(0.99, sum by (le) (rate(a_bucket[$window])))',
  ])('takes %s', (query) => {
    expect(promqlProblem(query)).toBeUndefined();
  });

  it.each([
    ['sum(', 'character 5'],
    ['rate(a[$windw])', '$windw is not filled in by anything (character 8:'],
    ['a b', 'character 3: a »b'],
    ['  ', 'an empty query'],
  ])('refuses %s', (query, word) => {
    expect(promqlProblem(query)).toContain(word);
  });
});

describe('selectorsOf', () => {
  it('decodes the job, however it is quoted', () => {
    expect(selectorsOf(String.raw`a{job="x\"y\u00e9"} + b{job='it\'s'} + c{"job"="z"}`).map(({ job }) => job)).toEqual([
      'x"yé',
      "it's",
      'z',
    ]);
  });

  it('gives each selector once, with its name and job', () => {
    expect(selectorsOf('rate(a{job="j",x!="y"}[1m]) / a{job="j",x!="y"} + {__name__="b"} offset 5m')).toEqual([
      { text: 'a{job="j",x!="y"}', name: 'a', job: 'j' },
      { text: '{__name__="b"}', name: 'b' },
    ]);
  });

  it('takes a name that is written as a text', () => {
    expect(selectorsOf('{"a.b",job="c"}')).toMatchObject([{ name: 'a.b', job: 'c' }]);
  });

  it('does not take a regular expression for a name or a job', () => {
    expect(selectorsOf('{__name__=~"a|b",job=~"c|d"}')).toEqual([
      { text: '{__name__=~"a|b",job=~"c|d"}', namePatterns: ['a|b'] },
    ]);
  });
});

describe('needs', () => {
  it.each([
    ['a + b', [], ['a', 'b']],
    ['a + b', ['a', 'b'], []],
    ['sum(a) or vector(0)', [], ['a']],
    ['sum(a) or on() vector(0)', ['a'], []],
    ['a or b', ['b'], []],
    ['a or b', [], ['a', 'b']],
    ['a unless b', ['a'], []],
    ['a and b', ['a'], ['b']],
    ['absent(a)', [], []],
    ['vector(1)', [], []],
    ['(sum(a) or vector(0)) + (sum(b) or vector(0))', ['a'], ['b']],
    ['max_over_time(sum(a)[1m:5s])', [], ['a']],
  ])('%s with %j misses %j', (query, existing, missing) => {
    expect(unmet(query, existing)).toEqual(missing);
  });
});

describe('quantilesOf', () => {
  it('finds it within aggregations and gives the sum and count beside the buckets', () => {
    const query = 'max(histogram_quantile(0.99, sum by (le, pod) (rate(x_bucket{le!="+Inf",c="s"}[5m])))) > 0';
    expect(quantilesOf(query)).toEqual([
      {
        at: 4,
        phi: 0.99,
        buckets: 'sum by (le, pod) (rate(x_bucket{le!="+Inf",c="s"}[5m]))',
        sum: 'sum by (pod) (rate(x_sum{c="s"}[5m]))',
        count: 'sum by (pod) (rate(x_count{c="s"}[5m]))',
      },
    ]);
  });

  it('finds several, and those without a classic histogram or a literal quantile', () => {
    const query = 'histogram_quantile(0.5, rate(n[1m])) - histogram_quantile(scalar(q), a_bucket)';
    expect(quantilesOf(query)).toEqual([
      { at: 0, phi: 0.5, buckets: 'rate(n[1m])' },
      { at: 39, phi: undefined, buckets: 'a_bucket', sum: 'a_sum', count: 'a_count' },
    ]);
  });

  it('finds none where there is none', () => {
    expect(quantilesOf('quantile(0.9, a) + max(b)')).toEqual([]);
  });
});

describe('counterProblem', () => {
  it.each(['a_total', 'sum(a_total{x="y"})', 'sum by (job) (a) + sum(b)', 'sum(a) or on() vector(0)', '(a)'])(
    'takes %s',
    (query) => {
      expect(counterProblem(query)).toBeUndefined();
    },
  );

  it.each([
    'rate(a[1m])',
    'max(a)',
    'a / b',
    'a - b',
    'a or b',
    'vector(0)',
    'a offset 1m',
    'a @ end()',
    'sum(',
    '-a',
    'a or vector(5)',
    'a or vector(time())',
    'a or 0 * b',
    'a + 5',
    'a + vector(0)',
    'sum(a) + sum(a)',
  ])('refuses %s', (query) => {
    expect(counterProblem(query)).toBeTypeOf('string');
  });
});
