import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  leaseCapacity,
  openReservedLedger,
  usedCapacity,
  type LeaseRequest,
} from '../../../src/adapters/host/capacity.ts';
import { hostCapacity } from '../../../src/adapters/host/host-capacity.ts';
import {
  markClosing,
  openLedger,
  readLedger,
  recordCluster,
  removeCampaignFolder,
  updateLedger,
} from '../../../src/adapters/host/ledger.ts';

const HOUR_MS = 3_600_000;
const leadAddress = { host: 'a', endpointUrl: 'https://a:1', prometheusUrl: 'https://a:2', certificatePem: 'PEM' };

let home: string;

const sevenGb = (): number => 7e9;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'belay-capacity-'));
  vi.stubEnv('BELAY_HOME', home);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

function request(slug: string, wanted: number, more: Partial<LeaseRequest> = {}): LeaseRequest {
  const group = more.group ?? 'g1';
  return {
    campaign: slug,
    slug,
    workflowId: slug,
    runId: 'r',
    group,
    wanted,
    expiresAtMs: Date.now() + HOUR_MS,
    mayBeNone: false,
    placed: (clusterCount) => ({ name: group, firstCluster: 0, clusterCount, lead: false, leadAddress }),
    ...more,
  };
}

describe('capacity of a host', () => {
  test('is leased until it is used up, and given back with the ledger', () => {
    expect(leaseCapacity(request('one', 3), 4)).toEqual({ ok: true, clusterCount: 3 });
    expect(leaseCapacity(request('two', 3), 4)).toEqual({ ok: true, clusterCount: 1 });
    expect(leaseCapacity(request('three', 1), 4)).toEqual({ ok: false, why: '4 of 4 clusters used' });
    expect(readLedger('three')).toBeUndefined();
    removeCampaignFolder('one');
    expect(leaseCapacity(request('three', 1), 4)).toEqual({ ok: true, clusterCount: 1 });
    expect(usedCapacity(Date.now())).toBe(2);
    expect(readLedger('three')).toMatchObject({ leasedClusters: 1, group: { name: 'g1', clusterCount: 1 } });
  });

  test('counts the clusters of a campaign of one host, but no borrowed ones, and nothing that has expired', () => {
    openLedger({ ...emptyLedger('single'), expiresAtMs: Date.now() + HOUR_MS });
    for (const [index, owned] of [true, true, false].entries()) recordCluster('single', aCluster(index, owned));
    expect(leaseCapacity(request('one', 9), 4)).toEqual({ ok: true, clusterCount: 2 });
    expect(usedCapacity(Date.now() + 2 * HOUR_MS)).toBe(0);
  });

  test('is leased once, however often the same group asks', () => {
    expect(leaseCapacity(request('one', 3), 4)).toEqual({ ok: true, clusterCount: 3 });
    expect(leaseCapacity(request('one', 3), 4)).toEqual({ ok: true, clusterCount: 3 });
    expect(usedCapacity(Date.now())).toBe(3);
  });

  test('is not leased to another group of the same campaign, nor while an earlier one is cleaned up', () => {
    expect(leaseCapacity(request('one', 1), 4).ok).toBe(true);
    expect(leaseCapacity(request('one', 1, { group: 'g2' }), 4)).toEqual({
      ok: false,
      why: 'it has group g1 of this campaign',
    });
    markClosing('one');
    expect(leaseCapacity(request('one', 1), 4)).toMatchObject({ ok: false, why: expect.stringMatching(/cleans up/) });
    updateLedger('one', (ledger) => ({ ...ledger, closing: false, expiresAtMs: Date.now() - 1 }));
    expect(leaseCapacity(request('one', 1), 4)).toMatchObject({ ok: false, why: expect.stringMatching(/cleans up/) });
  });

  test('may be none for the lead, whose campaign gets no second group here', () => {
    const { placed: _, ...lead } = request('one', 4, { group: 'g0', mayBeNone: true });
    expect(leaseCapacity(lead, 0)).toEqual({ ok: true, clusterCount: 0 });
    expect(leaseCapacity(request('one', 4), 8)).toEqual({ ok: false, why: 'it is the lead' });
    expect(readLedger('one')).toMatchObject({ leasedClusters: 0, campaign: 'one' });
  });

  test('is what the memory suffices for, and a refusal has the figures', () => {
    expect(leaseCapacity(request('one', 4, { clusterBytes: 3e9 }), 4, sevenGb)).toEqual({ ok: true, clusterCount: 2 });
    expect(readLedger('one')).toMatchObject({ leasedClusters: 2, reservedBytes: 6e9 });
    expect(leaseCapacity(request('two', 4, { clusterBytes: 8e9 }), 4, sevenGb)).toEqual({
      ok: false,
      why: '7.0 GB of memory free, 8.0 GB needed for a cluster',
    });
    expect(leaseCapacity(request('two', 4), 4, () => 0)).toEqual({ ok: true, clusterCount: 2 });
  });

  test('is reserved by a campaign of one host when it begins, and once', () => {
    const ledger = { ...emptyLedger('single'), expiresAtMs: Date.now() + HOUR_MS, reservedBytes: 7.5e9 };
    expect(() => openReservedLedger(ledger, sevenGb)).toThrow(
      'its clusters need about 7.5 GB of memory, and 7.0 GB of this host are free',
    );
    expect(readLedger('single')).toBeUndefined();
    openReservedLedger({ ...ledger, reservedBytes: 7e9 }, sevenGb);
    openReservedLedger(ledger, () => 0);
    expect(readLedger('single')).toMatchObject({ reservedBytes: 7e9 });
  });

  test('is not leased twice by two workers at once', async () => {
    const child = join(import.meta.dirname, 'capacity-child.ts');
    const lease = (name: string): Promise<{ readonly stdout: string }> =>
      execa(process.execPath, [child, name], { env: { BELAY_HOME: home } });
    const taken = await Promise.all(['a', 'b', 'c'].map((name) => lease(name)));
    expect(taken.reduce((sum, { stdout }) => sum + Number(stdout), 0)).toBe(40);
    expect(usedCapacity(Date.now())).toBe(40);
  });
});

describe('the capacity that a worker announces', () => {
  test('is what BELAY_CLUSTERS says, else at least one', () => {
    vi.stubEnv('BELAY_CLUSTERS', '7');
    expect(hostCapacity()).toBe(7);
    vi.stubEnv('BELAY_CLUSTERS', '');
    expect(hostCapacity()).toBeGreaterThanOrEqual(1);
  });

  test('that cannot be read is refused by the name of the variable', () => {
    vi.stubEnv('BELAY_CLUSTERS', 'many');
    expect(() => hostCapacity()).toThrow(
      'BELAY_CLUSTERS: found "many"; allowed: a whole number of clusters from 0 to 10000',
    );
  });
});

function emptyLedger(slug: string): Parameters<typeof openLedger>[0] {
  return {
    campaign: slug,
    slug,
    workflowId: slug,
    runId: 'r',
    createdAtMs: 1,
    expiresAtMs: 2,
    clusters: [],
    processes: [],
  };
}

function aCluster(index: number, owned: boolean): Parameters<typeof recordCluster>[1] {
  return { index, name: `c${index}`, kubeconfigPath: '', context: '', owned, uid: '' };
}
