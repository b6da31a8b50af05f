import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { expect, test } from 'vitest';
import { processesOf } from '../../src/adapters/host/folder-processes.ts';
import { readLedger } from '../../src/adapters/host/ledger.ts';
import { JANITOR_SCHEDULE_ID } from '../../src/adapters/temporal/janitor-schedule.ts';
import type { JanitorResult, SweptCampaign } from '../../src/core/campaign/sweep.ts';
import { allAtOnce } from '../../src/adapters/host/at-once.ts';
import { drawn } from '../drawn.ts';
import { withBelay, type Belay } from '../e2e/belay-cli.ts';
import { specOf, untilStatus } from '../e2e/campaign-record.ts';
import { STAGES } from '../../src/core/model/stages.ts';
import { namesIn } from '../e2e/leftovers.ts';
import { addProfile, BROKEN_GATE } from '../e2e/small-profile.ts';

test('a terminated campaign is left alone while a user keeps it, and removed whole by the janitor, but for its evidence', async () => {
  await withBelay(async (belay) => {
    addProfile(belay, { name: 'doomed', soakSeconds: 300 });
    expect((await belay.run(['up'])).exitCode).toBe(0);
    expect((await belay.run(['run', 'doomed', '--id', 'doomed', '--keep', '1h', '--detach'])).exitCode).toBe(0);
    await belay.withClient(async (client) => {
      // The Schedule would remove it too, every ten minutes: here each janitor is one that the test started.
      await client.schedule.getHandle(JANITOR_SCHEDULE_ID).pause();
      await untilStatus(client, 'doomed', ({ state }) => state.stage === 'soak');
      expect(await sweptByJanitor(client)).toEqual([]);
      await client.workflow.getHandle('doomed').terminate('drill');
    });
    const { slug } = specOf(belay, 'doomed');
    const folder = join(belay.home, 'campaigns', slug);
    const watched = await belay.run(['watch', 'doomed']);
    expect(watched.exitCode, watched.stderr).toBe(4);
    expect(watched.stdout).toMatch(/the workflow was terminated: .*"\.\/belay sweep" removes/);

    await eventually(async () => /doomed .*0 USD an hour.*abandoned since/.test((await belay.run(['status'])).stdout));
    expect(await belay.withClient(sweptByJanitor)).toMatchObject([{ workflowId: 'doomed', state: 'kept' }]);
    expect(readLedger(slug)?.clusters).toHaveLength(1);

    // The keeper leaves its parts alone from now on, and an API server without its etcd ignores SIGTERM.
    const unkept = await belay.run(['keep', 'doomed', '--for', '0s', '--all-hosts']);
    expect(unkept.exitCode, unkept.stderr).toBe(0);
    expect(unkept.stdout).toMatch(/^doomed: not kept any more on 1 host;/);
    await eventually(() => Promise.resolve(readLedger(slug)?.abandoned === true));
    const etcd = processesOf(folder).filter(({ command }) => /\betcd --/.test(command) || /\/etcd /.test(command));
    expect(etcd).toHaveLength(1);
    for (const { pid } of etcd) process.kill(pid, 'SIGKILL');
    const dry = await belay.run(['sweep', '--dry-run']);
    expect(dry.exitCode, dry.stdout + dry.stderr).toBe(0);
    expect(dry.stdout).toMatch(/doomed .*abandoned/);
    const left = processesOf(folder).map(({ command }) => command);
    expect(left.filter((command) => command.includes('kube-apiserver'))).toHaveLength(1);
    expect(left.filter((command) => /\/etcd /.test(command))).toEqual([]);

    expect(await belay.withClient(sweptByJanitor)).toMatchObject([
      { workflowId: 'doomed', state: 'removed', left: [] },
    ]);
    expect(processesOf(folder)).toEqual([]);
    expect(namesIn(join(belay.home, 'campaigns'))).toEqual([]);
    expect(namesIn(join(belay.runs, 'doomed'))).toContain('timeline.jsonl');
  });
});

/** Where a workflow is terminated, and how a campaign comes to stay there for a moment. */
const STAGES_TO_END = [
  'provision',
  'install',
  'seed',
  'ramp',
  'steady',
  'soak',
  'hold',
  'snapshot',
  'judge',
  'teardown',
] as const;

test.each(drawn([STAGES_TO_END], 0))(
  'terminated in each stage, a janitor leaves nothing but evidence, and a campaign that runs as it is',
  { timeout: 1_200_000 },
  async (...stages) => {
    await withBelay(async (belay) => {
      addProfile(belay, { name: 'bystander', soakSeconds: 3_000 });
      for (const stage of stages)
        addProfile(belay, {
          name: stage,
          soakSeconds: 12,
          ...(stage === 'hold' ? { gates: { broken: BROKEN_GATE } } : {}),
        });
      expect((await belay.run(['up'])).exitCode).toBe(0);
      expect((await belay.run(['run', 'bystander', '--id', 'bystander', '--detach'])).exitCode).toBe(0);
      await belay.withClient(async (client) => {
        await client.schedule.getHandle(JANITOR_SCHEDULE_ID).pause();
        await untilStatus(client, 'bystander', ({ state }) => state.stage === 'soak');
        const own = folderOf(belay, 'bystander');
        const before = processesOf(own).map(({ pid }) => pid);
        const { signal } = new AbortController();
        const ended = await allAtOnce(stages, { atOnce: 2, signal }, (stage) => terminatedIn(belay, client, stage));
        const endedAtMs = Date.now();
        await eventually(async () => {
          const swept = await sweptByJanitor(client);
          expect(swept.filter(({ state }) => state !== 'removed')).toEqual([]);
          return namesIn(join(belay.home, 'campaigns')).length === 1;
        });
        console.log(
          `terminated in ${stages.join(', ')}: nothing left ${Math.round((Date.now() - endedAtMs) / 1_000)} s later`,
        );
        for (const folder of ended) expect(processesOf(folder)).toEqual([]);
        expect(processesOf(own).map(({ pid }) => pid)).toEqual(before);
        expect((await untilStatus(client, 'bystander', () => true)).state.stage).toBe('soak');
        await client.workflow.getHandle('bystander').cancel();
      });
      expect((await belay.run(['watch', 'bystander'])).exitCode).toBe(3);
    });
  },
);

/** Starts a campaign and terminates its workflow in a stage. @returns the folder of what it had */
async function terminatedIn(belay: Belay, client: Client, stage: (typeof STAGES_TO_END)[number]): Promise<string> {
  const started = await belay.run(['run', stage, '--id', stage, '--hold', '10m', '--detach']);
  expect(started.exitCode, started.stderr).toBe(0);
  // The shortest stages last half a second: the one after it is as good then.
  await untilStatus(client, stage, ({ state }) =>
    stage === 'hold' ? state.mode === 'hold' : STAGES.indexOf(state.stage) >= STAGES.indexOf(stage),
  );
  await client.workflow.getHandle(stage).terminate('drill');
  return folderOf(belay, stage);
}

function folderOf(belay: Belay, campaign: string): string {
  return join(belay.home, 'campaigns', specOf(belay, campaign).slug);
}

/** Has the schedule start a janitor now. @returns what it found */
async function sweptByJanitor(client: Client): Promise<readonly SweptCampaign[]> {
  const schedule = client.schedule.getHandle(JANITOR_SCHEDULE_ID);
  // Two that are started within a second have one workflow id.
  const latest = async (): Promise<{ readonly workflowId: string; readonly firstExecutionRunId: string } | undefined> =>
    (await schedule.describe()).info.recentActions.at(-1)?.action.workflow;
  const before = (await latest())?.firstExecutionRunId;
  await schedule.trigger('SKIP');
  await eventually(async () => (await latest())?.firstExecutionRunId !== before);
  const { workflowId = '', firstExecutionRunId } = (await latest()) ?? {};
  const handle = client.workflow.getHandle<() => Promise<JanitorResult>>(workflowId, firstExecutionRunId);
  const { hosts } = await handle.result();
  expect(hosts.map(({ failure }) => failure)).toEqual([undefined]);
  return hosts.flatMap(({ campaigns }) => campaigns);
}

async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  for (const untilMs = Date.now() + 120_000; ;) {
    if (await isSo()) return;
    if (Date.now() > untilMs) throw new Error('it did not come to that');
    await sleep(500);
  }
}
