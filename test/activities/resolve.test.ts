import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { createResolve, type ResolveAdapters } from '../../src/activities/resolve.ts';
import { readSpec } from '../../src/adapters/evidence/spec-store.ts';
import { targetsOf } from '../../src/adapters/substrates/kubeconfig/campaign-targets.ts';
import { repositoryFolder } from '../../src/adapters/host/folders.ts';
import type { CampaignOutline } from '../../src/core/campaign/outline.ts';
import type { CampaignSpec } from '../../src/core/plan/spec.ts';
import { aRoom } from '../core/plan/make.ts';

const SYSTEM = join('systems', 'kube-scheduler.yaml');
const SUBSTRATE = join('substrates', 'local.yaml');

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-resolve-'));
  vi.stubEnv('BELAY_RUNS', join(folder, 'runs'));
  vi.stubEnv('BELAY_HOME', join(folder, 'state'));
  vi.stubEnv('BELAY_PATH', folder);
  for (const file of [SYSTEM, SUBSTRATE]) {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    cpSync(join(repositoryFolder, file), join(folder, file));
  }
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** A host for four clusters, all of them free, without a fleet secret. */
const HOST: ResolveAdapters = {
  caller: () => ({ workflowId: 'q', runId: 'r' }),
  hostRoom: () => aRoom({ cores: 64, memoryBytes: 256e9 }),
  capacity: () => 4,
  freeCapacity: () => 4,
  hasFleetSecret: () => false,
};

const activities = createResolve(HOST);
const SET = { 'gates.podBindP99.max': 20 };

async function resolved(profile = 'quickstart'): Promise<CampaignSpec> {
  return specOf(
    await activities.resolve({
      input: { profile, substrate: 'local' },
      workflowId: 'q',
      runId: 'r',
      scheduled: false,
      child: false,
    }),
  );
}

/** The specification on disk that an outline is of. */
function specOf({ campaign, specHash }: CampaignOutline): CampaignSpec {
  const spec = readSpec(campaign, specHash);
  if (spec === undefined) throw new Error(`no specification ${specHash}`);
  return spec;
}

function unusableSecret(): never {
  throw new Error('the secret is too short');
}

/** The outline of a campaign with four clusters on a host. */
async function outlineOn(host: Partial<ResolveAdapters>, input: object = {}): Promise<CampaignOutline> {
  const profile = { profile: 'quickstart', substrate: 'local', overrides: { 'scale.density': 1_000 }, ...input };
  const request = { input: profile, workflowId: 'q', runId: 'r', scheduled: false, child: false };
  return await createResolve({ ...HOST, ...host }).resolve(request);
}

test.each([
  [
    'another workflow',
    { workflowId: 'evil', runId: 'r' },
    'workflowId: found workflow "evil" as the caller; allowed: workflow "q", to which it belongs',
  ],
  [
    'another run',
    { workflowId: 'q', runId: 'evil' },
    'runId: found "r"; allowed: "evil", the run that resolves its campaign',
  ],
  ['no workflow', undefined, 'workflowId: found no workflow as the caller; allowed: workflow "q", to which it belongs'],
])('%s replaces no specification of a campaign', async (_, caller, message) => {
  const { campaign, specHash } = await resolved();
  const stored = readFileSync(join(folder, 'runs', campaign, 'spec.json'), 'utf8');
  const refused = { type: 'InvalidSpec', nonRetryable: true };
  await expect(outlineOn({ caller: () => caller })).rejects.toMatchObject({ ...refused, message });
  const respec = createResolve({ ...HOST, caller: () => caller }).respec({ campaign, specHash, set: SET });
  // A workflow that was reset is another run of the same one.
  if (caller?.workflowId === 'q') await respec;
  else
    await expect(respec).rejects.toMatchObject({
      ...refused,
      message: message.replace('workflowId', `campaign "${campaign}"`),
    });
  expect(readFileSync(join(folder, 'runs', campaign, 'spec.json'), 'utf8')).toBe(stored);
});

test('a campaign with more clusters than its host takes spreads over others that share its secret', async () => {
  const small = { freeCapacity: () => 3, hasFleetSecret: () => true };
  expect((await outlineOn(small)).placement).toMatchObject({ clusterCount: 4, hostWaitMs: 300_000 });
  const overrides = { 'scale.density': 1_000, hostWait: '20s' };
  expect((await outlineOn(small, { overrides })).placement).toMatchObject({ hostWaitMs: 20_000 });
  expect((await outlineOn(small, { overrides, hostWait: '1m' })).placement).toMatchObject({ hostWaitMs: 60_000 });
});

test('its deadlines are those of a group, and stay so in a retry with changes', async () => {
  const host = { freeCapacity: () => 3, hasFleetSecret: () => true };
  const outline = await outlineOn(host);
  const spec = specOf(outline);
  expect(spec.placement).toEqual(outline.placement);
  expect(Object.keys(outline.limits)).toEqual(expect.arrayContaining(['soak', 'drive', 'watch']));
  expect(outline.limits.drive?.attemptMs).toBe(spec.deadlines.soakParts?.drive.attemptMs);
  const { campaign, specHash } = spec;
  const changed = await createResolve({ ...HOST, freeCapacity: () => 4 }).respec({ campaign, specHash, set: SET });
  expect(changed.placement).toEqual(outline.placement);
  expect(changed.limits.watch).toEqual(outline.limits.watch);
  expect(Object.keys((await outlineOn({})).limits)).not.toContain('drive');
});

test('it stays on its host without a secret, and says why; one that fits is as it always was', async () => {
  const { placement, summary } = await outlineOn({ freeCapacity: () => 3 });
  expect(placement).toBeUndefined();
  expect(summary).toMatch(
    /; all 4 clusters run on this host, which takes 4 and has 1 in use: no fleet secret is set \(BELAY_FLEET_SECRET/,
  );
  const fits = await outlineOn({ hasFleetSecret: unusableSecret });
  expect(fits).not.toHaveProperty('placement');
  expect(fits.summary).not.toContain('host');
  await expect(outlineOn({ freeCapacity: () => 3, hasFleetSecret: unusableSecret })).rejects.toThrow(
    'the secret is too short',
  );
});

test('one that its host cannot take is refused, and what its host hardly takes is in the line of resolve', async () => {
  await expect(outlineOn({ hostRoom: () => aRoom({ cores: 64, memoryBytes: 4e9 }) })).rejects.toMatchObject({
    type: 'InvalidSpec',
    message: expect.stringMatching(
      /4 clusters with 5,000 Pods each need about .* they do not fit in its memory/,
    ) as string,
  });
  const { summary } = await outlineOn({ hostRoom: () => aRoom({ cores: 2, memoryBytes: 24e9 }) });
  expect(summary).toMatch(
    /; 4 clusters with 5,000 Pods each need about .* this host has 24 GB and 2 cores, and 24 GB of its memory are free: it will have no CPU left/,
  );
  // Spread over hosts, its clusters need not fit on this one.
  const spread = { freeCapacity: () => 3, hasFleetSecret: () => true };
  const outline = await outlineOn({ ...spread, hostRoom: () => aRoom({ cores: 1, memoryBytes: 1e9 }) });
  expect(outline.placement).toBeDefined();
});

async function respec(
  { campaign, specHash }: CampaignSpec,
  set: Readonly<Record<string, unknown>>,
): Promise<CampaignSpec> {
  return specOf(await activities.respec({ campaign, specHash, set }));
}

test('a retry with changes stays on the host that has the clusters', async () => {
  const spec = await resolved();
  vi.stubEnv('BELAY_HOME', join(folder, 'another-host'));
  const changed = await respec(spec, SET);
  const { hostQueue, loadQueue, slug } = spec;
  expect(changed).toMatchObject({ hostQueue, loadQueue, slug });
  expect(changed.gates.find(({ name }) => name === 'podBindP99')?.bar).toEqual({ max: 20 });
  expect(changed.specHash).not.toBe(spec.specHash);
});

test('an edit of the substrate during the hold does not come in with the changes of a retry', async () => {
  const spec = await resolved();
  appendFileSync(join(folder, SUBSTRATE), 'nonsense: true\n');
  expect((await respec(spec, SET)).substrate).toEqual(spec.substrate);
});

test('a system file that was edited during the hold is refused', async () => {
  const spec = await resolved();
  appendFileSync(join(folder, SYSTEM), '# edited\n');
  await expect(respec(spec, SET)).rejects.toMatchObject({
    type: 'InvalidSpec',
    message: expect.stringMatching(/kube-scheduler\.yaml has changed since .*; put it back, or start a new campaign/),
  });
});

test('a chart that this host does not have is refused before clusters are created; a retry on them needs no chart', async () => {
  await expect(resolved('dev-50')).rejects.toMatchObject({
    type: 'InvalidSpec',
    message: expect.stringMatching(/^system bigfleet: no chart at .*; allowed: .* in BELAY_CHART_BIGFLEET$/),
  });
  vi.stubEnv('BELAY_CHART_BIGFLEET', 'oci://registry.example/charts/scaletest');
  const spec = await resolved('dev-50');
  vi.stubEnv('BELAY_CHART_BIGFLEET', undefined);
  expect((await respec(spec, { 'gates.shardShortfalls.max': 1 })).slug).toBe(spec.slug);
});

/** A campaign in a cluster of others, started where no kubeconfig was looked at: in the Temporal UI, or by a Schedule. */
async function startedInTheUi(): Promise<CampaignOutline> {
  const substrate = {
    apiVersion: 'belay.dev/v1',
    kind: 'Substrate',
    metadata: { name: 'lent', description: 'a cluster of others' },
    type: 'kubeconfig',
    kubeconfig: { contexts: ['house'] },
    host: { vCPU: 2, memoryGiB: 8 },
    cluster: { podsPerCluster: 5_000, clustersPerHost: 1, storage: 'etcd', bindThroughputPodsPerSec: 100 },
  };
  writeFileSync(join(folder, 'substrates', 'lent.yaml'), stringify(substrate));
  const input = { profile: 'quickstart', substrate: 'lent' };
  return await activities.resolve({ input, workflowId: 'q', runId: 'r', scheduled: true, child: false });
}

/** The worker's kubeconfig. */
function workerSees(server: string, context = 'house'): void {
  const config = {
    contexts: [{ name: context, context: { cluster: 'staging', user: 'anna' } }],
    clusters: [{ name: 'staging', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'anna', user: { token: 'secret' } }],
  };
  writeFileSync(join(folder, 'worker-kubeconfig'), stringify(config));
  vi.stubEnv('KUBECONFIG', join(folder, 'worker-kubeconfig'));
}

test('a campaign of the UI or a Schedule says which cluster the kubeconfig of the worker leads to, and keeps to it', async () => {
  workerSees('https://192.0.2.1:6443');
  const outline = await startedInTheUi();
  expect(outline.summary).toContain('; cluster staging at https://192.0.2.1:6443, context house, user anna');
  const spec = specOf(outline);
  expect(targetsOf(spec, 1)).toMatchObject([{ server: 'https://192.0.2.1:6443' }]);
  // The same name leads elsewhere when the next stage asks.
  workerSees('https://192.0.2.2:6443');
  expect(() => targetsOf(spec, 1)).toThrow(
    / at https:\/\/192\.0\.2\.2:6443, .*, and was cluster staging at .*2\.1:6443/,
  );
});

test('it is refused before anything is made where the worker has no kubeconfig, or the file or the context is gone', async () => {
  const refused = async (reason: RegExp): Promise<void> => {
    await expect(startedInTheUi()).rejects.toMatchObject({
      type: 'InvalidSpec',
      message: expect.stringMatching(reason) as string,
    });
    expect(existsSync(join(folder, 'runs'))).toBe(false);
  };
  vi.stubEnv('HOME', folder);
  vi.stubEnv('KUBECONFIG', '');
  const decides = String.raw`\(the KUBECONFIG of the worker decides here, which it has from the shell of \./belay up\)$`;
  await refused(
    new RegExp(
      String.raw`^worker of host .*, context house: there is no kubeconfig: ${folder}/\.kube/config \(KUBECONFIG is not set\); .*${decides}`,
    ),
  );
  vi.stubEnv('KUBECONFIG', join(folder, 'gone'));
  await refused(new RegExp(String.raw`there is no kubeconfig: ${folder}/gone \(KUBECONFIG\); .*${decides}`));
  workerSees('https://192.0.2.1:6443', 'other');
  await refused(new RegExp(String.raw`no "house" in its contexts; found: other ${decides}`));
});
