import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowUpdateFailedError, type Client } from '@temporalio/client';
import { expect, test } from 'vitest';
import { endProcessesOf } from '../../src/adapters/host/folder-processes.ts';
import { readLedger } from '../../src/adapters/host/ledger.ts';
import { connectCluster } from '../../src/adapters/kube/client.ts';
import { readUids, type Uids } from '../../src/adapters/kube/uids.ts';
import { clusterLoad } from '../../src/core/plan/cluster-load.ts';
import type { CampaignSpec } from '../../src/core/plan/spec.ts';
import { withBelay } from './belay-cli.ts';
import { gateRow, momentOf, recordOf, scheduledActivities, specOf, untilStatus } from './campaign-record.ts';
import { addProfile, BROKEN_GATE } from './small-profile.ts';

const NEW_READING_WITHIN_MS = 30_000;
const UP_AGAIN_WITHIN_MS = 120_000;

test('a held campaign refuses wrong answers, outlives its host, is retried on the same clusters and passes; another is aborted', async () => {
  await withBelay(async (belay) => {
    // The Pods of the failed Node are back before the end, when those that are bound are counted.
    addProfile(belay, { name: 'held', soakSeconds: 16, failNodeAtSeconds: 6, gates: { noPods: BROKEN_GATE } });
    for (const id of ['held-1', 'held-2']) {
      const started = await belay.run(['run', 'held', '--hold', '10m', '--detach', '--id', id]);
      expect(started.exitCode, started.stderr).toBe(0);
      expect(started.stdout).toContain(`./belay watch ${id}`);
    }
    const { spec, atHold, asked } = await belay.withClient(async (client) => {
      for (const id of ['held-1', 'held-2']) {
        const { state } = await untilStatus(client, id, ({ state: { mode } }) => mode === 'hold');
        expect(state.hold).toMatchObject({ stage: 'soak', execution: 1, failure: { kind: 'breach', gate: 'noPods' } });
      }
      const listed = await belay.run(['status']);
      expect(listed.stdout).toMatch(/held-1 .*hold until/);
      // Without a terminal, watch shows how to answer, and ends.
      const watched = await belay.run(['watch', 'held-1']);
      expect(watched.exitCode).toBe(1);
      expect(watched.stdout).toMatch(
        /The campaign holds: soak, execution 1, failed\.[^]*noPods[^]*\.\/belay retry held-1/,
      );

      const refused = async (args: readonly string[], sentence: RegExp): Promise<void> => {
        const { exitCode, stderr } = await belay.run(args);
        expect(exitCode, stderr).toBe(64);
        expect(stderr).toMatch(sentence);
      };
      await refused(['retry'], /several campaigns hold, name one: .*held-1/);
      await refused(['retry', 'held-3'], /there is no campaign "held-3"/);
      await refused(['retry', 'held-1', '--set', 'gates.noPod.max=1000'], /no gate "noPod"; its gates: .*noPods/);
      await refused(['retry', 'held-1', '--set', 'gates.noPods.max=lots'], /gates\.noPods\.max.*"lots"/);
      await refused(['retry', 'held-1', '--set', 'scale.machines=7'], /a retry may change gates/);
      const asked = { stage: 'soak', execution: 1, decision: 'retry', reason: '' };
      expect(await refusal(client, { ...asked, stage: 'ramp' })).toMatch(/The hold is on stage "soak", execution 1/);
      expect(await refusal(client, { ...asked, execution: 2 })).toMatch(/The hold is on stage "soak", execution 1/);
      expect(await refusal(client, { ...asked, force: true })).toMatch(/unknown key "force"; allowed: stage/);
      expect((await untilStatus(client, 'held-1', () => true)).state.hold).not.toBeNull();

      const held = specOf(belay, 'held-1');
      return { spec: held, atHold: await uidsOf(held), asked };
    });

    expect(Object.keys(atHold.pods).length).toBeGreaterThan(30);

    // The host is started again: nothing of the stack and of the clusters runs.
    await endProcessesOf(belay.folder);
    expect((await belay.run(['up'])).exitCode).toBe(0);
    expect(await onceUp(() => uidsOf(spec))).toEqual(atHold);

    await belay.withClient(async (client) => {
      const retried = await belay.run(['retry', 'held-1', '--set', 'gates.noPods.max=1000', '--reason', 'wrong bar']);
      expect(retried.exitCode, retried.stderr).toBe(0);
      const after = await uidsOf(spec);
      expect({ ...after, pods: {} }).toEqual({ ...atHold, pods: {} });
      expect(after.pods).toMatchObject(atHold.pods);
      expect(await refusal(client, asked)).toMatch(/There is no hold/);
      const skipped = await belay.run(['skip', 'held-1']);
      expect(skipped.exitCode).toBe(64);
      expect(skipped.stderr).toMatch(/held-1 does not hold/);

      const passed = await belay.run(['watch', 'held-1']);
      expect(passed.exitCode, passed.stdout + passed.stderr).toBe(0);
      expect(passed.stdout).toMatch(/passed on execution 2; execution 1: .*noPods/);
      expect(gateRow(passed.stdout, 'noPods')).toMatch(/36 Pods.*≤ 1,000 Pods.*pass/);
      expect(await scheduledActivities(client, 'held-1')).toEqual({
        provision: 1,
        install: 1,
        seed: 1,
        ramp: 1,
        respec: 1,
        steady: 2,
        soak: 2,
        snapshot: 1,
        judge: 1,
        teardown: 1,
      });
      bothExecutionsAreKept(recordOf(belay, 'held-1'), spec);

      const aborted = await belay.run(['abort', '--reason', 'seen enough']);
      expect(aborted.exitCode, aborted.stderr).toBe(0);
      const ended = await belay.run(['watch', 'held-2']);
      expect(ended.exitCode, ended.stdout + ended.stderr).toBe(1);
      const second = recordOf(belay, 'held-2');
      expect(second.summary).toMatchObject({
        verdict: 'fail',
        decisions: [{ decision: 'abort', reason: 'seen enough' }],
      });
      expect(await scheduledActivities(client, 'held-2')).toMatchObject({
        soak: 1,
        snapshot: 1,
        judge: 1,
        teardown: 1,
      });
    });
  });
});

function bothExecutionsAreKept(
  { folder, spec, summary, timeline, readings }: ReturnType<typeof recordOf>,
  before: CampaignSpec,
): void {
  const [decision] = summary.decisions;
  expect(summary.decisions).toHaveLength(1);
  expect(decision).toMatchObject({
    stage: 'soak',
    execution: 1,
    decision: 'retry',
    reason: 'wrong bar',
    set: { 'gates.noPods.max': 1000 },
  });
  const ofSecond = readings.filter(({ stage, execution }) => stage === 'soak' && execution === 2);
  const firstNewMs = Math.min(...ofSecond.map(({ reading }) => reading.atMs));
  expect(firstNewMs - (decision?.atMs ?? 0)).toBeLessThanOrEqual(NEW_READING_WITHIN_MS);
  expect(readings.some(({ execution }) => execution === 1)).toBe(true);

  expect(spec.gates.find(({ name }) => name === 'noPods')?.bar).toEqual({ max: 1_000 });
  expect(spec.specHash).not.toBe(before.specHash);
  expect(summary.earlierSpecHashes).toEqual([before.specHash]);
  const kept = readdirSync(join(folder, 'specs')).map((name) => readFileSync(join(folder, 'specs', name), 'utf8'));
  const byHash = new Map(kept.map((text) => JSON.parse(text) as CampaignSpec).map((each) => [each.specHash, each]));
  expect(byHash).toEqual(
    new Map([
      [before.specHash, before],
      [spec.specHash, spec],
    ]),
  );

  expect(momentOf(timeline, { stage: 'soak', execution: 1, what: 'failed' })).toBeLessThan(
    momentOf(timeline, { stage: 'soak', execution: 2, what: 'ended' }),
  );
  expect(timeline.filter(({ what }) => what === 'decision').map(({ detail }) => detail)).toEqual([
    'retry of soak, execution 1: wrong bar {"gates.noPods.max":1000}',
  ]);
  expect(summary).toMatchObject({ verdict: 'pass', passed: true });
  expect(summary.breaches).toHaveLength(1);
  expect(summary.breaches[0]?.story).toMatch(/^passed on execution 2; execution 1: .*noPods/);
  expect(summary.stages.find(({ stage, execution }) => stage === 'soak' && execution === 1)).toMatchObject({
    outcome: 'failed',
    failureKind: 'breach',
    healedBy: 2,
  });
}

/** The result, once the cluster that is asked for it answers. */
async function onceUp<T>(ask: () => Promise<T>): Promise<T> {
  for (const untilMs = Date.now() + UP_AGAIN_WITHIN_MS; ;) {
    try {
      return await ask();
    } catch (cause) {
      if (Date.now() > untilMs) throw cause;
      await sleep(500);
    }
  }
}

/** Identities of what there is, read from the campaign's cluster itself. */
async function uidsOf(spec: CampaignSpec): Promise<Uids> {
  const cluster = readLedger(spec.slug)?.clusters[0];
  if (cluster === undefined) throw new Error(`${spec.campaign} has no cluster`);
  const client = await connectCluster({
    kubeconfigPath: cluster.kubeconfigPath,
    context: cluster.context,
    connections: 1,
  });
  try {
    const { namespace } = clusterLoad(spec, 0, { campaign: spec.campaign, stage: 'ramp', expiresAtMs: 0 });
    const within = { signal: AbortSignal.timeout(30_000), budgetMs: 10_000 };
    return await readUids(client, { campaign: spec.campaign, namespace }, within);
  } finally {
    await client.close();
  }
}

/** The sentence with which an answer to held-1 is refused. */
async function refusal(client: Client, answer: object): Promise<string> {
  try {
    await client.workflow.getHandle('held-1').executeUpdate<string, [unknown]>('decide', { args: [answer] });
    return 'it was taken';
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) return error.cause?.message ?? '';
    throw error;
  }
}
