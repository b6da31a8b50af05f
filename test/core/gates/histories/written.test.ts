import { describe, expect, it } from 'vitest';
import { samplesOf } from './written.ts';

describe('written samples', () => {
  it.each([
    ['5x2 7', [5, 5, 7]],
    ['5+2x3', [7, 9, 11]],
    ['_ X NaN', ['missed', undefined, NaN]],
    ['_x2 +Inf', ['missed', 'missed', Infinity]],
  ])('%s', (text, samples) => expect(samplesOf(text)).toEqual(samples));
});
