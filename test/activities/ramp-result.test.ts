import { expect, test } from 'vitest';
import { rampResult } from '../../src/activities/ramp-result.ts';
import type { LatenessCounts } from '../../src/core/plan/lateness-histogram.ts';
import { UNTROUBLED } from '../../src/core/plan/observation.ts';
import type { ArrivalsReport } from '../../src/adapters/kube/run-arrivals.ts';

const NONE = { count: 0, p50Ms: 0, p99Ms: 0, maxMs: 0, lateCount: 0 };

function report(change: Partial<ArrivalsReport>): ArrivalsReport {
  return {
    wanted: 10,
    created: 10,
    existing: 0,
    overdue: 0,
    refilled: 0,
    retries: 0,
    conflicts: 0,
    askedPerSec: 4,
    achievedPerSec: 3,
    sentLate: NONE,
    answeredLate: NONE,
    ...change,
  };
}

/** A cluster that was full already: nothing was sent. */
const full = report({ created: 0, existing: 10, achievedPerSec: undefined });

/** Lateness of 100 requests, all within 2 ms but for some within 30. */
const LATE: LatenessCounts = { '2': 90, '30': 10 };

test.for<[string, readonly ArrivalsReport[], LatenessCounts | undefined, string, Readonly<Record<string, number>>]>([
  [
    'sums the rates of its clusters',
    [report({}), report({})],
    LATE,
    '20 of 20 Pods created, 6.0 a second of 8.0 asked, sent at most 30 ms late (p99)',
    { askedPerSec: 8, achievedPerSec: 6, sentLateP99LowMs: 29, sentLateP99Ms: 30 },
  ],
  ['has no rate and no lateness where nothing was sent', [full], {}, '10 of 10 Pods created', { askedPerSec: 4 }],
  [
    'does not take the rate of some clusters for the rate of all',
    [report({}), full],
    LATE,
    '20 of 20 Pods created, sent at most 30 ms late (p99)',
    { askedPerSec: 8, sentLateP99LowMs: 29, sentLateP99Ms: 30 },
  ],
  [
    'does not count a cluster without Pods',
    [report({}), report({ wanted: 0, created: 0, askedPerSec: undefined, achievedPerSec: undefined })],
    LATE,
    '10 of 10 Pods created, 3.0 a second of 4.0 asked, sent at most 30 ms late (p99)',
    { askedPerSec: 4, achievedPerSec: 3, sentLateP99LowMs: 29, sentLateP99Ms: 30 },
  ],
  [
    'has no lateness where an attempt of an earlier version did not record it',
    [report({})],
    undefined,
    '10 of 10 Pods created, 3.0 a second of 4.0 asked',
    { askedPerSec: 4, achievedPerSec: 3 },
  ],
])('%s', ([, reports, late, detail, measured]) => {
  const result = rampResult(reports, late, UNTROUBLED);
  expect(result.detail).toBe(detail);
  const { askedPerSec, achievedPerSec, sentLateP99LowMs, sentLateP99Ms } = result.facts;
  const known = { askedPerSec, achievedPerSec, sentLateP99LowMs, sentLateP99Ms };
  expect(JSON.parse(JSON.stringify(known))).toEqual(measured);
  expect(Object.values(result.facts)).not.toContain(undefined);
});

test('says how many requests waited for a server, and how long', () => {
  const requests = { ...UNTROUBLED.requests, waited: 14, longestMs: 20_400, refused: 30 };
  const { detail } = rampResult([full], undefined, { ...UNTROUBLED, requests });
  expect(detail).toBe('10 of 10 Pods created, 14 requests waited for a server, at most 20 s');
});
