import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { churnTimes } from '../../../src/core/plan/churn.ts';

test('replaces the share it was asked for, in order, within the soak, the same again', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 300 }),
      fc.float({ min: 0, max: 3, noNaN: true }),
      fc.integer({ min: 1, max: 200_000 }),
      fc.integer(),
      (pods, churnPerMinute, durationMs, seed) => {
        const request = { pods, churnPerMinute, durationMs, seed };
        const operations = churnTimes(request);
        expect(operations).toHaveLength(Math.floor((pods * churnPerMinute * durationMs) / 60_000));
        expect(
          operations.every(({ atMs }, index) => atMs >= (operations[index - 1]?.atMs ?? 0) && atMs <= durationMs),
        ).toBe(true);
        expect(churnTimes(request)).toEqual(operations);
      },
    ),
  );
});

test('a slot goes through its generations one by one, and only after every other slot had its turn', () => {
  const operations = churnTimes({ pods: 40, churnPerMinute: 2, durationMs: 120_000, seed: 6 });
  const generations = new Map<number, number>();
  operations.forEach(({ slot, generation }, index) => {
    expect(generation).toBe((generations.get(slot) ?? 0) + 1);
    generations.set(slot, generation);
    if (index % 40 === 39) expect(new Set(generations.values())).toEqual(new Set([generation]));
  });
  expect(generations.size).toBe(40);
});

const order = (seed: number, clusterIndex: number): readonly number[] =>
  churnTimes({ pods: 50, churnPerMinute: 1, durationMs: 60_000, seed, clusterIndex }).map(({ slot }) => slot);

test('the order is shuffled, by the seed and by the cluster', () => {
  expect(order(1, 0)).not.toEqual(Array.from({ length: 50 }, (_, slot) => slot));
  expect(order(1, 0)).not.toEqual(order(2, 0));
  expect(order(1, 0)).not.toEqual(order(1, 1));
});
