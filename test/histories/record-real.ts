import type { WorkflowHandle } from '@temporalio/client';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SHARED_QUEUE } from '../../src/core/model/host-queues.ts';
import { isAlive } from '../../src/adapters/host/processes.ts';
import { connectClient } from '../../src/adapters/temporal/client.ts';
import { ensureTemporal, stopDevServer } from '../../src/adapters/temporal/dev-server.ts';
import { ensureWorker, stopWorkers } from '../../src/adapters/temporal/worker-process.ts';
import { ensureTools } from '../../src/adapters/toolchain/ensure-tools.ts';
import type { CampaignResult, CampaignStatus } from '../../src/core/campaign/stage-io.ts';
import { parseHistory } from '../workflows/history.ts';
import { lacks } from './scenario.ts';
import { REAL, type RealScenario } from './real-scenarios.ts';
import { neutralHistory } from './scrub.ts';

/**
 * Records the histories of whole campaigns on real clusters, with a stack of its own in a temporary folder. Minutes long, and
 * it uses the machine fully: run by hand, see README.md beside this.
 */

const POLL_MS = 300;
/** None of these campaigns takes a third of it. */
const LIMIT_MS = 300_000;

const folder = mkdtempSync(join(tmpdir(), 'belay-record-'));
process.env['BELAY_HOME'] = join(folder, 'home');
process.env['BELAY_RUNS'] = join(folder, 'runs');
const wanted = process.argv.slice(2);
await ensureTools([
  'temporal',
  'prometheus',
  'kwokctl',
  'kwok',
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
]);
try {
  await ensureTemporal();
  for (const name of Object.keys(REAL) as (keyof typeof REAL)[]) {
    if (wanted.length === 0 || wanted.includes(name)) await record(name);
  }
} finally {
  await stopWorkers();
  await stopDevServer();
  rmSync(folder, { recursive: true, force: true });
}

async function record(name: keyof typeof REAL): Promise<void> {
  await ensureWorker();
  const client = await connectClient();
  try {
    const scenario: RealScenario = REAL[name];
    const handle = await client.workflow.start('campaign', {
      workflowId: name,
      taskQueue: SHARED_QUEUE,
      args: [
        {
          profile: scenario.profile ?? 'rung-10',
          hold: '5m',
          overrides: {
            ...(scenario.soakSeconds === undefined ? {} : { 'loadProfile.soakSeconds': scenario.soakSeconds }),
            ...scenario.overrides,
          },
        },
      ],
    });
    if (scenario.answer !== undefined) {
      await until(handle, ({ state }) => state.mode === 'hold');
      await handle.executeUpdate('decide', { args: [scenario.answer] });
    }
    if (scenario.killWorkerIn !== undefined) {
      const { pid, startTicks } = await ensureWorker();
      await until(handle, ({ state }) => state.stage === scenario.killWorkerIn);
      await sleep(3_000);
      process.kill(pid, 'SIGKILL');
      // Until the process is gone, its record counts as a worker that polls.
      while (isAlive({ pid, startTicks })) await sleep(POLL_MS);
      await ensureWorker();
    }
    const result = (await handle.result()) as CampaignResult;
    const json = neutralHistory(await handle.fetchHistory());
    const lacking = lacks(scenario, parseHistory(json));
    if (lacking !== null || result.verdict !== 'pass')
      throw new Error(
        `${name} is not what its scenario says: ${result.verdict} ${result.reasons.join('; ')} ${lacking ?? ''}`,
      );
    writeFileSync(new URL(`recorded/${name}.json`, import.meta.url), json);
    console.log(`${name}: ${parseHistory(json).length} events, ${Math.ceil(json.length / 1_024)} kB`);
  } finally {
    await client.connection.close();
  }
}

async function until(handle: WorkflowHandle, fits: (status: CampaignStatus) => boolean): Promise<void> {
  const untilMs = Date.now() + LIMIT_MS;
  for (;;) {
    const status = await handle.query<CampaignStatus>('status').catch(() => undefined);
    if (status !== undefined && fits(status)) return;
    if (status?.state.mode === 'finished' || Date.now() > untilMs)
      throw new Error(`${handle.workflowId} never got there; it is in ${status?.state.mode} ${status?.state.stage}`);
    await sleep(POLL_MS);
  }
}
