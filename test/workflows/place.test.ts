import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Ledger } from '../../src/adapters/host/ledger.ts';
import { listHosts } from '../../src/adapters/temporal/hosts.ts';
import { ensureTools } from '../../src/adapters/toolchain/ensure-tools.ts';
import { eventually } from '../adapters/eventually.ts';
import { installQuietRuntime } from './temporal.ts';
import type { Placed, placeAll } from './place-workflow.ts';
import { startWorkerHost, type WorkerHost } from './worker-host.ts';

const QUEUE = 'place-test';
const SECRET = 'the secret that the hosts share';
/** Four local clusters. */
const FOUR = { profile: 'quickstart', substrate: 'local', overrides: { 'scale.density': 1_000 } };

const hosts: WorkerHost[] = [];
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
  await Promise.all(hosts.map((host) => host.stop()));
  workflowWorker.shutdown();
  await running;
  await environment.teardown();
});

/** Starts hosts, all of them with the secret unless the settings say otherwise. */
async function startHosts(...settings: Readonly<Record<string, string>>[]): Promise<readonly WorkerHost[]> {
  const started = await Promise.allSettled(
    settings.map((each) => startWorkerHost(environment.address, { BELAY_FLEET_SECRET: SECRET, ...each })),
  );
  const up = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  hosts.push(...up);
  expect(up).toHaveLength(settings.length);
  return up;
}

/** Starts a campaign and waits until its clusters are placed, or no host has taken them. */
async function place(workflowId: string, lead: WorkerHost, hostWaitMs: number): Promise<Placed> {
  const handle = await environment.client.workflow.start<typeof placeAll>('placeAll', {
    workflowId,
    taskQueue: QUEUE,
    args: [FOUR, lead.hostQueue, hostWaitMs],
  });
  return await eventually(async () => {
    const placed = await handle.query<Placed>('status');
    return placed.isOver ? placed : undefined;
  });
}

/** The specification of a campaign on a host. */
function specOf(host: WorkerHost, campaign: string): unknown {
  return JSON.parse(readFileSync(join(host.runs, campaign, 'spec.json'), 'utf8'));
}

/** The ledgers on a host. */
function ledgersOf(host: WorkerHost): readonly Ledger[] {
  const folder = join(host.home, 'campaigns');
  return (existsSync(folder) ? readdirSync(folder) : [])
    .map((slug) => join(folder, slug, 'ledger.json'))
    .filter((path) => existsSync(path))
    .map((path) => JSON.parse(readFileSync(path, 'utf8')) as Ledger);
}

/** The ledger of a campaign on a host; undefined if there is none. */
function ledgerOf(host: WorkerHost, campaign: string): Ledger | undefined {
  return ledgersOf(host).find((ledger) => ledger.campaign === campaign);
}

test('the clusters of a campaign spread over hosts that share a secret, and a host removes what has moved or ended', async () => {
  const [lead, one, two, stranger] = await startHosts(
    { BELAY_CLUSTERS: '1' },
    { BELAY_CLUSTERS: '1' },
    { BELAY_CLUSTERS: '2' },
    { BELAY_CLUSTERS: '9', BELAY_FLEET_SECRET: 'another secret of another fleet' },
  );
  if (lead === undefined || one === undefined || two === undefined || stranger === undefined)
    throw new Error('no host');

  const { placement, placed, failure } = await place('first', lead, 60_000);
  expect(failure).toBeNull();
  expect(placement).toMatchObject({ clusterCount: 4, hostWaitMs: 300_000 });
  expect(placed[0]).toMatchObject({ group: 'g0', host: lead.name, firstCluster: 0, clusterCount: 1 });
  const byHost = new Map(placed.map((each) => [each.host, each.clusterCount]));
  expect(byHost).toEqual(
    new Map([
      [lead.name, 1],
      [one.name, 1],
      [two.name, 2],
    ]),
  );
  expect(placed.map(({ firstCluster }) => firstCluster).join()).toMatch(/^0,1,[23]$/);

  const seen = await listHosts(environment.client);
  const capacities = new Map(seen.map(({ host, capacityClusters }) => [host, capacityClusters]));
  const announced = [
    [lead.name, 1],
    [one.name, 1],
    [two.name, 2],
    [stranger.name, 9],
  ] as const;
  expect(capacities).toEqual(new Map(announced));
  expect(seen.every(({ lastHeartbeatMs, workerPids }) => lastHeartbeatMs !== null && workerPids.length === 1)).toBe(
    true,
  );

  const address = placed[0]?.lead;
  expect(JSON.stringify(placed)).not.toContain(SECRET);
  for (const member of [one, two]) {
    expect(ledgerOf(member, 'first')).toMatchObject({
      workflowId: 'first',
      leasedClusters: byHost.get(member.name),
      group: { lead: false, leadAddress: address },
    });
    expect(specOf(member, 'first')).toEqual(specOf(lead, 'first'));
    const slug = ledgerOf(member, 'first')?.slug ?? '';
    expect(statSync(join(member.home, 'campaigns', slug, 'fleet', 'password')).mode & 0o077).toBe(0);
  }
  expect(existsSync(join(stranger.runs, 'first'))).toBe(false);
  expect(ledgerOf(stranger, 'first')).toBeUndefined();

  // All capacity is in use: the next campaign says of each host why it takes nothing, without an event for each time it asked.
  const late = await place('second', lead, 30_000);
  expect(late.placed.map(({ clusterCount }) => clusterCount)).toEqual([0]);
  expect(late.failure).toMatch(/^HostFull: hosts: /);
  expect(late.failure).toContain(`${lead.name} (it is the lead)`);
  expect(late.failure).toContain(`${one.name} (1 of 1 cluster used)`);
  expect(late.failure).toContain(`${two.name} (2 of 2 clusters used)`);
  expect(late.failure).toMatch(
    new RegExp(`${stranger.name} \\(https://127\\.0\\.0\\.1:\\d+/spec/\\w+ refused with 401`),
  );
  const { events } = await environment.client.workflow.getHandle('second').fetchHistory();
  expect(events?.length).toBeLessThanOrEqual(30);

  // A host whose group has moved removes it, and has its capacity for others. The campaign and the other hosts keep theirs.
  const first = environment.client.workflow.getHandle('first');
  await first.signal('move', two.name);
  await eventually(() => ledgerOf(two, 'first') === undefined);
  expect([lead, one].map((host) => ledgerOf(host, 'first')?.leasedClusters)).toEqual([1, 1]);
  // What it had of the campaign is on the lead now.
  const moved = placed.find(({ host }) => host === two.name)?.group ?? '';
  expect(existsSync(join(two.runs, 'first'))).toBe(false);
  expect(existsSync(join(lead.runs, 'first', 'groups', moved, 'spec.json'))).toBe(true);
  await Promise.all(['first', 'second'].map((id) => environment.client.workflow.getHandle(id).signal('end')));
  await eventually(() => [lead, one, two].every((host) => ledgersOf(host).length === 0));
}, 480_000);
