import { expect, test } from 'vitest';
import { dayText, lengthText, momentText, timeOfDayText } from '../../../src/core/text/time.ts';

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

test.each([
  [Date.UTC(2026, 10, 24, 8, 17, 18, 999), '2026-11-24', '08:17:18'],
  [Date.UTC(10_000, 0, 2, 3, 4, 5), '+010000-01-02', '03:04:05'],
  [Date.UTC(-1, 0, 2, 3, 4, 5), '-000001-01-02', '03:04:05'],
  [8.64e15, '+275760-09-13', '00:00:00'],
])('the moment %d is written whole, also in a year of five digits', (atMs, day, time) => {
  expect([dayText(atMs), timeOfDayText(atMs), momentText(atMs)]).toEqual([day, time, `${day} ${time} UTC`]);
});
