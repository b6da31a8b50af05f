import { afterAll, beforeAll, expect, test } from 'vitest';
import { simulate } from './simulation.ts';
import { TestTemporal } from './temporal.ts';

/*
 * A small one of the simulations of bench/orchestration.ts. What a campaign leaves in Temporal grows with its hosts, and 200 of them
 * may leave 8 MB in payloads of at most 200 KB.
 */
const HOSTS = 20;
const BYTES_PER_HOST = 8e6 / 200;
const PAYLOAD_BYTES_PER_HOST = 200e3 / 200;
/** Place, provision, install, seed, ramp, steady, drive, snapshot, teardown. */
const ACTIVITIES_PER_HOST = 9;
/** Two watches, and judge. */
const ACTIVITIES_OF_LEAD = 3;
/** An activity that ends alone has its own workflow task. */
const EVENTS_PER_ACTIVITY = 6;
/** Start, resolve, the story of the stages, the end. */
const OTHER_EVENTS = 60;

let temporal: TestTemporal;
beforeAll(async () => {
  temporal = await TestTemporal.start();
});
afterAll(() => temporal.stop());

test('a campaign on 20 hosts with 100 clusters each leaves its share of what 200 hosts may leave in Temporal', async () => {
  const simulated = await simulate(temporal, { hosts: HOSTS, clustersPerHost: 100, spreadMs: 0 });
  expect(simulated).toMatchObject({ verdict: 'pass', replayError: undefined });
  const activities = HOSTS * ACTIVITIES_PER_HOST + ACTIVITIES_OF_LEAD;
  expect(simulated.activities).toBe(activities);
  expect(simulated.events).toBeLessThanOrEqual(activities * EVENTS_PER_ACTIVITY + OTHER_EVENTS);
  expect(simulated.historyBytes).toBeLessThan(HOSTS * BYTES_PER_HOST);
  expect(simulated.largestPayloadBytes).toBeLessThan(HOSTS * PAYLOAD_BYTES_PER_HOST);
});
