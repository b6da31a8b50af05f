import { expect, test } from 'vitest';
import { rampResult } from '../../src/activities/ramp-result.ts';
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
    sentLate: { count: 10, p50Ms: 1, p99Ms: 30, maxMs: 40, lateCount: 0 },
    answeredLate: NONE,
    ...change,
  };
}

/** A cluster that was full already: nothing was sent. */
const full = report({ created: 0, existing: 10, achievedPerSec: undefined, sentLate: NONE });

test.for<[string, readonly ArrivalsReport[], string, Readonly<Record<string, number>>]>([
  [
    'sums the rates of its clusters',
    [report({}), report({ sentLate: { count: 1, p50Ms: 50, p99Ms: 50, maxMs: 50, lateCount: 0 } })],
    '20 of 20 Pods created, 6.0 a second of 8.0 asked, sent at most 50 ms late (p99)',
    { askedPerSec: 8, achievedPerSec: 6, sentLateP99Ms: 50 },
  ],
  ['has no rate and no lateness where nothing was sent', [full], '10 of 10 Pods created', { askedPerSec: 4 }],
  [
    'does not take the rate of some clusters for the rate of all',
    [report({}), full],
    '20 of 20 Pods created, sent at most 30 ms late (p99)',
    { askedPerSec: 8, sentLateP99Ms: 30 },
  ],
  [
    'does not count a cluster without Pods',
    [report({}), report({ wanted: 0, created: 0, askedPerSec: undefined, achievedPerSec: undefined, sentLate: NONE })],
    '10 of 10 Pods created, 3.0 a second of 4.0 asked, sent at most 30 ms late (p99)',
    { askedPerSec: 4, achievedPerSec: 3, sentLateP99Ms: 30 },
  ],
])('%s', ([, reports, detail, measured]) => {
  const result = rampResult(reports);
  expect(result.detail).toBe(detail);
  const { askedPerSec, achievedPerSec, sentLateP99Ms } = result.facts;
  expect(JSON.parse(JSON.stringify({ askedPerSec, achievedPerSec, sentLateP99Ms }))).toEqual(measured);
  expect(Object.values(result.facts)).not.toContain(undefined);
});
