import { describe, expect, it } from 'vitest';
import { caughtUpAtMs } from '../../../src/core/plan/catch-up.ts';
import { LATE_OPERATION_MS } from '../../../src/core/plan/limits.ts';

const sentAt = (dueAtMs: readonly number[], beganAtMs: number): readonly number[] =>
  dueAtMs.map((each) => caughtUpAtMs(each, { beganAtMs, firstDueAtMs: dueAtMs[0] ?? 0 }));

describe('operations', () => {
  it('are sent at their moments by a worker that is there', () => {
    expect(sentAt([1_000, 2_000, 9_000], 1_000)).toEqual([1_000, 2_000, 9_000]);
  });

  it('that fell due while none was there are spread, at four times their pace', () => {
    expect(sentAt([0, 1_000, 2_000, 4_000, 6_000, 9_000], 4_000)).toEqual([4_000, 4_250, 4_500, 5_000, 6_000, 9_000]);
  });

  it('of one moment are sent at once', () => {
    expect(sentAt([0, 0, 0], 60_000)).toEqual([60_000, 60_000, 60_000]);
  });

  it.each([1, 500, 3_000, 60_000, 3_600_000])(
    'that fell due after a gap of %d ms keep their order, and are not late',
    (gapMs) => {
      const due = Array.from({ length: 400 }, (_, index) => Math.round((index * gapMs) / 200));
      const sent = sentAt(due, gapMs);
      expect(sent).toEqual(sent.toSorted((a, b) => a - b));
      for (const [index, atMs] of due.entries())
        if (atMs >= gapMs) expect((sent[index] ?? 0) - atMs).toBeLessThanOrEqual(LATE_OPERATION_MS);
    },
  );
});
