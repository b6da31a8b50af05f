import { expect, test } from 'vitest';
import { lengthText } from '../../../src/core/text/time.ts';

test.each([
  [0, '0 s'],
  [-10, '0 s'],
  [400, '0.4 s'],
  [59_400, '59 s'],
  [150_000, '2 min 30 s'],
  [3_900_000, '1 h 5 min'],
  // A clock was set back meanwhile.
  [-3_700_000, '-1 h 1 min'],
])('a length of %d ms is %s', (ms, text) => {
  expect(lengthText(ms)).toBe(text);
});
