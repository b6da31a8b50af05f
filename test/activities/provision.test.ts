import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createProvision, type ProvisionAdapters } from '../../src/activities/provision.ts';
import { TargetInUse } from '../../src/adapters/kube/target-lease.ts';
import { specBesideLedger } from '../../src/adapters/evidence/spec-store.ts';
import { writeLedger } from '../../src/adapters/host/ledger.ts';
import type { GroupPlacement } from '../../src/core/campaign/placement.ts';
import { FederationRefusal } from '../../src/adapters/prometheus/federation-refusal.ts';
import { LEAD_GROUP, type StageResult } from '../../src/core/campaign/stage-io.ts';
import { namesNeeded } from '../../src/core/gates/names-needed.ts';
import type { Substrate } from '../../src/core/model/substrate.ts';
import type { CampaignSpec } from '../../src/core/plan/spec.ts';
import { testHome, type TestHome } from '../adapters/substrates/local-campaign.ts';
import { anAttempt } from './an-attempt.ts';
import { derived, enteredBy, OWNERS, specOf } from './campaign-shapes.ts';
import { clustersUp, scriptedProvision } from './scripted-adapters.ts';
import { storedInput } from './stored-input.ts';

const LEAD_ADDRESS = { host: 'a', endpointUrl: 'https://a:1', prometheusUrl: 'https://a:2', certificatePem: '' };
const MEMBER: GroupPlacement = {
  name: 'g1',
  firstCluster: 3,
  clusterCount: 2,
  lead: false,
  leadAddress: LEAD_ADDRESS,
};
const EMPTY_LEAD: GroupPlacement = { ...MEMBER, name: 'g0', firstCluster: 0, clusterCount: 0, lead: true };

let home: TestHome;

beforeEach(() => {
  home = testHome();
});
afterEach(() => home.close());

/** A campaign of five clusters, of which a host has a group. */
function placed(group: GroupPlacement, substrate: Partial<Substrate> = {}): CampaignSpec {
  const spec = specOf({ clusters: 5, placed: true, substrate });
  writeLedger({ ...clustersUp(spec), clusters: [], group });
  return spec;
}

/** Provisions a group. @returns the result, and the indices of the clusters that were asked for */
async function provision(
  spec: CampaignSpec,
  group: string,
  change: Partial<ProvisionAdapters> = {},
): Promise<{ readonly result: StageResult | Error; readonly indices: readonly number[] }> {
  const indices: number[] = [];
  const adapters = scriptedProvision();
  const run = createProvision(pino({ level: 'silent' }), {
    ...adapters,
    substrate: (of, tools) => ({
      ...adapters.substrate(of, tools),
      provision: async (request) => {
        const all = await adapters.substrate(of, tools).provision(request);
        const own = all.slice(request.firstCluster, request.firstCluster + request.clusterCount);
        indices.push(...own.map(({ index }) => index));
        return own;
      },
    }),
    ...change,
  });
  const env = anAttempt();
  const ended: Promise<StageResult> = env.run(run, storedInput(spec, 'provision', { group }));
  return { result: await ended.catch((error: unknown) => error as Error), indices };
}

test('a member has the clusters of its group, by their indices in the campaign, and the Prometheus of the lead', async () => {
  const { result, indices } = await provision(placed(MEMBER), 'g1');
  expect(indices).toEqual([3, 4]);
  expect(result).toMatchObject({
    detail: '2 clusters up, measured by the Prometheus of a',
    facts: { clusters: 2, clusterUids: 'u3,u4' },
  });
  expect((result as StageResult).facts).not.toHaveProperty('prometheus');
});

test('a member enters every step that the stage derives, and no other', async () => {
  const spec = placed(MEMBER);
  const input = storedInput(spec, 'provision', { group: 'g1' });
  const entered = await enteredBy((log) => createProvision(log, scriptedProvision()), input);
  expect(entered.toSorted()).toEqual(derived(spec, 'provision').toSorted());
});

test('the Prometheus is given the names of the series that the gates of the campaign need', async () => {
  const given: (string | undefined)[] = [];
  const spec = placed(MEMBER);
  await provision(spec, 'g1', {
    startPrometheus: (request) => {
      given.push(request.namesSent);
      return scriptedProvision().startPrometheus(request);
    },
  });
  expect(given).toEqual([namesNeeded(spec.gates)]);
  expect(given).not.toEqual([undefined]);
});

test('a lead without clusters starts the Prometheus', async () => {
  const { result, indices } = await provision(placed(EMPTY_LEAD), 'g0');
  expect(indices).toEqual([]);
  expect(result).toMatchObject({
    detail: '0 clusters up, Prometheus at http://prometheus',
    facts: { clusters: 0, prometheus: 'http://prometheus' },
  });
});

test.for([
  [60_000, '60 s behind'],
  [-60_000, '60 s ahead of'],
])('a host whose clock is another one is refused: the lead is ahead by %i ms', async ([aheadMs, apart]) => {
  const { result, indices } = await provision(placed(MEMBER), 'g1', {
    clockAheadMs: () => Promise.resolve(aheadMs as number),
  });
  expect(result).toMatchObject({
    nonRetryable: true,
    message: `the clock of this host is ${apart} that of a, the lead: synchronize them, e.g. by NTP`,
  });
  expect(indices).toEqual([]);
});

test.for([['g2'], ['g0']])('a host that no longer has the group %s refuses it', async ([group = '']) => {
  const { result, indices } = await provision(placed(MEMBER), group);
  expect(result).toMatchObject({
    nonRetryable: true,
    message: `this host does not have group ${group} of steps any more: its lease has ended`,
  });
  expect(indices).toEqual([]);
});

test('a disk that is almost full, or a cluster in use, ends the stage with the reason, and nothing was asked for', async () => {
  const full = await provision(placed(MEMBER), 'g1', {
    requireSpace: () => {
      throw new Error('a campaign needs 500 MB of disk');
    },
  });
  expect(full.result).toMatchObject({ message: expect.stringContaining('needs 500 MB of disk') as string });
  expect(full.indices).toEqual([]);
  const inUse = await provision(placed(MEMBER), 'g1', {
    substrate: () => ({
      provision: () => Promise.reject(new TargetInUse('context mine is in use by campaign nightly-1')),
      scrapeTargets: () => Promise.resolve({ targets: [], absent: [] }),
    }),
  });
  expect(inUse.result).toMatchObject({
    type: 'TargetInUse',
    nonRetryable: true,
    message: expect.stringContaining('nightly-1') as string,
  });
});

test('a sweep that fails costs the campaign nothing', async () => {
  const { result } = await provision(placed(MEMBER), 'g1', {
    sweepHost: () => Promise.reject(new Error('Temporal does not answer')),
  });
  expect(result).toMatchObject({ facts: { clusters: 2 } });
});

test('the specification lies beside the ledger before anything is made: a campaign that ends now can be removed', async () => {
  const spec = specOf({ clusters: 2 });
  const seen: unknown[] = [];
  const adapters = scriptedProvision();
  await provision(spec, LEAD_GROUP, {
    openLedger: (ledger) => writeLedger({ ...ledger, clusters: [] }),
    sweepHost: (signal) => {
      seen.push(specBesideLedger(spec.slug)?.specHash);
      return adapters.sweepHost(signal);
    },
  });
  expect(seen).toEqual([spec.specHash]);
});

const BORROWED = { type: 'kubeconfig', kubeconfig: { file: '', contexts: ['a', 'b'], prometheus: OWNERS } } as const;

test('an existing Prometheus is tried before anything is asked of a cluster; one that is refused ends the campaign', async () => {
  const spec = specOf({ clusters: 2, substrate: BORROWED });
  const { result, indices } = await provision(spec, LEAD_GROUP, {
    tryExistingPrometheus: (_, prometheus, clusters) => {
      expect([prometheus, clusters]).toEqual([OWNERS, { firstCluster: 0, clusterCount: 2 }]);
      return Promise.reject(new FederationRefusal('kubeconfig.prometheus.url: found nothing'));
    },
  });
  expect(result).toMatchObject({
    type: 'TargetRefuses',
    nonRetryable: true,
    message: 'kubeconfig.prometheus.url: found nothing',
  });
  expect(indices).toEqual([]);
});

test('a group tries an existing Prometheus for its own clusters, for which alone there is time', async () => {
  const tried: unknown[] = [];
  const { indices } = await provision(placed(MEMBER, BORROWED), 'g1', {
    tryExistingPrometheus: (_, __, clusters) => {
      tried.push(clusters);
      return Promise.resolve();
    },
  });
  expect(tried).toEqual([{ firstCluster: 3, clusterCount: 2 }]);
  expect(indices).toEqual([3, 4]);
});

test('jobs of an existing Prometheus are scraped there alone, and the others as ever', async () => {
  const written: string[] = [];
  const target = { cluster: '', scheme: 'http', address: 'a:1', path: '/', tls: {} } as const;
  const { result } = await provision(specOf({ clusters: 2, substrate: BORROWED }), LEAD_GROUP, {
    substrate: (of, tools) => ({
      ...scriptedProvision().substrate(of, tools),
      scrapeTargets: () =>
        Promise.resolve({
          targets: [
            { ...target, job: 'apiserver' },
            { ...target, job: 'scheduler' },
          ],
          absent: [
            { job: 'scheduler', reason: 'out of reach' },
            { job: 'etcd', reason: 'out of reach' },
          ],
        }),
    }),
    federationTargets: (_, { name }) => [{ ...target, job: `taken of ${name}`, federatedJob: 'scheduler' }],
    writeTargets: (_, targets) => {
      written.push(...targets.map(({ job }) => job));
      return Promise.resolve();
    },
  });
  expect(written).toEqual(['apiserver', 'taken of c0', 'apiserver', 'taken of c1']);
  expect(result).toMatchObject({
    detail: expect.stringContaining('scheduler by https://prometheus.example; c0: etcd is not scraped') as string,
  });
  expect((result as StageResult).detail).not.toContain('scheduler is not scraped');
});
