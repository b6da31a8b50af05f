import { ActivityCancellationDetails } from '@temporalio/common';
import type { MockActivityEnvironment } from '@temporalio/testing';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ObservedCluster } from '../../src/adapters/observe/observed-cluster.ts';
import { effectOf } from '../../src/adapters/faults/registry.ts';
import { createSoak } from '../../src/activities/soak.ts';
import { evidenceFolder, readReadings, readTimeline } from '../../src/adapters/evidence/evidence-folder.ts';
import { writeLedger } from '../../src/adapters/host/ledger.ts';
import type { CampaignSpec } from '../../src/core/plan/spec.ts';
import { scriptedNodes } from '../adapters/faults/scripted-nodes.ts';
import { testHome, type TestHome } from '../adapters/substrates/local-campaign.ts';
import { aPlan, aProfile } from '../core/plan/make.ts';
import { anAttempt } from './an-attempt.ts';
import { scriptedCluster } from './scripted-cluster.ts';
import { scriptedGates, type ScriptedGates } from './scripted-gates.ts';
import { aGate, aSpec } from '../workflows/make-spec.ts';
import { storedInput } from './stored-input.ts';

let home: TestHome;

beforeEach(() => {
  home = testHome();
});
afterEach(() => home.close());

test('a breach outlives the worker that saw it: the next attempt reads all gates and fails with the same one', async () => {
  const spec = soakable();
  const first = anAttempt(1);
  const broken = scriptedGates(spec.gates, ({ only, signal }) => (only === 'all' ? untilAborted(signal) : 9));
  const dying = soak(first, spec, broken);
  await untilTrue(() => broken.requests.some(({ only }) => only === 'all'));
  // It dies while it reads all gates, after which everything is well again.
  first.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }));
  expect((await dying).name).toBe('CancelledFailure');

  const well = scriptedGates(spec.gates, () => 1);
  const second = await soak(anAttempt(2), spec, well);
  expect(second).toMatchObject({
    type: 'GateBreach',
    nonRetryable: true,
    details: [{ gate: 'podBindP99', observed: 9 }],
  });
  expect(second.message).toMatch(/^podBindP99 = 9 s, .* \(\d s into a soak of 60 s, seen at /);
  const kept = readReadings(evidenceFolder(spec.campaign));
  expect(kept.map(({ gate, moment, reading }) => [gate, moment, reading.value])).toEqual([
    ['podBindP99', 'check', 9],
    // The gate that ended the soak keeps the reading that ended it.
    ['podBindP99', 'end', 9],
    ['other', 'end', 1],
  ]);
  // Both attempts read the gates for the moment of the breach.
  expect(new Set(kept.map(({ reading }) => reading.windowEndMs)).size).toBe(1);
});

test('a gate with `for` ends the soak at the reading that completes the row, also when two workers read it', async () => {
  const spec = soakable();
  const gates = spec.gates.map((gate) => (gate.failFast ? { ...gate, forReadings: 3 } : gate));
  const budgets = { ...spec.deadlines.budgets, gateIntervalMs: 100 };
  const patient = { ...spec, gates, deadlines: { ...spec.deadlines, budgets } };
  const first = anAttempt(1);
  // Beyond the bar, within it, and beyond it twice: no row of three. Then its worker shuts down.
  const lone = scriptedGates(gates, ({ signal }) => [9, 1, 9, 9][lone.requests.length - 1] ?? untilAborted(signal));
  const stopped = soak(first, patient, lone);
  await untilTrue(() => lone.requests.length === 5);
  first.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }));
  expect((await stopped).message).toBe('WORKER_SHUTDOWN');

  const completing = scriptedGates(gates, ({ only }) => (only === 'all' ? 1 : 9));
  const second = await soak(anAttempt(2), patient, completing);
  expect(second).toMatchObject({ type: 'GateBreach', details: [{ gate: 'podBindP99', observed: 9 }] });
  expect(second.message).toMatch(/, 3 readings in a row \(/);
  const checks = readReadings(evidenceFolder(spec.campaign)).filter(({ moment }) => moment === 'check');
  expect(checks.map(({ reading }) => reading.value)).toEqual([9, 1, 9, 9, 9]);
});

test('a soak that is cancelled while a Node is failed brings it back; a worker that shuts down leaves that to the next', async () => {
  const spec = soakable({ profile: aProfile({ runnerActions: [{ atSeconds: 0, action: 'fail-node-0' }] }) });
  const nodes = scriptedNodes({ n0: { 'belay.dev/campaign': 'soak' } }, []);
  let lists = 0;
  const client: ObservedCluster['client'] = {
    ...nodes.client,
    list: (...request) => {
      lists++;
      return nodes.client.list(...request);
    },
    create: () => Promise.reject(new Error('there is no Pod to create')),
    delete: () => Promise.reject(new Error('there is no Pod to delete')),
  };
  const cluster = scriptedCluster(spec, 0, { client });
  const actions = (): readonly string[] =>
    readTimeline(evidenceFolder(spec.campaign))
      .filter(({ what }) => what === 'action')
      .map(({ detail }) => detail);

  const first = anAttempt(1);
  const gates = scriptedGates(spec.gates, () => 1);
  const stopped = soak(first, spec, gates, [cluster]);
  await untilTrue(() => actions().length === 2);
  first.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }));
  expect((await stopped).message).toBe('WORKER_SHUTDOWN');
  expect(nodes.patches).toHaveLength(1);

  const second = anAttempt(2);
  const before = lists;
  const cancelled = soak(second, spec, gates, [cluster]);
  await untilTrue(() => lists > before);
  second.cancel('CANCELLED');
  expect((await cancelled).message).toBe('CANCELLED');
  expect(nodes.patches).toHaveLength(2);
  expect(actions()).toEqual([
    'fail-node-0: node n0 fails',
    'fail-node-0: node n0 has the taint belay.dev/failed and no Pod of the campaign, and is NotReady',
    'fail-node-0: node n0 is Ready and takes Pods again',
  ]);
});

/** A soak of a minute, without a Pod, that one fail-fast gate can end. */
function soakable(change: Partial<CampaignSpec> = {}): CampaignSpec {
  const other = aGate({ name: 'other', failFast: false, source: { kind: 'query', query: 'other' } });
  const spec = aSpec({
    slug: 'bsoak',
    campaign: 'soak',
    gates: [aGate(), other],
    plan: aPlan({ clusterCount: 1, totalPods: 0 }),
    ...change,
  });
  const nowMs = Date.now();
  const cluster = { index: 0, name: 'c0', kubeconfigPath: '', context: '', owned: true, uid: 'u' };
  writeLedger({
    campaign: spec.campaign,
    slug: spec.slug,
    workflowId: '',
    runId: '',
    createdAtMs: nowMs,
    expiresAtMs: nowMs + 600_000,
    clusters: [cluster],
    processes: [],
  });
  return spec;
}

/** How an attempt of the soak fails. */
async function soak(
  env: MockActivityEnvironment,
  spec: CampaignSpec,
  gates: ScriptedGates,
  clusters: readonly ObservedCluster[] = [],
): Promise<Error> {
  const observers = { of: () => Promise.resolve(clusters) };
  const run = createSoak(pino({ level: 'silent' }), {
    observers,
    openGateReader: gates.open,
    effectOf,
  });
  return (await env.run(run, storedInput(spec, 'soak')).then(
    () => new Error('it did not fail'),
    (error: unknown) => error,
  )) as Error;
}

async function untilTrue(isTrue: () => boolean): Promise<void> {
  for (const endMs = Date.now() + 20_000; !isTrue(); await new Promise((wake) => setTimeout(wake, 5))) {
    if (Date.now() > endMs) throw new Error('it did not come true within 20 s');
  }
}

/** Waits for the end of an attempt. @throws the signal's reason */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
}
