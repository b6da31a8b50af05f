import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import { createSoak } from '../../src/activities/soak.ts';
import { evidenceFolder, readReadings } from '../../src/adapters/evidence/evidence-folder.ts';
import { readCheckpoint, writeCheckpoint } from '../../src/adapters/host/checkpoints.ts';
import type { ObservedCluster } from '../../src/adapters/observe/observed-cluster.ts';
import type { StageResult } from '../../src/core/campaign/stage-io.ts';
import { parseSoakCheckpoint } from '../../src/core/plan/checkpoints/soak.ts';
import { demandSchedule } from '../../src/core/plan/demand.ts';
import { POD_REQUESTS_AT_ONCE } from '../../src/core/plan/limits.ts';
import type { CampaignSpec } from '../../src/core/plan/spec.ts';
import { mixedCatalogue } from '../core/plan/catalogue-samples.ts';
import { aGate } from '../workflows/make-spec.ts';
import { anAttempt } from './an-attempt.ts';
import { specOf } from './campaign-shapes.ts';
import { fakeTime } from './fake-time.ts';
import { clustersUp } from './scripted-adapters.ts';
import { scriptedCluster, unanswered, willingClient } from './scripted-cluster.ts';
import { scriptedGates, type ScriptedGates } from './scripted-gates.ts';
import { storedInput } from './stored-input.ts';

const SETTLE_SECONDS = 10;
const INTERVAL_MS = 5_000;
const LONGER_THAN_THE_SOAK_MS = 600_000;

const checked = aGate({ name: 'checked', failFast: true });
const late = aGate({ name: 'late', failFast: false });

fakeTime();

const client = willingClient();

/** A soak of a minute with a settle time, and two gates. */
function aSoak(change: { readonly totalPods?: number } = {}): CampaignSpec {
  const shape = specOf({ clusters: 1 });
  const { loadProfile } = shape.profile;
  const spec: CampaignSpec = {
    ...shape,
    catalogue: mixedCatalogue,
    gates: [checked, late],
    profile: { ...shape.profile, loadProfile: { ...loadProfile, settleSeconds: SETTLE_SECONDS } },
    plan: { ...shape.plan, totalPods: change.totalPods ?? 0 },
  };
  clustersUp(spec);
  return spec;
}

interface Attempt {
  readonly gates: ScriptedGates;
  readonly attempt?: number;
  readonly cluster?: ObservedCluster;
}

/** Runs an attempt to its end while time passes at once. */
async function soak(spec: CampaignSpec, { gates, attempt = 1, cluster }: Attempt): Promise<StageResult | Error> {
  const run = createSoak(pino({ level: 'silent' }), {
    observers: { of: () => Promise.resolve([cluster ?? scriptedCluster(spec, 0, { client })]) },
    openGateReader: gates.open,
    effectOf: () => undefined,
  });
  const env = anAttempt(attempt);
  const running: Promise<StageResult> = env.run(run, storedInput(spec, 'soak'));
  const ended = running.catch((error: unknown) => error as Error);
  await vi.advanceTimersByTimeAsync(LONGER_THAN_THE_SOAK_MS);
  return await ended;
}

function clockOf(spec: CampaignSpec): { startMs: number; settleEndMs: number; endMs: number } {
  const startMs = parseSoakCheckpoint(readCheckpoint(spec.slug, 'soak', 1))?.startAtMs ?? Number.NaN;
  const { soakSeconds, settleSeconds } = spec.profile.loadProfile;
  return { startMs, settleEndMs: startMs + settleSeconds * 1_000, endMs: startMs + soakSeconds * 1_000 };
}

function keptOf(spec: CampaignSpec): readonly (readonly [string, string | undefined, number | null])[] {
  return readReadings(evidenceFolder(spec.campaign)).map(({ gate, moment, reading }) => [gate, moment, reading.value]);
}

test('no window reaches into settling or beyond the end of the soak, however long the last Pods are waited for', async () => {
  const spec = aSoak({ totalPods: 3 });
  const gates = scriptedGates(spec.gates, () => 1);
  // One Pod is never bound: the last Pods have all of their time.
  const cluster = scriptedCluster(spec, 0, { client, present: 2 });
  expect(await soak(spec, { gates, cluster })).toMatchObject({ detail: expect.stringMatching(/^60 s, /) as string });
  const { settleEndMs, endMs } = clockOf(spec);
  const checks = gates.requests.filter(({ only }) => only === 'failFast');
  expect(checks.map(({ atMs }) => atMs - settleEndMs)).toEqual(
    Array.from({ length: 9 }, (_, index) => (index + 1) * INTERVAL_MS),
  );
  const atTheEnd = gates.requests.filter(({ only }) => only === 'all');
  expect(atTheEnd.map(({ atMs }) => atMs)).toEqual([endMs]);
  const readings = readReadings(evidenceFolder(spec.campaign));
  expect(readings).toHaveLength(11);
  for (const { stage, execution, reading } of readings) {
    expect({ stage, execution }).toEqual({ stage: 'soak', execution: 1 });
    expect(reading.windowStartMs).toBeGreaterThanOrEqual(settleEndMs);
    expect(reading.windowEndMs).toBeLessThanOrEqual(endMs);
  }
  const { ended } = parseSoakCheckpoint(readCheckpoint(spec.slug, 'soak', 1)) ?? {};
  expect(ended?.settledAtMs).toBeGreaterThanOrEqual(endMs + spec.deadlines.budgets.podReadyMs);
  expect(atTheEnd.map(({ settledAtMs }) => settledAtMs)).toEqual([ended?.settledAtMs]);
});

test('after a breach the window of all gates ends at the breach', async () => {
  const spec = aSoak();
  const gates = scriptedGates(spec.gates, ({ atMs }) => (atMs >= clockOf(spec).settleEndMs + 20_000 ? 9 : 1));
  expect(await soak(spec, { gates })).toMatchObject({ type: 'GateBreach' });
  const { settleEndMs } = clockOf(spec);
  expect(gates.requests.slice(-2)).toMatchObject([
    { only: 'failFast', atMs: settleEndMs + 20_000 },
    { only: 'all', atMs: settleEndMs + 20_000, settledAtMs: settleEndMs + 20_000 },
  ]);
});

test('a worker that takes a soak over has the target of that moment before it has listed a Pod', async () => {
  const spec = aSoak({ totalPods: 10 });
  const { loadProfile } = spec.profile;
  const falling = { ...loadProfile, demandSteps: [{ atSeconds: 20, targetMultiplier: 0.5 }] };
  const changed = { ...spec, profile: { ...spec.profile, loadProfile: falling } };
  writeCheckpoint(spec.slug, 'soak', 1, { startAtMs: Date.now() - 30_000, lowWater: {}, actions: {} });
  let target = 0;
  const listing: ObservedCluster['client'] = {
    ...client,
    list: (...request) => {
      target ||= cluster.target;
      return client.list(...request);
    },
  };
  const cluster = scriptedCluster(changed, 0, { client: listing, present: 5 });
  cluster.target = 10;
  await soak(changed, { gates: scriptedGates(spec.gates, () => 1), attempt: 2, cluster });
  expect(target).toBe(5);
});

test('operations that were due before a breach and never sent are late', async () => {
  const spec = aSoak({ totalPods: 200 });
  const { loadProfile } = spec.profile;
  const churned = { ...spec, profile: { ...spec.profile, loadProfile: { ...loadProfile, churnPerMinute: 1 } } };
  const deaf: ObservedCluster['client'] = { ...client, create: unanswered, delete: unanswered };
  const cluster = scriptedCluster(churned, 0, { client: deaf, present: 200 });
  const breachMs = 30_000;
  const gates = scriptedGates(spec.gates, ({ atMs }) => (atMs >= clockOf(churned).startMs + breachMs ? 9 : 1));
  expect(await soak(churned, { gates, cluster })).toMatchObject({ type: 'GateBreach' });
  const due = demandSchedule(churned, 0).operations.filter(({ atMs }) => atMs < breachMs);
  const neverSent = due.slice(POD_REQUESTS_AT_ONCE);
  expect(neverSent.length).toBeGreaterThan(0);
  const { lateness } = parseSoakCheckpoint(readCheckpoint(spec.slug, 'soak', 1)) ?? {};
  expect(lateness).toEqual({
    operations: due.length,
    late: neverSent.length,
    worstMs: breachMs - (neverSent[0]?.atMs ?? 0),
    sent: { 0: POD_REQUESTS_AT_ONCE },
    neverSent: neverSent.length,
  });
});

test('a failed reading of the end is not replaced: an attempt whose report was lost is followed by one that takes it over', async () => {
  const spec = aSoak();
  const first = await soak(spec, { gates: scriptedGates(spec.gates, ({ only }) => (only === 'all' ? 9 : 1)) });
  const well = scriptedGates(spec.gates, () => 1);
  const second = await soak(spec, { gates: well, attempt: 2 });
  expect(well.requests).toEqual([]);
  expect(second).toEqual(first);
  expect(keptOf(spec).filter(([, moment]) => moment === 'end')).toEqual([
    ['checked', 'end', 9],
    ['late', 'end', 9],
  ]);
});

test('a query without an answer at the end is asked once more, for the same moment', async () => {
  const spec = aSoak();
  let unanswered = 1;
  const gates = scriptedGates(spec.gates, ({ only }, gate) => {
    if (only !== 'all') return 1;
    return gate.name === 'late' && unanswered-- > 0 ? null : gates.requests.length;
  });
  await soak(spec, { gates });
  const [first, second] = gates.requests.filter(({ only }) => only === 'all');
  expect(second).toEqual(first);
  const values = keptOf(spec).filter(([, moment]) => moment === 'end');
  expect(values).toEqual([
    ['checked', 'end', gates.requests.length - 1],
    ['late', 'end', gates.requests.length],
  ]);
});

test('an attempt whose worker died at the end reads the gates for the end of the soak, and does not drive again', async () => {
  const spec = aSoak();
  const dying = scriptedGates(spec.gates, ({ only }) =>
    only === 'all' ? Promise.reject(new Error('the worker died')) : 1,
  );
  expect(await soak(spec, { gates: dying })).toBeInstanceOf(Error);
  const before = readCheckpoint(spec.slug, 'soak', 1);
  const gates = scriptedGates(spec.gates, () => 2);
  let lists = 0;
  const counted: ObservedCluster['client'] = {
    ...client,
    list: (...request) => {
      lists++;
      return client.list(...request);
    },
  };
  const cluster = scriptedCluster(spec, 0, { client: counted });
  expect(await soak(spec, { gates, attempt: 2, cluster })).toMatchObject({
    detail: expect.stringMatching(/^60 s, /) as string,
    facts: { soakEndMs: clockOf(spec).endMs },
  });
  expect(lists).toBe(0);
  const { endMs } = clockOf(spec);
  const { ended } = parseSoakCheckpoint(before) ?? {};
  expect(gates.requests).toMatchObject([{ only: 'all', atMs: endMs, settledAtMs: ended?.settledAtMs }]);
  expect(readCheckpoint(spec.slug, 'soak', 1)).toEqual(before);
});

test.for<[string, number, number]>([
  ['Ready', 3, 0],
  ['not Ready', 0, 60_000],
])('the end waits for Pods that are bound and %s', async ([, ready, leastMs]) => {
  const spec = aSoak({ totalPods: 3 });
  const cluster = { ...scriptedCluster(spec, 0, { client, present: 3 }) };
  const counts = { ...cluster.counts(), ready };
  cluster.counts = () => counts;
  await soak(spec, { gates: scriptedGates(spec.gates, () => 1), cluster });
  const waitedMs =
    (parseSoakCheckpoint(readCheckpoint(spec.slug, 'soak', 1))?.ended?.settledAtMs ?? 0) - clockOf(spec).endMs;
  expect(waitedMs).toBeGreaterThanOrEqual(leastMs);
  expect(waitedMs < 60_000).toBe(leastMs === 0);
});
