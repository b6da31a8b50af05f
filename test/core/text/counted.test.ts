import { expect, test } from 'vitest';
import { counted } from '../../../src/core/text/counted.ts';

test('a count of things is in words', () => {
  expect([0, 1, 2].map((count) => counted(count, 'Pod'))).toEqual(['0 Pods', '1 Pod', '2 Pods']);
  expect([1, 2].map((count) => counted(count, 'process', 'processes'))).toEqual(['1 process', '2 processes']);
});
