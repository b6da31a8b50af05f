import { pino } from 'pino';
import { beforeEach, expect, test, vi } from 'vitest';
import { createRamp } from '../../src/activities/ramp.ts';
import { createSoak } from '../../src/activities/soak.ts';
import { createSteady } from '../../src/activities/steady.ts';
import { evidenceFolder, readTimeline } from '../../src/adapters/evidence/evidence-folder.ts';
import { readCheckpoint } from '../../src/adapters/host/checkpoints.ts';
import type { ObservedCluster } from '../../src/adapters/observe/observed-cluster.ts';
import type { StageInput, StageResult } from '../../src/core/campaign/stage-io.ts';
import { UNANSWERED_LIMIT_MS } from '../../src/core/plan/limits.ts';
import { UNTROUBLED, type Observation } from '../../src/core/plan/observation.ts';
import type { CampaignSpec } from '../../src/core/plan/spec.ts';
import { mixedCatalogue } from '../core/plan/catalogue-samples.ts';
import { anAttempt } from './an-attempt.ts';
import { specOf } from './campaign-shapes.ts';
import { fakeTime } from './fake-time.ts';
import { clustersUp } from './scripted-adapters.ts';
import { scriptedCluster, willingClient } from './scripted-cluster.ts';
import { scriptedGates } from './scripted-gates.ts';
import { storedInput } from './stored-input.ts';

/** Longer than a soak and the time of its last Pods, and much shorter than a load waits for its server. */
const SOAK_AND_LAST_PODS_MS = 130_000;
const WAITED = 'GET /pods: no success for 31 s, 20 attempts; last: 403 Forbidden';
const TROUBLED: Observation = {
  watch: { ...UNTROUBLED.watch, failures: 7, longestUnconfirmedMs: 33_000 },
  requests: { ...UNTROUBLED.requests, waited: 2, longestMs: 31_000, refused: 40 },
};

let spec: CampaignSpec;

fakeTime();
beforeEach(() => {
  const one = specOf({ clusters: 1 });
  spec = { ...one, catalogue: mixedCatalogue, plan: { ...one.plan, totalPods: 3, rampBudgetMs: 60_000 } };
  clustersUp(spec);
});

const log = pino({ level: 'silent' });
const client = willingClient();

/** A cluster whose Pods are all bound, and whose lists are answered `lists` times and then wait. */
function deaf(lists: number, change: Partial<ObservedCluster> = {}): ObservedCluster {
  let left = lists;
  const list: ObservedCluster['client']['list'] = (path, options, within) =>
    left-- > 0
      ? client.list(path, options, within)
      : new Promise((_, reject) =>
          within.signal.addEventListener('abort', () => reject(within.signal.reason as Error)),
        );
  const cluster = scriptedCluster(spec, 0, { client: { ...client, list }, present: 3 });
  return { ...cluster, waitingFor: () => WAITED, observation: () => TROUBLED, ...change };
}

/** Runs an attempt while time passes at once. */
async function attempt(
  run: (input: StageInput) => Promise<StageResult>,
  stage: 'ramp' | 'steady' | 'soak',
  forMs: number,
): Promise<{ readonly ended: StageResult | Error; readonly live: readonly string[] }> {
  const env = anAttempt();
  const live: string[] = [];
  env.on('heartbeat', (details: { readonly live: string }) => live.push(details.live));
  const running: Promise<StageResult> = env.run(run, storedInput(spec, stage));
  const ended = running.catch((error: unknown) => error as Error);
  await vi.advanceTimersByTimeAsync(forMs);
  return { ended: await ended, live };
}

function soakOf(cluster: ObservedCluster): (input: StageInput) => Promise<StageResult> {
  const gates = scriptedGates(spec.gates, () => 1);
  const observers = { of: () => Promise.resolve([cluster]) };
  return createSoak(log, { observers, openGateReader: gates.open, effectOf: () => undefined });
}

test('a soak ends on time though its server answers no list any more, says so, and keeps what it observed', async () => {
  const { ended, live } = await attempt(soakOf(deaf(2)), 'soak', SOAK_AND_LAST_PODS_MS);
  expect(ended).toMatchObject({
    detail: expect.stringMatching(
      /^60 s, .*, 2 requests waited for a server, at most 31 s, \d+ checks of the gates$/,
    ) as string,
  });
  expect(readTimeline(evidenceFolder(spec.campaign))).toContainEqual(
    expect.objectContaining({
      what: 'incomplete',
      detail: `c0: its Pods could not be brought to what is wanted, waiting: ${WAITED}`,
    }),
  );
  expect(live).toContainEqual(expect.stringContaining(`, waiting: ${WAITED}`));
  expect(readCheckpoint(spec.slug, 'soak', 1)).toMatchObject({ observation: TROUBLED });
});

test('an attempt adds to what the attempts before it observed', async () => {
  await attempt(soakOf(deaf(2)), 'soak', SOAK_AND_LAST_PODS_MS);
  await attempt(soakOf(deaf(2, { observation: () => UNTROUBLED })), 'soak', SOAK_AND_LAST_PODS_MS);
  expect(readCheckpoint(spec.slug, 'soak', 1)).toMatchObject({ observation: TROUBLED });
});

test('a ramp whose server does not answer says what it waits for', async () => {
  const cluster = deaf(0);
  const ramp = createRamp(log, {
    observers: { of: () => Promise.resolve([cluster]) },
    runArrivals: async () => {
      await new Promise((wake) => setTimeout(wake, 10_000));
      throw new Error('it has waited long enough');
    },
  });
  const { ended, live } = await attempt(ramp, 'ramp', 20_000);
  expect(ended).toMatchObject({ message: 'it has waited long enough' });
  expect(live).toContainEqual(expect.stringContaining(`0 of 3 Pods created, 3 bound, waiting: ${WAITED}`));
  expect(readCheckpoint(spec.slug, 'ramp', 1)).toMatchObject({ observation: TROUBLED });
});

test('what no list has confirmed is neither steady nor the fault of the system', async () => {
  const startMs = Date.now();
  const healsAfterMs = 100_000;
  const isDown = (): boolean => Date.now() - startMs < healsAfterMs;
  const cluster = deaf(0, { confirmedAgeMs: () => (isDown() ? 40_000 : 1_000) });
  const steady = createSteady(log, { observers: { of: () => Promise.resolve([cluster]) } });
  const { ended } = await attempt(steady, 'steady', healsAfterMs + 20_000);
  expect(ended).toMatchObject({ detail: expect.stringMatching(/^3 of 3 Pods bound, steady after 10\d/) as string });
  expect(readCheckpoint(spec.slug, 'steady', 1)).toMatchObject({ observation: TROUBLED });
});

test('a list that takes long is waited for, page by page', async () => {
  const startMs = Date.now();
  const listMs = UNANSWERED_LIMIT_MS + 100_000;
  const isReading = (): boolean => Date.now() - startMs < listMs;
  const cluster = deaf(0, { confirmedAgeMs: () => (isReading() ? 400_000 : 1_000), listedAgeMs: () => 9_000 });
  const steady = createSteady(log, { observers: { of: () => Promise.resolve([cluster]) } });
  const { ended } = await attempt(steady, 'steady', listMs + 20_000);
  expect(ended).toMatchObject({ detail: expect.stringMatching(/^3 of 3 Pods bound, steady after 40\d/) as string });
});

test('steadiness that no list confirms for long is a fault of the harness', async () => {
  const cluster = deaf(0, { confirmedAgeMs: () => 400_000, listedAgeMs: () => 400_000 });
  const steady = createSteady(log, { observers: { of: () => Promise.resolve([cluster]) } });
  const { ended } = await attempt(steady, 'steady', spec.plan.rampBudgetMs + UNANSWERED_LIMIT_MS + 20_000);
  expect(ended).toMatchObject({
    type: 'HarnessFault',
    nonRetryable: false,
    message: 'the Pods of cluster c0 were last confirmed 400 s ago: its API server answers no list',
  });
});
