import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CounterEvidence } from '../../../src/core/gates/counter.ts';
import { counterDelta, resetSeries } from '../../../src/core/gates/counter.ts';

const WINDOW = { startMs: 100_000, endMs: 130_000 };
const labels = { job: 'j', instance: 'a' };
const nothing: CounterEvidence = { atStart: [], atEnd: [], resets: [], raw: [], upAtStart: [], processStarts: [] };
const at = (value: number, more: Record<string, string> = {}) => [{ labels: { ...labels, ...more }, value }];

/** Evidence as Prometheus would give it for one series with these values, one a second. */
function evidenceOf(begin: number, values: readonly number[], stepMs = 1_000): CounterEvidence {
  const points = values.map((value, index) => [WINDOW.startMs + (index + 1) * stepMs, value] as const);
  // The question reaches back to the sample that gives the window's start its value.
  const resets = values.filter((value, index) => value < (values[index - 1] ?? begin)).length;
  return {
    ...nothing,
    atStart: at(begin),
    atEnd: at(values.at(-1) ?? begin),
    resets: resets > 0 ? at(resets) : [],
    raw: [{ labels, points }],
  };
}

describe('counterDelta', () => {
  it.each<[string, CounterEvidence, number]>([
    ['plain growth', { ...nothing, atStart: at(10), atEnd: at(25) }, 15],
    ['no growth', { ...nothing, atStart: at(10), atEnd: at(10) }, 0],
    [
      'several series',
      { ...nothing, atStart: [...at(1), ...at(2, { kind: 'x' })], atEnd: [...at(4), ...at(9, { kind: 'x' })] },
      10,
    ],
    ['a series born where its target was watched', { ...nothing, atEnd: at(7, { kind: 'x' }), upAtStart: at(1) }, 7],
    ['a series of a process born in the window', { ...nothing, atEnd: at(7), processStarts: at(110) }, 7],
    ['a reset between close samples', evidenceOf(100, [101, 102, 1, 2, 3]), 5],
    ['a reset right after the start', evidenceOf(100, [3, 4]), 4],
    ['two resets', evidenceOf(5, [6, 1, 2, 0, 4]), 7],
    [
      'a restart after which the counter overtook its old value between two scrapes',
      { ...evidenceOf(10, [10, 12, 13]), processStarts: at(101.5) },
      13,
    ],
    ['nothing at all', nothing, 0],
  ])('%s', (_, evidence, value) => {
    expect(counterDelta(evidence, WINDOW)).toMatchObject({ kind: 'value', value });
  });

  it.each<[string, CounterEvidence, string]>([
    ['a reset across a long hole', evidenceOf(100, [101, 1], 16_000), 'was reset with 16 s between the samples'],
    ['a reset whose samples are not to be had', { ...nothing, atStart: at(9), atEnd: at(1) }, 'could not be had'],
    [
      'a series of a target first watched in the window',
      { ...nothing, atEnd: at(7) },
      "no value at the window's start",
    ],
    [
      'a target that was down when the window began',
      { ...nothing, atEnd: at(7), upAtStart: at(0), processStarts: at(50) },
      "no value at the window's start",
    ],
    [
      'the same, its process being older',
      { ...nothing, atEnd: at(7), processStarts: at(50) },
      "no value at the window's start",
    ],
    [
      'the target of another cluster being watched',
      { ...nothing, atEnd: at(7), upAtStart: at(1, { cluster: 'other' }) },
      'no known birth',
    ],
  ])('claims nothing for %s', (_, evidence, words) => {
    expect(counterDelta(evidence, WINDOW)).toMatchObject({ kind: 'uncovered', detail: expect.stringContaining(words) });
  });

  it('adds up what was counted, whatever resets lie between', () => {
    const steps = fc.array(fc.record({ grows: fc.integer({ min: 0, max: 50 }), resets: fc.boolean() }), {
      minLength: 1,
      maxLength: 29,
    });
    fc.assert(
      fc.property(steps, fc.integer({ min: 0, max: 1_000 }), (walk, begin) => {
        let value = begin;
        let counted = 0;
        const values = walk.map(({ grows, resets }) => {
          // A reset shows only where the new process has counted less than the old one had.
          if (resets && grows < value) value = 0;
          value += grows;
          counted += grows;
          return value;
        });
        const result = counterDelta(evidenceOf(begin, values), WINDOW);
        return result.kind === 'value' && result.value === counted;
      }),
    );
  });

  it('asks for raw points only of series that were reset', () => {
    const atStart = [...at(5), ...at(5, { k: 'x' })];
    const atEnd = [...at(9), ...at(4, { k: 'x' })];
    expect(resetSeries({ ...nothing, atStart, atEnd }, WINDOW)).toEqual(at(4, { k: 'x' }));
    // The same target, started anew: any of its counters may have overtaken its old value.
    expect(resetSeries({ ...nothing, atStart, atEnd, processStarts: at(110) }, WINDOW)).toEqual(atEnd);
  });
});
