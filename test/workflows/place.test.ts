import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureTools } from '../../src/adapters/toolchain/ensure-tools.ts';
import type { PlaceInput, PlaceResult } from '../../src/core/campaign/placement.ts';
import { installQuietRuntime } from './temporal.ts';

const QUEUE = 'place';

const homes: string[] = [];
const hosts: ChildProcess[] = [];
let environment: TestWorkflowEnvironment;
let workflowWorker: Worker;
let running: Promise<void>;

beforeAll(async () => {
  installQuietRuntime();
  const path = (await ensureTools(['temporal'])).get('temporal')?.path ?? 'temporal';
  environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path }, log: { format: 'pretty', level: 'never' } },
  });
  workflowWorker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue: QUEUE,
    workflowsPath: join(import.meta.dirname, 'place-workflow.ts'),
  });
  running = workflowWorker.run();
});

afterAll(async () => {
  for (const host of hosts) host.stdin?.end();
  await Promise.all(hosts.filter(({ exitCode }) => exitCode === null).map((host) => once(host, 'exit')));
  workflowWorker.shutdown();
  await running;
  await environment.teardown();
  for (const home of homes) rmSync(home, { recursive: true, force: true });
});

/** Starts a host: a state folder of its own and a worker that serves the shared queue. */
async function startHost(capacity: number): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), 'belay-host-'));
  homes.push(home);
  const child = spawn(process.execPath, [join(import.meta.dirname, 'place-child.ts'), environment.address, QUEUE], {
    env: { ...process.env, BELAY_HOME: home, BELAY_CLUSTERS: String(capacity) },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  hosts.push(child);
  const [name] = (await once(child.stdout, 'data')) as [Buffer];
  return name.toString('utf8').trim();
}

function input(campaign: string, wanted: number): PlaceInput {
  return {
    campaign,
    slug: campaign,
    workflowId: campaign,
    runId: 'r',
    specHash: 'h',
    group: '',
    firstCluster: 0,
    wanted,
    expiresAtMs: Date.now() + 3_600_000,
    lead: { host: 'elsewhere', endpointUrl: '', prometheusUrl: '', certificatePem: '' },
  };
}

interface Placed {
  readonly placed: readonly PlaceResult[];
  readonly failure: string | null;
}

test('clusters spread over the hosts that have capacity; what remains names every host, without an event for each try', async () => {
  const [one, two, none] = [await startHost(1), await startHost(2), await startHost(0)];
  const place = (campaign: string, wanted: number, hostWaitMs: number): Promise<Placed> =>
    environment.client.workflow.execute<(value: PlaceInput, waitMs: number) => Promise<Placed>>('placeAll', {
      workflowId: campaign,
      taskQueue: QUEUE,
      args: [input(campaign, wanted), hostWaitMs],
    });

  const all = await place('all', 3, 60_000);
  expect(all.failure).toBeNull();
  const byHost = new Map(all.placed.map((each) => [each.host, each]));
  expect([byHost.get(one)?.clusterCount, byHost.get(two)?.clusterCount]).toEqual([1, 2]);
  expect(all.placed.map(({ firstCluster }) => firstCluster).join()).toMatch(/^0,[12]$/);
  expect(byHost.get(two)).toMatchObject({ hostQueue: `belay-host-${two}`, loadQueue: `belay-load-${two}` });

  const late = await place('late', 2, 25_000);
  expect(late.placed).toEqual([]);
  const words = { [one]: '1 of 1 cluster used', [two]: '2 of 2 clusters used', [none]: '0 of 0 clusters used' };
  for (const host of [one, two, none]) expect(late.failure).toContain(`${host} (${words[host]})`);
  expect(late.failure).toMatch(/^HostFull: hosts: /);
  const { events } = await environment.client.workflow.getHandle('late').fetchHistory();
  expect(events?.length).toBeLessThanOrEqual(11);
});
