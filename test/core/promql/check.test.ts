import { parser } from '@prometheus-io/lezer-promql';
import { describe, expect, it } from 'vitest';
import { aggregationSignature, functionSignature } from '../../../src/core/promql/functions.ts';
import { readMatcherRegex } from '../../../src/core/promql/regex.ts';
import { checkPromql } from '../../../src/core/promql/check.ts';

/** Queries of so many parts. */
const queriesOf = (parts: number): Readonly<Record<string, string>> => ({
  comparisons: Array(parts + 1)
    .fill('up')
    .join(' > '),
  alternatives: `${'(x or '.repeat(parts / 2)}y${')'.repeat(parts / 2)}`,
  signs: `${'-'.repeat(parts)}up`,
  calls: `${'abs('.repeat(parts)}up${')'.repeat(parts)}`,
  sums: `${'sum('.repeat(parts)}up${')'.repeat(parts)}`,
  moments: `sum(up ${'offset 1s '.repeat(parts - 1)})`,
});

describe('a query that takes long to read', () => {
  it.each(Object.keys(queriesOf(2)))('of %s is refused', (name) => {
    const problem = 'more than 120 operators, functions and parentheses: it has ';
    expect(checkPromql(queriesOf(122)[name] ?? '')?.problem).toMatch(new RegExp(`^${problem}12[12]$`));
    expect(checkPromql(queriesOf(120)[name] ?? '')?.problem ?? '').not.toContain(problem);
  });

  it('because of its letters is refused with their number', () => {
    expect(checkPromql(`sum(${'x'.repeat(5_000)})`)?.problem).toBe('longer than 4096 characters: it has 5005');
  });

  it.each(['(sum(increase(#_total[$window])) or vector(0))', 'sum(rate(#_total[$window]))', 'clamp_min(sum(#), 0)'])(
    'is not a sum of twenty %s',
    (term) => {
      const sum = Array.from({ length: 20 }, (_, index) => term.replace('#', `x${index}`)).join(' + ');
      expect(checkPromql(sum)).toBeUndefined();
    },
  );
});

describe('a query that Prometheus answers', () => {
  it.each([
    // What comes after an operator belongs to the operand next to it.
    'sum(a) + rate(b[5m])',
    'a + b offset 5m',
    '-a offset 5m',
    'a > bool b @ end()',
    'rate(a[5m] offset 5m @ 10)',
    'sum_over_time((a + b)[5m:1m] offset 1m)',
    'avg_over_time(rate(a[1m])[$window:15s])',
    'rate(a[300])',
    'rate(a[5m * 2])',
    'rate(a[step() + 1m])',
    'rate(a[5m] anchored offset 1m)',
    'a offset -1d @ 1e9',
    'a offset 0s',
    'a @ - 1.5',
    'rate(a[1h30m:])',
    // Arguments that may be left out, or come in any number.
    'hour()',
    'round(a)',
    'round(a, 0.1)',
    'label_join(a, "b", ",")',
    'label_join(a, "b", ",", "c", "d", "e")',
    'label_replace(a, "b", "$1-${name}", "c", "(?P<name>.*)")',
    'sort_by_label(a, "b", "c")',
    'histogram_quantiles(a, "q", 0.5, 0.9, 0.99)',
    'info(a)',
    'info(a, {b=~".*"})',
    'quantile(scalar(a), b)',
    'count_values("version", a)',
    'SUM BY (a, b,) (c)',
    'topk(5, a) without (b)',
    'limit_ratio(0.1, a)',
    // Numbers are readings too.
    '1',
    'time() - 5m',
    '1 > bool 2',
    'vector(1) or a',
    'a * on (b) group_left (c) d',
    'a unless on () b',
    'a + fill(0) b',
    'a atan2 b',
    // Selectors.
    '{a=~".+"}',
    '{a!=""}',
    '{a!~"|b"}',
    '{__name__=~"a|b"}',
    '{"a.name", "a label"="b"}',
    'a{b=~"(?i)c$"}',
    'a{b=~"(?P<n>c)(?s:.)"}',
    'a{b=~"[[:alpha:]]+\\\\d\\\\pL\\\\z"}',
    'a{b=~`\\d+`}',
    "a{b='\\'\\u00e9\\x41\\101'}",
    'absent_over_time(a{b="$campaign"}[$window])',
  ])('%s is taken', (query) => {
    expect(checkPromql(query)).toBeUndefined();
  });
});

describe('the place of an error', () => {
  it.each([
    ['1 + sum(foo[5m])', 8],
    ['sum(a) + rate(sum(b)[5m])', 14],
    ['rate(foo[1m]) + rate(foo[0s])', 25],
    ['foo{a=~"("}', 7],
    ['foo{a="\\d"}', 7],
    ['foo and 1', 4],
    ['foo @ Inf', 6],
    ['1 * 3and foo', 5],
    ['sum by ("") (foo)', 8],
    ['foo + on ("") bar', 10],
    ['COUNT_VALUES((""), foo)', 14],
    ['label_join(foo, "a", "", "")', 25],
    ['label_replace(foo, "a", "", "b", ("("))', 34],
    ['foo * (2 smoothed)', 7],
    ['foo offset 1000y', 11],
    ['rate(foo[step() * 2])', 9],
    ['max_over_time(foo[5m] anchored)', 14],
    ['resets(foo[5m] smoothed)', 7],
    ['rate(foo[5m:1m] smoothed)', 5],
    ['rate(foo[5m] smoothed anchored)', 5],
    ['sum({}) / sum(foo[5m])', 4],
  ])('%s: %i', (query, offset) => {
    expect(checkPromql(query)?.offset).toBe(offset);
  });
});

describe('what functions take', () => {
  it('is known for every name the parser has', () => {
    const names = parser.nodeSet.types.map((type) => type.name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase());
    const called = names
      .flatMap((name) => [name, name.replace('std_', 'std'), name.replace(/_fn$/, '')])
      .filter((name) => /^[a-z_0-9]+$/.test(name) && isCall(name));
    expect(called.length).toBeGreaterThan(90);
    expect(called.filter((name) => (functionSignature(name) ?? aggregationSignature(name)) === undefined)).toEqual([]);
  });
});

describe('a regular expression', () => {
  it.each([
    ['', true],
    ['.*', true],
    ['.+', false],
    ['a|', true],
    ['(a|b*)c?', true],
    ['(a|b*)c', false],
    ['^$', true],
    ['\\b', false],
    ['\\B', true],
    ['(?i)a{0,2}', true],
    ['(?i)a{2}', false],
    ['a{,2}', false],
    ['\\Q\\E', true],
    ['\\Q.*\\E', false],
    ['\\Qa', false],
    ['[^]a]?', true],
    ['\\pL', false],
    ['(?<n>a)(?P<m>b)', false],
  ])('%j matches nothing: %s', (pattern, matchesEmpty) => {
    expect(readMatcherRegex(pattern)).toEqual({ ok: true, matchesEmpty });
  });

  it.each([
    ['a)', ')'],
    ['a)(b', ')'],
    ['(a', '('],
    ['[a', '[a'],
    ['*', '*'],
    ['a|*', '*'],
    ['a**', '**'],
    ['a{2}{3}', '{2}{3}'],
    ['a{1001}', '{1001}'],
    ['((a{50}){50}){50}', '{50}'],
    ['a{3,2}', '{3,2}'],
    ['(?<=a)', '(?<'],
    ['(?=a)', '(?='],
    ['(?P<n>a)(?P<n>b)', 'n'],
    ['\\1', '\\1'],
    ['\\y', '\\y'],
    ['\\C', '\\C'],
    ['\\pQ', '\\pQ'],
    ['\\p{Nope}', '\\p{Nope}'],
    ['\\x{110000}', '\\x{110000'],
    ['a\\', 'trailing backslash'],
    ['[z-a]', 'z-a'],
    ['[a-\\d]', '\\d'],
    ['[[:letters:]]', '[:letters:]'],
  ])('%j is refused, and the message names %j', (pattern, part) => {
    expect(readMatcherRegex(pattern)).toEqual({ ok: false, problem: expect.stringContaining(part) });
  });

  it('is read in linear time', () => {
    expect(readMatcherRegex(`${'(|a|b)'.repeat(600)}c`)).toEqual({ ok: true, matchesEmpty: false });
    expect(readMatcherRegex('('.repeat(4_000)).ok).toBe(false);
  });

  it('is compiled only where its repetitions are few', () => {
    for (const [pattern, work] of [
      ['a{1000}'.repeat(500), 1_750_000_000],
      [`(${'ab'.repeat(100)}){0,1000}`, 210_000],
      ['[a-z]{500,}'.repeat(20), 2_200_000],
    ] as const)
      expect(readMatcherRegex(pattern), pattern).toEqual({ ok: false, problem: tooMuchWork(work) });
    const uuid = '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}';
    expect(readMatcherRegex(`(${uuid}|node-[0-9]{1,5}|x{100})`)).toMatchObject({ ok: true });
    expect(checkPromql(`up{a=~"${'a{1000}'.repeat(100)}"}`)?.problem).toContain(tooMuchWork(70_000_000));
  });

  it('of label_replace() is put between anchors as it is written', () => {
    expect(checkPromql('a{b=~"\\\\Qc"}')).toBeUndefined();
    expect(checkPromql('label_replace(a, "b", "", "c", "\\\\Qc")')?.problem).toContain('missing closing )');
    expect(checkPromql('label_replace(a, "b", "", "c", "d)(e")')).toBeUndefined();
  });
});

function tooMuchWork(work: number): string {
  return `its length times its repetitions {n} is ${work}, more than 50000`;
}

function isCall(name: string): boolean {
  const call = parser.parse(`${name}()`).topNode.firstChild;
  return call?.name === 'FunctionCall' || call?.name === 'AggregateExpr';
}
