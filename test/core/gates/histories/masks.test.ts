import { describe, it } from 'vitest';
import type { GatePatch } from '../../../../src/core/model/gate-patch.ts';
import { expectReading, type Case } from './case.ts';

const max = (text: string, most = 50): GatePatch => ({ query: text, max: most });
const min = (text: string, least = 5): GatePatch => ({ query: text, min: least });
const FAR = { 'x{s="a"}': '150x40', 'x{s="b"}': '1x40' };
const NEAR = { 'x{s="a"}': '40x40', 'x{s="b"}': '1x40' };
const AT_ZERO = { 'x{s="a"}': '0x40', 'x{s="b"}': '9x40' };
const BOTH = { x: '1x40', y: '900x40' };

/** Values that are changed, or left out, because of what they are. Each passed before, unless it is measured. */
const CASES: Readonly<Record<string, readonly Case[]>> = {
  'masks in arithmetic': [
    ['one less a comparison', FAR, max('max(x * (1 - (x > bool 100)))'), 'empty'],
    ['before the value', FAR, max('max((1 - (x > bool 100)) * x)'), 'empty'],
    ['of the total', FAR, max('max(x) * (1 - (max(x) > bool 100))'), 'empty'],
    ['of a part of them', FAR, max('max(x) * (1 - max(x{s="a"} > bool 100))'), 'empty'],
    ['a product that is taken away', FAR, max('max(x - x * (x > bool 100))'), 'empty'],
    ['a number that is taken away', FAR, max('max(x - 1000 * (x > bool 100))'), 'empty'],
    ['a number below 0 that is added', FAR, max('max(-1000 * (x > bool 100) + x)'), 'empty'],
    ['a number that is added to what is small', AT_ZERO, min('min(x + 9 * (x < bool 1))'), 'empty'],
    ['divided by much where it is large', FAR, max('max(x / (1 + 999 * (x > bool 100)))'), 'empty'],
    ['to the power of 0 where it is large', FAR, max('max(x ^ (x < bool 100))'), 'empty'],
    ['by its sign', FAR, max('max(x * (1 + sgn(clamp_max(100 - x, 0))))'), 'empty'],
    ['by limits', FAR, max('max(x * clamp(100 - x, 0, 1))'), 'empty'],
    ['by how many are large', FAR, max('max(x) * ((count(x > 100) or vector(0)) < bool 1)'), 'empty'],
    ['with the sign turned', FAR, { query: 'min(-x * (x < bool 100))', min: -50 }, 'empty'],
    ['in a sum of other series', { ...FAR, y: '1x40' }, max('max(x * (1 - (x > bool 100))) + 0 * max(y)'), 'empty'],
    ['in what is divided by', { ...FAR, y: '300x40' }, min('max(y) / max(x * (1 - (x > bool 100)))', 3), 'empty'],
    [
      'but no divisor that is filtered on purpose',
      { 'a{s="1"}': '1x40', 'a{s="2"}': '1x40', 'b{s="1"}': '100x40', 'b{s="2"}': '2x40' },
      { query: 'max(a / on (s) (b > 10))', max: 0.1 },
      0.01,
    ],
    ['twice', FAR, max('max(x * (x < bool 100) * (x < bool 120))'), 'empty'],
    ['where nothing is large', NEAR, max('max(x * (1 - (x > bool 100)))'), 40],
    ['that keep only what is large', NEAR, max('sum(x * (x > bool 20))', 40), 40],
    [
      'that depend on something else',
      { ...NEAR, y: '0x40' },
      max('sum(x * on (job) group_left () (y > bool 5))', 9),
      0,
    ],
    ['that punish', NEAR, min('max(x - 1000 * (x < bool 5))'), 40],
    ['how many are large', FAR, max('sum(x > bool 100)', 1), 1],
    ['the share of what is large', FAR, max('avg(x > bool 100)', 0.6), 0.5],
  ],
  remainders: [
    ['of what is large', FAR, max('max(x % 100)'), 'empty'],
    ['of a total', { x: '120x40' }, max('sum(x) % 100'), 'empty'],
    ['of what is small', NEAR, max('max(x % 100)'), 40],
  ],
  'sets that depend on the values': [
    ['all but the largest', FAR, max('max(x unless topk(1, x))'), 'empty'],
    ['the smallest', FAR, max('max(x and bottomk(1, x))'), 'empty'],
    ['the smallest, without a set', FAR, max('max(bottomk(1, x))'), 'empty'],
    ['some', FAR, max('min(limitk(1, x)) + 0'), 150],
    ['some that happen to be within', { 'x{s="b"}': '1x40', 'x{s="a"}': '150x40' }, max('max(limitk(1, x))'), 'empty'],
    ['all but the smallest', AT_ZERO, min('min(x unless bottomk(1, x))'), 'empty'],
    ['the largest', AT_ZERO, min('min(topk(1, x))'), 'empty'],
    ['by a total', FAR, max('max(x unless on (s) sum by (s) (x) > 100)'), 'empty'],
    ['by how many are large', FAR, max('(max(x) unless count(x > 100)) or vector(0)'), 'empty'],
    ['by what is absent', FAR, max('max(x unless (x * 2 > 200))'), 'empty'],
    ['the largest, below a maximum', NEAR, max('max(topk(1, x))'), 40],
    ['the mean of the two largest', NEAR, max('avg(topk(2, x))'), 20.5],
    ['by something else', { ...FAR, 'y{s="a"}': '1x40', 'y{s="b"}': '0x40' }, max('max(x unless y == 1)'), 1],
    ['by what it is equal to', { 'x{s="a"}': '1x40', 'x{s="b"}': '2x40' }, max('sum(x and x == 1)', 2), 1],
  ],
  'differences of what a filter keeps': [
    ['with a default', FAR, max('max(x) - (max(x > 100) or vector(0))'), 'empty'],
    ['with a default of the series', FAR, max('max(x) - max(x > 100 or 0 * x)'), 'empty'],
    ['of each series', FAR, max('max(x - (x > 100 or 0 * x))'), 'empty'],
    ['of sums', FAR, max('sum(x) - sum(x > 100)'), 'empty'],
    ['of means', FAR, max('avg(x) - avg(x > 100)'), 'empty'],
    ['of another total', FAR, max('max(x) - sum(x > 100)'), 'empty'],
    ['several times', FAR, max('max(x) - 2 * max(x > 100)'), 'empty'],
    ['that is added first', FAR, max('-sum(x > 100) + sum(x)'), 'empty'],
    ['as a number', FAR, max('max(x) - scalar(max(x > 100))'), 'empty'],
    ['by a mask', FAR, max('sum(x) - sum(x * (x > bool 100))'), 'empty'],
    ['by a set', FAR, max('max(x) - max(x unless x < 100)'), 'empty'],
    ['by two comparisons', FAR, max('sum(x) - sum(x >= 100 or x <= -100)'), 'empty'],
    ['by their order', FAR, max('sum(x) - sum(topk(1, x))'), 'empty'],
    ['by a limit', FAR, max('max(x) - clamp_min(max(x), 100)'), 'empty'],
    ['over a time', FAR, max('max(x) - max_over_time(max(x > 100)[9s:1s])'), 'empty'],
    ['over a time, of each series', FAR, max('max(x) - max(max_over_time(x[9s]) > 100)'), 'empty'],
    ['of groups', FAR, max('max(x) - max(max by (s) (x) > 100)'), 'empty'],
    ['among others', { ...FAR, y: '1x40' }, max('max(x) + max(y) - max(x > 100)'), 'empty'],
    ['in a ratio', FAR, { ratio: { numerator: 'sum(x) - sum(x > 100)', denominator: 'count(x)' }, max: 50 }, 'empty'],
    [
      'of what is small',
      { 'x{s="a"}': '-50x40', 'x{s="b"}': '9x40' },
      min('min(x) - (min(x < 1) or vector(0))', -1),
      'empty',
    ],
    ['that is below a minimum', FAR, min('(sum(x > 100) or vector(0)) - sum(x)', -50), 'empty'],
    ['where all is within the bar', NEAR, max('sum(x) - (sum(x > 30) or vector(0))'), 1],
    ['but no spread of what is not 0', NEAR, max('max(x) - min(x > 0)', 39), 39],
    ['nor a distance from the mean of it', NEAR, max('max(x) - avg(x > 0)', 30), 19.5],
    ['nor what is counted', NEAR, max('count(x) - count(x > 5)', 1), 1],
    ['nor what is equal to something', { ...FAR, 'x{s="c"}': '7x40' }, max('sum(x) - sum(x == 150)'), 8],
    ['nor a difference from other series', { ...NEAR, y: '39x40' }, max('max(x) - max(y > 5)', 5), 1],
  ],
  'the right side of or': [
    ['of two totals', BOTH, max('max(x) or max(y)'), 'empty'],
    ['of series', BOTH, max('max(x or y)'), 'empty'],
    ['of three', { ...BOTH, z: '1x40' }, max('max(x) or max(y) or max(z)'), 'empty'],
    ['of three, the last', { x: '1x40', z: '1x40', y: '900x40' }, max('max(x) or max(z) or max(y)'), 'empty'],
    ['that misses a minimum', { x: '9x40', y: '0x40' }, min('sum(x) or sum(y)'), 'empty'],
    ['that is within the bar', { x: '1x40', y: '9x40' }, max('max(x) or max(y)'), 1],
    ['of other labels', { 'x{s="a"}': '1x40', 'y{s="b"}': '9x40' }, max('max(x or y)'), 9],
    ['a default', { x: '9x40' }, min('sum(x) or vector(0)'), 9],
    ['a default for a name that is there', BOTH, { query: 'sum(x) or 0 * sum(y)', min: 1 }, 1],
  ],
};

describe.each(Object.entries(CASES))('%s', (_class, cases) => {
  it.each(cases.map((one) => [one[0], one] as const))('%s', (_what, one) => expectReading(one));
});
