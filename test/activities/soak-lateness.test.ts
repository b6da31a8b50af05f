import { expect, test } from 'vitest';
import { LatenessCount } from '../../src/activities/soak-lateness.ts';
import { latenessRecord } from '../../src/core/verdict/lateness-record.ts';

test('the p99 of a soak is that of all its attempts', () => {
  const first = new LatenessCount(undefined);
  for (let index = 0; index < 90; index++) first.sent(2);
  const second = new LatenessCount(first.soFar);
  for (let index = 0; index < 10; index++) second.sent(7_000);
  expect(latenessRecord(first.soFar)).toEqual({ operations: 90, late: 0, worstMs: 2, p99: { lowMs: 1, highMs: 2 } });
  expect(latenessRecord(second.soFar)).toEqual({
    operations: 100,
    late: 10,
    worstMs: 7_000,
    p99: { lowMs: 6_912, highMs: 7_168 },
  });
});

test('operations that were never sent are later than all others', () => {
  const count = new LatenessCount(undefined);
  count.sent(2);
  count.neverSent(100);
  expect(latenessRecord(new LatenessCount(count.soFar).soFar)).toEqual({
    operations: 2,
    late: 1,
    worstMs: 100,
    p99: { lowMs: 2, highMs: null },
  });
});

test('where an attempt of an earlier version counted only how many were late, there is no p99', () => {
  const count = new LatenessCount({ operations: 5, late: 1, worstMs: 9_000 });
  count.sent(1);
  expect(latenessRecord(count.soFar)).toEqual({ operations: 6, late: 1, worstMs: 9_000 });
});
