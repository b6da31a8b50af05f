import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CampaignResult } from '../../src/core/campaign/stage-io.ts';
import { failureOf } from './asserting.ts';
import { aPlacedSpec, QUEUES } from './make-spec.ts';
import {
  breach,
  harnessFails,
  succeeds,
  systemFails,
  untilCancelled,
  type Script,
  type StageCall,
} from './scripted.ts';
import { TestTemporal, type Run } from './temporal.ts';

let temporal: TestTemporal;
beforeAll(async () => {
  temporal = await TestTemporal.start();
  for (const host of ['a', 'b', 'c']) await temporal.addHost(host);
});
afterAll(() => temporal.stop());

const PATIENT_MS = 60_000;

/** Four clusters: two on the lead, one on each of two other hosts. */
const SPREAD = { lead: 2, a: 1, b: 1 } as const;

function spread(
  stages: NonNullable<Script['stages']>,
  change: Parameters<typeof aPlacedSpec>[0] & { readonly fleet?: Script['fleet'] } = {},
): Script {
  const { fleet = SPREAD, ...fields } = change;
  return { fleet, resolve: ({ workflowId }) => aPlacedSpec({ workflowId, ...fields }), stages };
}

/** Activities in the order in which they were called, with their groups and executions. */
function calls({ calls: all }: Run, ...activities: readonly string[]): readonly string[] {
  return all
    .filter(({ stage }) => activities.length === 0 || activities.includes(stage))
    .map(({ stage, input }) => `${stage} ${input.group} ${input.execution}`);
}

/** A step that fails for one group only. */
function inGroup(group: string, step: (call: StageCall) => unknown): (call: StageCall) => unknown {
  return (call) => (call.input.group === group ? step(call) : {});
}

function again(stage: string, execution = 1): object {
  return { stage, execution, decision: 'retry', reason: 'again' };
}

function three(stage: string, execution: number): readonly string[] {
  return ['g0', 'g1', 'g2'].map((group) => `${stage} ${group} ${execution}`);
}

describe.concurrent('a campaign on several hosts', () => {
  test('runs each stage on every group, soaks with one clock, and adds up what they report', async () => {
    const run = await temporal.begin(
      'spread',
      spread({
        provision: ({ input }) => ({ facts: { clusters: input.group === 'g0' ? 2 : 1, clusterUids: input.group } }),
        ramp: ({ input }) => ({
          facts: { podsWanted: 100, podsCreated: 99, podsExisting: 1, sentLateP99Ms: input.group === 'g1' ? 70 : 10 },
          infrastructureEvents: input.group === 'g2' ? ['etcd restarted'] : [],
        }),
        drive: ({ input }) => ({
          facts: { podsReplaced: 7, podsLost: 1 },
          settledAtMs: input.group === 'g1' ? 9e12 : 5,
        }),
        watch: ({ input }) => ({ detail: '12 checks of the gates', facts: { soakEndMs: input.execution } }),
        teardown: () => ({ facts: { clustersRemoved: 1 } }),
      }),
    );
    expect(await run.result<CampaignResult>()).toMatchObject({ verdict: 'pass', ending: 'completed', leftovers: [] });
    expect(
      run.placements.map(({ input: { group, firstCluster, wanted }, result }) => [
        group,
        firstCluster,
        wanted,
        result.host,
      ]),
    ).toEqual([
      ['g0', 0, 4, 'lead'],
      ['g1', 2, 2, 'a'],
      ['g2', 3, 1, 'b'],
    ]);
    for (const stage of ['provision', 'install', 'seed', 'ramp', 'steady', 'drive'] as const)
      expect([...calls(run, stage)].sort(), stage).toEqual(['g0', 'g1', 'g2'].map((group) => `${stage} ${group} 1`));
    expect(calls(run, 'soak')).toEqual([]);
    const soak = run.calls.filter(({ stage }) => stage === 'drive' || stage === 'watch');
    expect(new Set(soak.map(({ input }) => (input as { startAtMs?: number }).startAtMs)).size).toBe(1);
    const watches = run.calls.filter(({ stage }) => stage === 'watch').map(({ input }) => input);
    expect(watches).toHaveLength(2);
    expect(watches[0]).toMatchObject({ group: 'g0', groups: [{ host: 'lead' }, { host: 'a' }, { host: 'b' }] });
    expect(watches.map((input) => (input as { settledAtMs?: number }).settledAtMs)).toEqual([undefined, 9e12]);
    // The lead has the others' evidence when it keeps its own, and is torn down last.
    for (const stage of ['snapshot', 'teardown']) expect(calls(run, stage).at(-1)).toBe(`${stage} g0 1`);
    const judge = run.calls.find(({ stage }) => stage === 'judge')?.input;
    expect(judge?.facts).toMatchObject({
      provision: { clusters: 4, clusterUids: 'g0,g1,g2' },
      ramp: { podsWanted: 300, podsCreated: 297, podsExisting: 3, sentLateP99Ms: 70 },
      soak: { podsReplaced: 21, podsLost: 3, soakEndMs: 1 },
    });
    expect(judge).toMatchObject({
      groups: [
        { group: 'g0', host: 'lead', firstCluster: 0, clusterCount: 2 },
        { group: 'g1', host: 'a', firstCluster: 2, clusterCount: 1 },
        { group: 'g2', host: 'b', firstCluster: 3, clusterCount: 1 },
      ],
    });
    const { groups, story } = await run.status();
    expect(groups).toEqual([
      { group: 'g0', host: 'lead', clusters: 2, state: 'removed' },
      { group: 'g1', host: 'a', clusters: 1, state: 'removed' },
      { group: 'g2', host: 'b', clusters: 1, state: 'removed' },
    ]);
    const texts = story.map(({ text }) => text);
    expect(texts).toContain('placed on 3 hosts, with clusters: g0 lead (2), g1 a (1), g2 b (1)');
    expect(texts).toContain('infrastructure: host b: etcd restarted');
    expect(texts).toContain('soak: 21 Pods replaced, 3 lost and replaced, on 3 hosts; 12 checks of the gates');
    expect(texts).toContain('ramp: 300 of 300 Pods created, sent at most 70 ms late (p99), on 3 hosts');
  });

  test('whose lead has room for all clusters runs as on one host after the placement', async () => {
    const run = await temporal.begin('alone', spread({}, { fleet: { a: 4 } }));
    expect(await run.result()).toMatchObject({ verdict: 'pass' });
    expect(run.placements.map(({ result }) => result.host)).toEqual(['lead']);
    expect(calls(run)).toEqual(
      ['provision', 'install', 'seed', 'ramp', 'steady', 'soak', 'snapshot', 'judge', 'teardown'].map(
        (s) => `${s} g0 1`,
      ),
    );
    expect(run.calls.every(({ input }) => !('groups' in input))).toBe(true);
  });

  test('whose lead has no room keeps its Prometheus there, and nothing else', async () => {
    const run = await temporal.begin('empty-lead', spread({}, { fleet: { lead: 0, a: 4 } }));
    expect(await run.result()).toMatchObject({ verdict: 'pass' });
    expect(calls(run).filter((call) => call.includes(' g0 '))).toEqual(
      ['provision', 'watch', 'watch', 'snapshot', 'judge', 'teardown'].map((activity) => `${activity} g0 1`),
    );
  });

  test('that finds too few hosts says for how many clusters, and finds them in a retry', async () => {
    const fleet: Record<string, number> = { lead: 2, a: 1 };
    const run = await temporal.begin(
      'no-host',
      spread({}, { fleet, holdMs: PATIENT_MS, placement: { clusterCount: 4, hostWaitMs: 2_000 } }),
    );
    const { state } = await run.untilHold();
    expect(state.hold).toMatchObject({
      stage: 'provision',
      failure: {
        kind: 'harness',
        message: '1 of 4 clusters have no host: waited 2s for a host with free capacity; hosts: lead (it is the lead)',
      },
    });
    // The waiting leaves no events.
    expect((await run.history()).length).toBeLessThan(45);
    fleet['b'] = 1;
    await run.decide(again('provision'));
    expect(await run.result()).toMatchObject({ verdict: 'pass' });
    expect(run.placements.map(({ result }) => `${result.host} ${result.firstCluster}`)).toEqual([
      'lead 0',
      'a 2',
      'b 3',
    ]);
    expect([...calls(run, 'provision')].sort()).toEqual(['provision g0 2', 'provision g1 2', 'provision g3 2']);
  });

  test('runs only the groups that failed again, and counts the others once', async () => {
    const run = await temporal.begin(
      'retry',
      spread(
        {
          ramp: [
            ({ input }) => {
              if (input.group === 'g0') return { facts: { podsCreated: 10 } };
              return input.group === 'g1'
                ? systemFails('3 Pods pending')(undefined as never)
                : harnessFails()(undefined as never);
            },
            () => ({ facts: { podsCreated: 5 } }),
          ],
        },
        { holdMs: PATIENT_MS },
      ),
    );
    const { state, groups } = await run.untilHold();
    expect(state.hold?.failure).toEqual({
      kind: 'system',
      message: '2 of 3 groups failed: g1 on host a: 3 Pods pending; g2 on host b: etcd did not start',
    });
    expect(state.outcomes.at(-1)?.groups).toEqual({
      ran: 3,
      failedCount: 2,
      failed: [
        { group: 'g1', host: 'a', kind: 'system' },
        { group: 'g2', host: 'b', kind: 'harness' },
      ],
    });
    expect(groups?.map((group) => group.state)).toEqual(['idle', 'failed', 'failed']);
    await run.decide(again('ramp'));
    await run.result();
    expect([...calls(run, 'ramp')].sort()).toEqual(['ramp g0 1', 'ramp g1 1', 'ramp g1 2', 'ramp g2 1', 'ramp g2 2']);
    expect(run.calls.find(({ stage }) => stage === 'judge')?.input.facts?.['ramp']).toEqual({ podsCreated: 20 });
  });

  test('ends the drives of all groups when a gate breaks, and soaks with all of them in a retry', async () => {
    const run = await temporal.begin(
      'breach',
      spread(
        {
          watch: [breach(), succeeds],
          drive: [(call) => untilCancelled(call), () => ({ settledAtMs: 5 })],
        },
        { holdMs: PATIENT_MS },
      ),
    );
    const { state } = await run.untilHold();
    expect(state.hold).toMatchObject({
      stage: 'soak',
      failure: { kind: 'breach', gate: 'podBindP99', message: 'podBindP99 9 s > 5 s since minute 4' },
    });
    await run.decide(again('soak'));
    expect(await run.result()).toMatchObject({ ending: 'completed' });
    expect([...calls(run, 'drive')].sort()).toEqual([...three('drive', 1), ...three('drive', 2)].sort());
    expect([...calls(run, 'steady')].sort()).toEqual([...three('steady', 1), ...three('steady', 2)].sort());
  });

  test('names the group whose drive failed, and ends the watch', async () => {
    const run = await temporal.begin(
      'drive',
      spread({ drive: inGroup('g2', harnessFails('the API server is gone')), watch: (call) => untilCancelled(call) }),
    );
    expect((await failureOf(run)).type).toBe('HarnessFault');
    const { state } = await run.status();
    expect(state.outcomes.find(({ stage }) => stage === 'soak')?.failure).toEqual({
      kind: 'harness',
      message: 'g2 on host b: the API server is gone',
    });
    expect(calls(run, 'watch')).toEqual(['watch g0 1']);
  });

  test('that is cancelled stops all groups, and tears down all of them', async () => {
    const run = await temporal.begin('cancel', spread({ seed: (call) => untilCancelled(call, 100) }));
    await run.untilCalled('seed', 3);
    await run.handle.cancel();
    await run.result().catch(() => undefined);
    expect((await run.handle.describe()).status.name).toBe('CANCELLED');
    expect([...calls(run, 'teardown')].sort()).toEqual(['teardown g0 1', 'teardown g1 1', 'teardown g2 1']);
    const lastSeedMs = Math.max(...run.calls.filter(({ stage }) => stage === 'seed').map(({ endedAtMs }) => endedAtMs));
    const firstClosingMs = Math.min(
      ...run.calls.filter(({ stage }) => stage === 'snapshot').map(({ startedAtMs }) => startedAtMs),
    );
    expect(firstClosingMs).toBeGreaterThanOrEqual(lastSeedMs);
  });

  test('keeps and tears down what it can when a group cannot', async () => {
    const run = await temporal.begin(
      'closing',
      spread({ snapshot: inGroup('g1', harnessFails('disk full')), teardown: inGroup('g2', harnessFails('busy')) }),
    );
    const result = await run.result<CampaignResult>();
    expect(result.leftovers).toEqual(['everything of g2 on host b: busy']);
    const judge = run.calls.find(({ stage }) => stage === 'judge')?.input;
    expect(judge?.evidence).toEqual([
      { what: 'snapshot', ok: true },
      { what: 'evidence of g2 on host b', ok: true },
      { what: 'evidence of g1 on host a', ok: false, error: 'disk full' },
    ]);
    expect((judge as { groups?: readonly { group: string }[] }).groups?.map(({ group }) => group)).toEqual([
      'g0',
      'g2',
    ]);
  });
});

describe('a host', () => {
  test('whose worker sends no heartbeat is silent at once, and goes on with the next worker', async () => {
    const hang = Promise.withResolvers<void>();
    const deadlines = aPlacedSpec().deadlines;
    const seed = { ...deadlines.stages.seed, heartbeatMs: 1_000, queueWaitMs: 10_000 };
    const run = await temporal.begin(
      'silent',
      spread(
        {
          seed: ({ input, context }) => {
            if (
              input.group !== 'g1' ||
              run.calls.filter((call) => call.stage === 'seed' && call.input.group === 'g1').length > 1
            )
              return {};
            context.heartbeat({ live: 'seeding' });
            return hang.promise;
          },
        },
        { deadlines: { ...deadlines, stages: { ...deadlines.stages, seed } } },
      ),
    );
    expect(await run.result()).toMatchObject({ verdict: 'pass' });
    hang.resolve();
    const texts = (await run.status()).story.map(({ text }) => text);
    expect(texts).toContain(
      '**g1 on host a is silent**: the worker that ran seed sends no heartbeat any more; it has 10s to come back',
    );
    expect(texts).toContain('g1 on host a answers again');
    expect(calls(run, 'seed').filter((call) => call.includes('g1'))).toHaveLength(2);
  });

  test('that does not come back is lost: a retry places its clusters on others, which catch up', async () => {
    const run = await temporal.begin(
      'lost',
      spread(
        {
          provision: ({ input }) => ({ facts: { clusters: 1, clusterUids: input.group } }),
          steady: [inGroup('g1', (call) => untilCancelled(call)), succeeds],
        },
        { holdMs: PATIENT_MS, fleet: { ...SPREAD, c: 1 } },
      ),
    );
    await run.untilCalled('steady', 3);
    await temporal.stopHost('a');
    const { state, groups } = await run.untilHold();
    expect(state.hold?.failure).toMatchObject({ kind: 'harness' });
    expect(state.hold?.failure.message).toMatch(
      /^g1 on host a: no worker on task queue belay-host-a|^g1 on host a: no worker on task queue belay-load-a/,
    );
    expect(groups?.map((group) => group.state)).toEqual(['idle', 'lost', 'idle']);
    expect((await run.status()).story.some(({ text }) => text.startsWith('**g1 on host a is silent**'))).toBe(true);
    await run.decide(again('steady'));
    await run.result().catch(() => undefined);
    const ofNew = calls(run).filter((call) => call.includes(' g3 '));
    expect(ofNew).toEqual([
      'provision g3 2',
      'install g3 2',
      'seed g3 2',
      'ramp g3 2',
      'steady g3 2',
      'drive g3 1',
      'snapshot g3 1',
      'teardown g3 1',
    ]);
    const facts = run.calls.find(({ stage }) => stage === 'judge')?.input.facts;
    expect(facts?.['provision']).toEqual({ clusters: 3, clusterUids: 'g0,g2,g3' });
    expect((await run.status()).groups?.map(({ group, state: now }) => `${group} ${now}`)).toEqual([
      'g0 removed',
      'g1 moved',
      'g2 removed',
      'g3 removed',
    ]);
    const { leftovers } = await run.result<CampaignResult>();
    expect(leftovers).toHaveLength(1);
    expect(leftovers[0]).toMatch(/^everything of g1 on host a: no worker on task queue belay-host-a took up teardown/);
    await temporal.addHost('a');
  });

  test('that leads and is lost ends the campaign without a verdict, with the evidence that the others have', async () => {
    const deadlines = aPlacedSpec().deadlines;
    const run = await temporal.begin(
      'lead-lost',
      spread(
        { ramp: (call) => (call.input.group === 'g0' ? untilCancelled(call) : {}) },
        { holdMs: PATIENT_MS, deadlines },
      ),
    );
    await run.untilCalled('ramp', 3);
    await temporal.stopWorkers(QUEUES.load);
    await temporal.stopWorkers(QUEUES.host);
    const failure = await failureOf(run);
    expect(failure).toMatchObject({
      type: 'HarnessFault',
      message:
        'the campaign was not judged: host lead, which has its Prometheus and its run folder, does not answer any more; ' +
        `runs/${run.workflowId}/ on a, b has the evidence of the other groups`,
    });
    const { state } = await run.status();
    expect(state).toMatchObject({ earlyEnd: 'lead-lost', leadLost: true, decisions: [] });
    expect(calls(run, 'judge')).toEqual([]);
    const snapshots = run.calls.filter(({ stage }) => stage === 'snapshot').map(({ input }) => input);
    expect(snapshots.map(({ group }) => group).sort()).toEqual(['g1', 'g2']);
    for (const input of snapshots) expect(input).toMatchObject({ leadLost: true });
    expect([...calls(run, 'teardown')].sort()).toEqual(['teardown g1 1', 'teardown g2 1']);
    const result = failure.details?.[0] as CampaignResult | undefined;
    expect(result?.leftovers.join()).toMatch(/^everything of g0 on host lead: no worker on task queue/);
    await temporal.addWorker({ taskQueue: QUEUES.host });
    await temporal.addWorker({ taskQueue: QUEUES.load });
  });
});
