import { expect, test } from 'vitest';
import { LIST_PAGE, LIST_PAGE_MS, WATCH_LATE_NEWS_MS, WATCH_LONGEST_PAUSE_MS } from '../../../src/core/plan/limits.ts';
import { comparePauseMs, trustedAgeMs, watchTrustedMs } from '../../../src/core/plan/watch-trust.ts';
import { aSpec } from '../../workflows/make-spec.ts';

test.each([
  [0, 10_000, 31_000],
  [36, 10_000, 31_000],
  [500, 10_000, 31_000],
  [501, 10_000, 32_000],
  [5_000, 10_000, 40_000],
  [12_000, 12_000, 56_000],
  [20_000, 15_000, 75_000],
  [100_000, 15_000, 235_000],
])('%i Pods are compared after %i ms, and trusted for %i ms', (pods, pauseMs, trustedMs) => {
  expect(comparePauseMs(pods)).toBe(pauseMs);
  expect(watchTrustedMs(pods)).toBe(trustedMs);
});

test.each([1, 499, 5_000, 12_345, 20_000, 100_000])(
  'a watch of %i Pods whose lists take as long as they may is trusted, also after one of them failed',
  (pods) => {
    const listMs = Math.ceil(pods / LIST_PAGE) * LIST_PAGE_MS + WATCH_LATE_NEWS_MS;
    const oldestMs = listMs + comparePauseMs(pods) + listMs;
    expect(watchTrustedMs(pods)).toBeGreaterThan(oldestMs + WATCH_LONGEST_PAUSE_MS);
  },
);

test('a campaign trusts what its largest cluster needs, with what the soak adds to it', () => {
  const spec = aSpec();
  const { loadProfile } = spec.profile;
  const of = (change: Partial<typeof loadProfile>, clusterCount: number): number =>
    trustedAgeMs({
      ...spec,
      profile: { ...spec.profile, loadProfile: { ...loadProfile, ...change } },
      plan: { ...spec.plan, totalPods: 20_000, clusterCount },
    });
  expect(of({}, 1)).toBe(watchTrustedMs(20_000));
  expect(of({}, 4)).toBe(watchTrustedMs(5_000));
  expect(of({ demandSteps: [{ atSeconds: 1, targetMultiplier: 2 }] }, 4)).toBe(watchTrustedMs(10_000));
});
