import { expect } from 'vitest';
import type { UnmeasuredReason } from '../../../../src/core/gates/model.ts';
import type { ReadingContext } from '../../../../src/core/gates/subject.ts';
import type { GatePatch } from '../../../../src/core/model/gate-patch.ts';
import { judgedOn, type Written } from './written.ts';

/** What a gate reads: a number, bounds (null = none), or why there is no number. */
type Expected = number | UnmeasuredReason | readonly [low: number, high: number | null];

/** Written series, a gate over them, and what it reads. */
export type Case = readonly [
  what: string,
  series: Written,
  gate: GatePatch,
  reads: Expected,
  context?: Partial<ReadingContext>,
];

/** Checks the reading of a case. */
export function expectReading([, series, gate, reads, context]: Case): void {
  const { reading } = judgedOn(series, gate, context);
  if (typeof reads === 'string') {
    expect(reading).toMatchObject({ quality: 'unmeasured', reason: reads, detail: expect.any(String) });
    return;
  }
  expect(reading).toMatchObject({ quality: 'measured' });
  const { value, low = value, high = value } = reading;
  const [least, most] = typeof reads === 'number' ? [reads, reads] : reads;
  expect(low).toBeCloseTo(least, 9);
  if (most === null) expect(high).toBeNull();
  else expect(high).toBeCloseTo(most, 9);
}
