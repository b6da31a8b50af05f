import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { expect, test } from 'vitest';
import { readLedger } from '../../src/adapters/host/ledger.ts';
import { JANITOR_SCHEDULE_ID } from '../../src/adapters/temporal/janitor-schedule.ts';
import type { JanitorResult, SweptCampaign } from '../../src/core/campaign/sweep.ts';
import { withBelay } from '../e2e/belay-cli.ts';
import { specOf, untilStatus } from '../e2e/campaign-record.ts';
import { namesIn, processesOf } from '../e2e/leftovers.ts';
import { addProfile } from '../e2e/small-profile.ts';

test('a terminated campaign is left alone while a user keeps it, and removed whole by the janitor, but for its evidence', async () => {
  await withBelay(async (belay) => {
    addProfile(belay, { name: 'doomed', soakSeconds: 300 });
    expect((await belay.run(['up'])).exitCode).toBe(0);
    expect((await belay.run(['run', 'doomed', '--id', 'doomed', '--detach'])).exitCode).toBe(0);
    await belay.withClient(async (client) => {
      await untilStatus(client, 'doomed', ({ state }) => state.stage === 'soak');
      expect(await sweptByJanitor(client)).toEqual([]);
      await client.workflow.getHandle('doomed').terminate('drill');
    });
    const { slug } = specOf(belay, 'doomed');
    const folder = join(belay.home, 'campaigns', slug);
    const watched = await belay.run(['watch', 'doomed']);
    expect(watched.exitCode, watched.stderr).toBe(4);
    expect(watched.stdout).toMatch(/the workflow was terminated: .*"\.\/belay sweep" removes/);

    expect((await belay.run(['keep', 'doomed', '--for', '1h'])).exitCode).toBe(0);
    await eventually(async () => /doomed .*0 USD an hour.*abandoned since/.test((await belay.run(['status'])).stdout));
    expect(await belay.withClient(sweptByJanitor)).toMatchObject([{ workflowId: 'doomed', state: 'kept' }]);
    expect(readLedger(slug)?.clusters).toHaveLength(1);

    // The keeper leaves its parts alone from now on, and an API server without its etcd ignores SIGTERM.
    expect((await belay.run(['keep', 'doomed', '--for', '0s'])).exitCode).toBe(0);
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

/** Has the schedule start a janitor now. @returns what it found */
async function sweptByJanitor(client: Client): Promise<readonly SweptCampaign[]> {
  const schedule = client.schedule.getHandle(JANITOR_SCHEDULE_ID);
  const latest = async (): Promise<string | undefined> =>
    (await schedule.describe()).info.recentActions.at(-1)?.action.workflow.workflowId;
  const before = await latest();
  await schedule.trigger('SKIP');
  await eventually(async () => (await latest()) !== before);
  const { hosts } = await client.workflow.getHandle<() => Promise<JanitorResult>>((await latest()) ?? '').result();
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
