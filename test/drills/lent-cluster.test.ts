import type { Client } from '@temporalio/client';
import { expect, test } from 'vitest';
import { endProcessesOf, processesOf } from '../../src/adapters/host/folder-processes.ts';
import { connectCluster, type ClusterClient } from '../../src/adapters/kube/client.ts';
import { JANITOR_SCHEDULE_ID } from '../../src/adapters/temporal/janitor-schedule.ts';
import { STAGES } from '../../src/core/model/stages.ts';
import { eventually } from '../adapters/eventually.ts';
import { withCluster, type TestCluster } from '../cluster.ts';
import { withBelay, type Belay } from '../e2e/belay-cli.ts';
import type { BelayProcess } from '../e2e/belay-process.ts';
import { recordOf, untilStatus } from '../e2e/campaign-record.ts';
import { guestToken } from '../e2e/lent-cluster.ts';
import { addKubeconfig, addLentSubstrate, inventory, LENT, settle } from '../e2e/lent-house.ts';
import { addProfile, BROKEN_GATE } from '../e2e/small-profile.ts';
import { untilEvent } from './victims.ts';

const STAGES_TO_END = [...STAGES.filter((stage) => stage !== 'resolve'), 'hold'] as const;
const LIMIT_MS = 1_500_000;

/** Uses a cluster of somebody else, and asserts that it is as before. */
async function lent(use: (client: ClusterClient, cluster: TestCluster, token: string) => Promise<void>): Promise<void> {
  await withCluster(async (cluster) => {
    const client = await connectCluster({ kubeconfigPath: cluster.kubeconfigPath, connections: 4 });
    try {
      await settle(client);
      const token = await guestToken(client);
      const before = await inventory(client);
      await use(client, cluster, token);
      await eventually(async () => (await inventory(client)).length === before.length).catch(() => undefined);
      expect(await inventory(client)).toEqual(before);
    } finally {
      await client.close();
    }
  }, LENT);
}

test(
  'terminated in each stage on a borrowed cluster, a sweep leaves the cluster as it was',
  { timeout: LIMIT_MS },
  async () => {
    await lent(async (cluster, { kubeconfigPath }, token) => {
      await withBelay(async (belay) => {
        addLentSubstrate(belay, addKubeconfig(belay, kubeconfigPath, token));
        expect((await belay.run(['up'])).exitCode).toBe(0);
        const before = await inventory(cluster);
        await belay.withClient(async (client) => {
          await client.schedule.getHandle(JANITOR_SCHEDULE_ID).pause();
          for (const stage of STAGES_TO_END) {
            await terminatedIn(belay, client, stage);
            const swept = await eventually(async () => {
              const { stdout } = await belay.run(['sweep']);
              return /1 removed/.test(stdout) ? stdout : undefined;
            });
            expect(swept).not.toMatch(/left-behind/);
            expect(await inventory(cluster), stage).toEqual(before);
          }
        });
      });
    });
  },
);

async function terminatedIn(belay: Belay, client: Client, stage: (typeof STAGES_TO_END)[number]): Promise<void> {
  addProfile(belay, {
    name: stage,
    soakSeconds: 12,
    ...(stage === 'hold' ? { gates: { broken: BROKEN_GATE } } : {}),
  });
  const words = ['run', stage, '--substrate', 'lent', '--id', stage, '--hold', '10m', '--detach'];
  const started = await belay.run(words);
  expect(started.exitCode, started.stdout + started.stderr).toBe(0);
  await untilStatus(client, stage, ({ state }) =>
    stage === 'hold' ? state.mode === 'hold' : STAGES.indexOf(state.stage) >= STAGES.indexOf(stage),
  );
  await client.workflow.getHandle(stage).terminate('drill');
}

/** A campaign of a Belay on the lent cluster. */
function runs(belay: Belay, id: string, soakSeconds: number, ...more: readonly string[]): BelayProcess {
  addProfile(belay, { name: id, soakSeconds });
  return belay.start(['run', id, '--substrate', 'lent', '--id', id, '--hold', '0', ...more]);
}

test(
  'of two at once one has the cluster; whoever has it and freezes, or dies with its host, loses it to the next',
  { timeout: LIMIT_MS },
  async () => {
    await lent(async (_cluster, { kubeconfigPath }, token) => {
      await withBelay(async (one) => {
        await withBelay(async (other) => {
          for (const belay of [one, other]) addLentSubstrate(belay, addKubeconfig(belay, kubeconfigPath, token));
          const both = [
            { belay: one, id: 'alpha', campaign: runs(one, 'alpha', 280) },
            { belay: other, id: 'beta', campaign: runs(other, 'beta', 280) },
          ];
          const refused = await Promise.race(
            both.map(async (each) => ({ ...each, ended: await each.campaign.ended(LIMIT_MS) })),
          );
          const holder = both.find(({ id }) => id !== refused.id);
          if (holder === undefined) throw new Error('nobody has the cluster');
          expect(refused.ended.exitCode, refused.ended.stdout + refused.ended.stderr).toBe(2);
          expect(refused.ended.stdout + refused.ended.stderr).toContain(`in use by campaign ${holder.id}`);

          await untilEvent(holder.belay, holder.id, { stage: 'soak', what: 'began' });
          // The whole host, as one that is suspended: a worker alone that froze would be replaced, and its successor keeps the cluster.
          const frozen = new Set(processesOf(holder.belay.folder).map(({ pid }) => pid));
          for (const pid of frozen) process.kill(pid, 'SIGSTOP');
          const frozenAtMs = Date.now();
          const next = runs(refused.belay, 'gamma', 20, '--wait', '5m');
          await untilEvent(refused.belay, 'gamma', { stage: 'soak', what: 'began' });
          console.log(
            `taken over from a frozen host ${Math.round((Date.now() - frozenAtMs) / 1_000)} s after it froze`,
          );
          for (const { pid } of processesOf(holder.belay.folder)) if (frozen.has(pid)) process.kill(pid, 'SIGCONT');
          const [lost, took] = await Promise.all([holder.campaign.ended(LIMIT_MS), next.ended(LIMIT_MS)]);
          expect(lost.exitCode, lost.stdout + lost.stderr).not.toBe(0);
          expect(recordOf(holder.belay, holder.id).summary).toMatchObject({
            verdict: 'unmeasured',
            reasons: expect.arrayContaining([expect.stringContaining('is used by campaign gamma now')]) as string[],
          });
          expect([0, 2], took.stdout + took.stderr).toContain(took.exitCode);
          expect(recordOf(refused.belay, 'gamma').summary).toMatchObject({ ending: 'completed' });

          runs(holder.belay, 'delta', 280);
          await untilEvent(holder.belay, 'delta', { stage: 'soak', what: 'began' });
          await endProcessesOf(holder.belay.folder);
          const deadAtMs = Date.now();
          const heir = await runs(refused.belay, 'epsilon', 20, '--wait', '5m').ended(LIMIT_MS);
          console.log(`a campaign after a dead host had ended after ${Math.round((Date.now() - deadAtMs) / 1_000)} s`);
          expect([0, 2], heir.stdout + heir.stderr).toContain(heir.exitCode);

          // Its host comes back, and its campaign learns that the cluster is not its own any more.
          const back = await holder.belay.run(['watch', 'delta']);
          expect(back.exitCode, back.stdout + back.stderr).not.toBe(0);
          expect(recordOf(holder.belay, 'delta').summary.verdict).toBe('unmeasured');
        });
      });
    });
  },
);
