import { describe, expect, test } from 'vitest';
import type { Verdict } from '../../../src/core/gates/model.ts';
import { changedSince, lastGreen, sinceSentence, type EarlierRun } from '../../../src/core/verdict/run-history.ts';
import type { Summary } from '../../../src/core/verdict/summary-model.ts';

const NOON_MS = Date.UTC(2026, 10, 20, 12);

/** Runs, newest first, one a day. */
function runs(...verdicts: readonly Verdict[]): readonly EarlierRun[] {
  return verdicts.map((verdict, index) => ({
    id: `run-${verdicts.length - index}`,
    verdict,
    startedAtMs: NOON_MS - index * 86_400_000,
    metrics: [],
    takenWith: [],
  }));
}

describe('since when', () => {
  test.each<readonly [Verdict, readonly Verdict[], string]>([
    ['pass', [], 'No earlier run can be compared with this one.'],
    ['pass', ['pass', 'pass'], 'Green since 2026-11-19 12:00:00 UTC: 3 runs in a row.'],
    ['pass', ['pass', 'fail', 'pass'], 'Green since 2026-11-20 12:00:00 UTC: 2 runs in a row, after red run run-2.'],
    ['fail', ['pass', 'pass', 'fail'], 'The first red run after 2 green runs.'],
    ['fail', ['unmeasured'], 'The first red run after 1 unmeasured run.'],
    [
      'unmeasured',
      ['unmeasured', 'pass'],
      'Unmeasured since 2026-11-20 12:00:00 UTC: 2 runs in a row, after green run run-1.',
    ],
  ])('%s after %j', (verdict, earlier, sentence) => {
    expect(sinceSentence(verdict, { earlier: runs(...earlier) })).toBe(sentence);
  });

  test('the last green run is the newest one that passed', () => {
    expect(lastGreen({ earlier: runs('fail', 'pass', 'pass') })?.id).toBe('run-2');
    expect(lastGreen({ earlier: runs('fail') })).toBeUndefined();
  });
});

const tool = (name: string, version: string): object => ({ name, version, sha256: 'a'.repeat(64) });

test('what changed is every part that is not the same in both', () => {
  const [before] = runs('pass');
  if (before === undefined) throw new Error('no run');
  const identity = {
    code: [],
    hosts: [],
    temporal: null,
    tools: [tool('etcd', '3.7.0'), tool('kube-scheduler', '1.37.2')],
    clusters: [],
    system: null,
    images: [],
    unknown: [],
  };
  const summary = { identity } as unknown as Summary;
  const etcd = `3.7.0 (sha256 ${'a'.repeat(12)})`;
  expect(
    changedSince(summary, {
      ...before,
      takenWith: [
        ['etcd', etcd],
        ['kube-scheduler', '1.36.0'],
        ['kwok', '0.8.0'],
      ],
    }),
  ).toEqual([
    { part: 'kube-scheduler', before: '1.36.0', now: `1.37.2 (sha256 ${'a'.repeat(12)})` },
    { part: 'kwok', before: '0.8.0', now: 'none' },
  ]);
  expect(changedSince(summary, before)).toBeUndefined();
});
