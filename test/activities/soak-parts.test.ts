import { ActivityCancellationDetails } from '@temporalio/common';
import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import { createDrive } from '../../src/activities/drive.ts';
import { createWatch } from '../../src/activities/watch.ts';
import { effectOf } from '../../src/adapters/faults/registry.ts';
import { evidenceFolder, readReadings, readTimeline } from '../../src/adapters/evidence/evidence-folder.ts';
import { readCheckpoint } from '../../src/adapters/host/checkpoints.ts';
import type { ObservedCluster } from '../../src/adapters/observe/observed-cluster.ts';
import type { DriveResult, StageResult, WatchInput } from '../../src/core/campaign/stage-io.ts';
import { parseSoakCheckpoint } from '../../src/core/plan/checkpoints/soak.ts';
import { demandSchedule } from '../../src/core/plan/demand.ts';
import { POD_REQUESTS_AT_ONCE, SOAK_START_MS } from '../../src/core/plan/limits.ts';
import type { CampaignSpec } from '../../src/core/plan/spec.ts';
import { scriptedNodes } from '../adapters/faults/scripted-nodes.ts';
import { mixedCatalogue } from '../core/plan/catalogue-samples.ts';
import { aGate } from '../workflows/make-spec.ts';
import { anAttempt } from './an-attempt.ts';
import { specOf } from './campaign-shapes.ts';
import { fakeTime } from './fake-time.ts';
import { clustersUp } from './scripted-adapters.ts';
import { scriptedCluster, unanswered, willingClient } from './scripted-cluster.ts';
import { scriptedGates, type ScriptedGates } from './scripted-gates.ts';
import { storedInput } from './stored-input.ts';

const LONGER_THAN_THE_SOAK_MS = 600_000;
/** While the fault lasts. */
const CANCELLED_AT_MS = 25_000;
const GROUPS: WatchInput['groups'] = [
  { group: 'g0', host: 'a', firstCluster: 0, clusterCount: 1 },
  { group: 'g1', host: 'b', firstCluster: 1, clusterCount: 1 },
];

const checked = aGate({ name: 'checked', failFast: true });
const late = aGate({ name: 'late', failFast: false });
const log = pino({ level: 'silent' });

fakeTime();

/** A soak of a minute over two clusters, each of which is a group. Both lose a Node at 20 s. */
function aSoak(): CampaignSpec {
  const runnerActions = [{ atSeconds: 20, action: 'fail-node-0', on: 'each' as const }];
  const shape = specOf({ clusters: 2, placed: true, profile: { runnerActions } });
  const { loadProfile } = shape.profile;
  const spec: CampaignSpec = {
    ...shape,
    catalogue: mixedCatalogue,
    gates: [checked, late],
    profile: { ...shape.profile, loadProfile: { ...loadProfile, churnPerMinute: 1 } },
    plan: { ...shape.plan, totalPods: 400 },
  };
  clustersUp(spec);
  return spec;
}

/** A cluster of the campaign with all of its Pods bound. */
function aCluster(
  spec: CampaignSpec,
  index: number,
  change: Partial<ObservedCluster['client']> = {},
): { readonly cluster: ObservedCluster; readonly patches: readonly unknown[] } {
  const nodes = scriptedNodes({ n0: { 'belay.dev/campaign': spec.campaign } }, []);
  const client = { ...willingClient(nodes.client), ...change };
  return { cluster: scriptedCluster(spec, index, { client, present: 200 }), patches: nodes.patches };
}

/** A request that is refused. */
function refused(): Promise<never> {
  return Promise.reject(new Error('asked again'));
}

/** Begins a drive of some clusters. @returns how it ends */
function drive(
  spec: CampaignSpec,
  clusters: readonly ObservedCluster[],
  startAtMs: number,
  env = anAttempt(),
): Promise<DriveResult | Error> {
  const run = createDrive(log, { observers: { of: () => Promise.resolve(clusters) }, effectOf });
  const ended: Promise<DriveResult> = env.run(run, { ...storedInput(spec, 'soak'), group: 'g1', startAtMs });
  return ended.catch((error: unknown) => error as Error);
}

/** Runs a watch to its end while time passes at once. */
async function watch(
  spec: CampaignSpec,
  gates: ScriptedGates,
  given: { readonly startAtMs: number; readonly settledAtMs?: number; readonly attempt?: number },
): Promise<StageResult | Error> {
  const { attempt = 1, ...times } = given;
  const run = createWatch(log, { openGateReader: gates.open });
  const ended: Promise<StageResult> = anAttempt(attempt).run(run, {
    ...storedInput(spec, 'soak'),
    groups: GROUPS,
    ...times,
  });
  const outcome = ended.catch((error: unknown) => error as Error);
  await vi.advanceTimersByTimeAsync(LONGER_THAN_THE_SOAK_MS);
  return await outcome;
}

const soakMs = (spec: CampaignSpec): number => spec.profile.loadProfile.soakSeconds * 1_000;

test('the groups of a soak share its clock, and each breaks only what is in its own clusters', async () => {
  const spec = aSoak();
  const startAtMs = Date.now() + SOAK_START_MS;
  const [own, other] = [aCluster(spec, 1), aCluster(spec, 0)];
  const running = drive(spec, [own.cluster], startAtMs);
  await vi.advanceTimersByTimeAsync(LONGER_THAN_THE_SOAK_MS);
  const result = await running;
  const endAtMs = startAtMs + soakMs(spec);
  const replaced = demandSchedule(spec, 1).operations.length;
  expect(result).toMatchObject({
    detail: expect.stringMatching(new RegExp(`^${replaced} Pods replaced, `)) as string,
    facts: { soakStartMs: startAtMs, soakEndMs: endAtMs, podsReplaced: replaced, operationsLate: 0, podsBound: 200 },
  });
  expect((result as DriveResult).settledAtMs).toBeGreaterThanOrEqual(endAtMs);
  const { actions } = parseSoakCheckpoint(readCheckpoint(spec.slug, 'drive', 1)) ?? {};
  expect(Object.keys(actions ?? {})).toEqual(['0/1']);
  expect(actions?.['0/1']?.injectedAtMs).toBeGreaterThanOrEqual(startAtMs + 20_000);
  expect(own.patches).toHaveLength(2);
  expect(other.patches).toEqual([]);
});

test('a drive whose worker died after the end reports what it had found, and drives nothing again', async () => {
  const spec = aSoak();
  const startAtMs = Date.now();
  const running = drive(spec, [aCluster(spec, 1).cluster], startAtMs);
  await vi.advanceTimersByTimeAsync(LONGER_THAN_THE_SOAK_MS);
  const first = await running;
  const deaf = aCluster(spec, 1, { list: refused, create: refused, delete: refused });
  expect(await drive(spec, [deaf.cluster], startAtMs, anAttempt(2))).toEqual(first);
});

test('a drive that is cancelled undoes its fault, and counts what it never sent', async () => {
  const spec = aSoak();
  const { cluster, patches } = aCluster(spec, 1, { create: unanswered, delete: unanswered });
  const env = anAttempt();
  const startAtMs = Date.now();
  const ended = drive(spec, [cluster], startAtMs, env);
  await vi.advanceTimersByTimeAsync(CANCELLED_AT_MS);
  expect(patches).toHaveLength(1);
  env.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true }));
  await vi.advanceTimersByTimeAsync(20_000);
  expect((await ended) as Error).toMatchObject({ name: 'CancelledFailure' });
  expect(patches).toHaveLength(2);
  const { lateness, ended: over } = parseSoakCheckpoint(readCheckpoint(spec.slug, 'drive', 1)) ?? {};
  const due = demandSchedule(spec, 1).operations.filter(({ atMs }) => atMs < CANCELLED_AT_MS).length;
  expect(lateness).toMatchObject({ operations: due, late: due - POD_REQUESTS_AT_ONCE });
  expect(over).toBeUndefined();
});

test('a watch checks beside the drives, and reads all gates for the end when they have settled', async () => {
  const spec = aSoak();
  const gates = scriptedGates(spec.gates, () => 1);
  const startAtMs = Date.now() + SOAK_START_MS;
  const endAtMs = startAtMs + soakMs(spec);
  expect(await watch(spec, gates, { startAtMs })).toMatchObject({
    detail: '11 checks of the gates',
    facts: { soakStartMs: startAtMs, soakEndMs: endAtMs },
  });
  expect(gates.requests.map(({ only }) => only)).toEqual(Array<string>(11).fill('failFast'));
  const settledAtMs = endAtMs + 7_000;
  await watch(spec, gates, { startAtMs, settledAtMs });
  expect(gates.requests.slice(11)).toEqual([{ only: 'all', settleEndMs: startAtMs, atMs: endAtMs, settledAtMs }]);
  const began = readTimeline(evidenceFolder(spec.campaign)).filter(({ what }) => what === 'began' || what === 'ended');
  expect(began.map(({ what, detail }) => `${what} ${detail}`)).toEqual([
    'began watch',
    'ended 11 checks of the gates',
    'began watch for the end',
    'ended all gates read for the end of the soak',
  ]);
});

test('a breach ends a watch with the readings of its moment; the next attempt reports the same one', async () => {
  const spec = aSoak();
  const startAtMs = Date.now();
  const broken = scriptedGates(spec.gates, ({ only, atMs }) => {
    if (only === 'all') return Promise.reject(new Error('the worker died'));
    return atMs >= startAtMs + 20_000 ? 9 : 1;
  });
  expect(await watch(spec, broken, { startAtMs })).toBeInstanceOf(Error);
  const well = scriptedGates(spec.gates, () => 1);
  expect(await watch(spec, well, { startAtMs, attempt: 2 })).toMatchObject({
    type: 'GateBreach',
    details: [{ gate: 'checked', observed: 9 }],
  });
  expect(well.requests).toMatchObject([{ only: 'all', atMs: startAtMs + 20_000 }]);
  const kept = readReadings(evidenceFolder(spec.campaign)).filter(({ moment }) => moment === 'end');
  expect(kept.map(({ gate, reading }) => [gate, reading.windowEndMs])).toEqual([
    ['checked', startAtMs + 20_000],
    ['late', startAtMs + 20_000],
  ]);
});
