import { describe, expect, test } from 'vitest';
import { activitySlots, defaultCapacity, parseCapacity } from '../../../src/core/plan/capacity.ts';

const GIB = 2 ** 30;

test('a host has a place for a drive and a watch of each group that it may have, and for campaigns that have no other host', () => {
  for (const clusters of [0, 1, 100, 10_000]) expect(activitySlots(clusters) - 2 * clusters).toBeGreaterThan(1);
});

describe('the default capacity of a host', () => {
  test.for<[cores: number, memoryGib: number, clusters: number]>([
    // Two for each core where memory suffices.
    [2, 23, 4],
    [8, 32, 16],
    [64, 256, 128],
    // As many as memory suffices for.
    [2, 4, 2],
    [16, 8, 5],
    // A host takes one cluster, however small it is.
    [1, 1, 1],
    [1, 0.5, 1],
    // Half a core, as a container may have.
    [0.5, 8, 1],
  ])('of %i cores and %i GiB is %i', ([cores, memoryGib, clusters]) => {
    expect(defaultCapacity({ cores, memoryBytes: memoryGib * GIB })).toBe(clusters);
  });

  test('grows with cores and memory and never exceeds what may be typed', () => {
    const huge = defaultCapacity({ cores: 1e6, memoryBytes: 1e18 });
    expect(parseCapacity(String(huge))).toBe(huge);
    expect(parseCapacity(String(huge + 1))).toBeUndefined();
  });
});

test.for<[string, number | undefined]>([
  ['0', 0],
  ['4', 4],
  ['10000', 10_000],
  ['10001', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['4 ', undefined],
  ['', undefined],
  ['four', undefined],
  ['1e3', undefined],
])('a capacity typed as "%s" is read as %s', ([text, clusters]) => {
  expect(parseCapacity(text)).toBe(clusters);
});
