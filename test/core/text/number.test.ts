import { expect, test } from 'vitest';
import { headroomText, numberText, percentText } from '../../../src/core/text/number.ts';
import { sparkline } from '../../../src/core/text/sparkline.ts';

test.each([
  [0, '0 %'],
  [-0, '0 %'],
  [0.0123, '1.2 %'],
  [-0.123, '12 %'],
  [3.894, '389 %'],
  [1e7, '1.00e+9 %'],
  [1e300, '1.00e+302 %'],
])('the share %d is %s', (share, text) => {
  expect(percentText(share)).toBe(text);
});

test('numbers of every size are short, and zero has no sign', () => {
  expect([0, -0, 5e-324, -1e308, 12_345.6, -0.41].map(numberText)).toEqual([
    '0',
    '0',
    '4.94e-324',
    '-1.00e+308',
    '12,346',
    '-0.41',
  ]);
  expect([headroomText(-0), headroomText(-0.05)]).toEqual(['0 %', '-5 %']);
});

test('a course has a bar for every value, however far apart they are', () => {
  expect(sparkline([-1e308, 1e308, null, 0])).toBe('▁█·▅');
  expect(sparkline([0, 0])).toBe('▁▁');
});
