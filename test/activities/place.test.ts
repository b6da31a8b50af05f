import { CancelledFailure } from '@temporalio/common';
import type { Info } from '@temporalio/activity';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createPlace, type PlaceAdapters } from '../../src/activities/place.ts';
import { leaseCapacity, releaseLease } from '../../src/adapters/host/capacity.ts';
import { openLedger, readLedger, recordCluster, updateLedger, type Ledger } from '../../src/adapters/host/ledger.ts';
import { campaignNameOfRun } from '../../src/core/campaign/campaign-name.ts';
import type { LeadAddress, PlaceInput } from '../../src/core/campaign/placement.ts';
import type { CampaignSpec } from '../../src/core/plan/spec.ts';
import { aSpec } from '../workflows/make-spec.ts';
import { anAttempt } from './an-attempt.ts';

const here = { host: 'b', hostQueue: 'belay-host-b', loadQueue: 'belay-load-b', address: '10.0.0.2' };
const lead: LeadAddress = {
  host: 'a',
  endpointUrl: 'https://10.0.0.1:1',
  prometheusUrl: 'https://10.0.0.1:2',
  certificatePem: 'PEM',
};

let home: string;
let kept: CampaignSpec[];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'belay-place-'));
  vi.stubEnv('BELAY_HOME', home);
  kept = [];
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

function input(more: Partial<PlaceInput> = {}): PlaceInput {
  return {
    campaign: 'c',
    slug: 'bslug',
    workflowId: 'c',
    runId: 'r',
    specHash: 'h',
    group: 'g1',
    firstCluster: 1,
    wanted: 3,
    expiresAtMs: Date.now() + 3_600_000,
    lead,
    ...more,
  };
}

function ofLead(): PlaceInput {
  const { lead: _, ...rest } = input({ group: 'g0', firstCluster: 0 });
  return rest;
}

/** Carries a placement out with this host's real ledgers, and with a capacity of two clusters. */
async function place(
  value: PlaceInput,
  adapters: Partial<PlaceAdapters> = {},
  info: Partial<Info> = {},
): Promise<{ readonly end: unknown; readonly beats: readonly Record<string, unknown>[] }> {
  const { workflowId, runId } = value;
  const env = anAttempt(1, { workflowExecution: { workflowId, runId }, ...info });
  const beats: Record<string, unknown>[] = [];
  env.on('heartbeat', (details: Record<string, unknown>) => beats.push(details));
  const activity = createPlace(pino({ level: 'silent' }), {
    thisHost: () => here,
    capacity: () => 2,
    lease: leaseCapacity,
    release: releaseLease,
    recordGroup: (slug, group) => void updateLedger(slug, (ledger) => ({ ...ledger, group })),
    openLead: ({ host }) => Promise.resolve({ ...lead, host: host.host }),
    fetchSpec: () => Promise.resolve(aSpec()),
    keepSpec: (spec) => void kept.push(spec),
    ...adapters,
  });
  const end: unknown = await env
    .run((given: PlaceInput) => activity.place(given), value)
    .catch((error: unknown) => error);
  return { end, beats };
}

function refuse(): Promise<never> {
  return Promise.reject(new Error('no port'));
}

describe('a member', () => {
  test('takes what it has capacity for, keeps the specification, and answers the same again', async () => {
    const answer = { group: 'g1', ...here, firstCluster: 1, clusterCount: 2 };
    expect((await place(input())).end).toEqual(answer);
    expect(kept).toEqual([aSpec()]);
    expect(readLedger('bslug')).toMatchObject({
      campaign: 'c',
      runId: 'r',
      leasedClusters: 2,
      group: { name: 'g1', firstCluster: 1, clusterCount: 2, lead: false, leadAddress: lead },
    });
    expect((await place(input())).end).toEqual(answer);
  });

  test('without capacity fails so that another host is asked soon, and names the hosts that were asked before', async () => {
    const heartbeatDetails = { live: 'x', refusals: { z: '0 of 0 clusters used' } };
    const { end, beats } = await place(input(), { capacity: () => 0 }, { heartbeatDetails });
    expect(end).toMatchObject({
      type: 'HostFull',
      nonRetryable: false,
      nextRetryDelay: 1_000,
      message: 'hosts: b (0 of 0 clusters used), z (0 of 0 clusters used)',
    });
    expect(beats.at(-1)).toMatchObject({
      refusals: { b: '0 of 0 clusters used', z: '0 of 0 clusters used' },
    });
    expect(readLedger('bslug')).toBeUndefined();
  });

  test('that is the lead, or has a group of the campaign, takes none', async () => {
    expect((await place(input({ lead: { ...lead, host: 'b' } }))).end).toMatchObject({
      message: 'hosts: b (it is the lead)',
    });
    await place(input());
    expect((await place(input({ group: 'g2' }))).end).toMatchObject({
      message: 'hosts: b (it has group g1 of this campaign)',
    });
  });

  test.for<[string, Partial<PlaceAdapters>, string]>([
    ['cannot reach the lead', { fetchSpec: () => Promise.reject(new Error('no answer')) }, 'no answer'],
    [
      'cannot carry the specification out',
      {
        keepSpec: () => {
          throw new Error('systems/kube-scheduler.yaml differs');
        },
      },
      'systems/kube-scheduler.yaml differs',
    ],
  ])('that %s gives its capacity back and leaves the group to others', async ([, adapters, why]) => {
    expect((await place(input(), adapters)).end).toMatchObject({ type: 'HostFull', message: `hosts: b (${why})` });
    expect(readLedger('bslug')).toBeUndefined();
  });

  test('that is stopped gives its capacity back', async () => {
    const { end } = await place(input(), { fetchSpec: () => Promise.reject(new CancelledFailure('stop')) });
    expect(end).toBeInstanceOf(CancelledFailure);
    expect(readLedger('bslug')).toBeUndefined();
  });
});

describe('what a host has of a campaign', () => {
  const cluster = { index: 0, name: 'bslug-c0', kubeconfigPath: '', context: '', owned: true, uid: 'u' };
  const single: Ledger = {
    campaign: 'c',
    slug: 'bslug',
    workflowId: 'c',
    runId: 'r',
    createdAtMs: 1,
    expiresAtMs: Date.now() + 3_600_000,
    clusters: [cluster],
    processes: [],
  };
  const noLead = { fetchSpec: (): Promise<never> => Promise.reject(new Error('no answer')) };

  test.for<[string, Partial<PlaceInput>, string]>([
    ['of another campaign', { campaign: 'evil', workflowId: 'evil' }, 'it has another campaign with this name or slug'],
    // Ids of several workflows may give the same name.
    ['of another workflow', { workflowId: 'c/' }, 'it has another campaign with this name or slug'],
    ['of its name', { slug: 'bevil' }, 'it has another campaign with this name or slug'],
    ['as if it had groups', {}, 'it has clusters of this campaign that are in no group'],
  ])('is not changed by a placement %s', async ([, more, why]) => {
    openLedger(single);
    for (const value of [input(more), { ...ofLead(), ...more }])
      expect((await place(value, noLead)).end).toMatchObject({ type: 'HostFull', message: `hosts: b (${why})` });
    expect(readLedger('bslug')).toEqual(single);
    expect(readLedger('bevil')).toBeUndefined();
  });

  test.for<[string, Partial<PlaceInput>, string]>([
    [
      'another workflow',
      { workflowId: 'evil', campaign: 'evil' },
      'workflowId: found workflow "c" as the caller; allowed: workflow "evil", to which it belongs',
    ],
    [
      'its workflow, under the name of another campaign,',
      { campaign: 'evil' },
      'campaign: found "evil"; allowed: "c", the name of the calling workflow\'s campaign',
    ],
  ])('is made for %s of no caller', async ([, more, message]) => {
    const info = { workflowExecution: { workflowId: 'c', runId: 'r' } };
    for (const value of [input(more), { ...ofLead(), ...more }])
      expect((await place(value, {}, info)).end).toMatchObject({ type: 'InvalidSpec', nonRetryable: true, message });
    expect(readLedger('bslug')).toBeUndefined();
  });

  test('is made for a campaign whose run was reset, and for a later run of the same workflow', async () => {
    const info = { workflowExecution: { workflowId: 'c', runId: 'reset' } };
    expect((await place(input(), {}, info)).end).toMatchObject({ group: 'g1', clusterCount: 2 });
    const later = input({ campaign: campaignNameOfRun('c', 'cafe1234-0'), slug: 'blater' });
    expect((await place(later, { capacity: () => 4 }, info)).end).toMatchObject({ group: 'g1' });
  });

  test.for<[string, Partial<PlaceInput>]>([
    ['lead', { lead: { ...lead, endpointUrl: 'https://evil:1' } }],
    ['certificate', { lead: { ...lead, certificatePem: 'EVIL' } }],
    ['first cluster', { firstCluster: 7 }],
  ])('of its group keeps its %s', async ([, more]) => {
    await place(input());
    const placed = readLedger('bslug');
    expect((await place(input(more), noLead)).end).toMatchObject({
      message: 'hosts: b (it has this group with another lead, or with other clusters)',
    });
    expect(readLedger('bslug')).toEqual(placed);
  });

  test('is not removed by a placement that fails when clusters were made', async () => {
    await place(input());
    recordCluster('bslug', cluster);
    expect((await place(input(), noLead)).end).toMatchObject({ message: 'hosts: b (no answer)' });
    expect(readLedger('bslug')).toMatchObject({ clusters: [cluster], leasedClusters: 2 });
  });
});

describe('the lead', () => {
  test('takes what it has capacity for and says where it is reached', async () => {
    const { end } = await place(ofLead());
    expect(end).toEqual({
      group: 'g0',
      ...here,
      firstCluster: 0,
      clusterCount: 2,
      lead: { ...lead, host: 'b' },
    });
    expect(readLedger('bslug')).toMatchObject({ leasedClusters: 2, group: { name: 'g0', lead: true } });
  });

  test('without capacity still leads', async () => {
    expect((await place(ofLead(), { capacity: () => 0 })).end).toMatchObject({ clusterCount: 0, lead: { host: 'b' } });
  });

  test('that cannot be opened keeps its lease for the next attempt', async () => {
    expect((await place(ofLead(), { openLead: refuse })).end).toMatchObject({
      type: 'HarnessFault',
      nonRetryable: false,
      message: 'no port',
    });
    expect((await place(ofLead())).end).toMatchObject({ clusterCount: 2 });
  });
});

test('an input that cannot be read is a harness fault with the name of the field', async () => {
  expect((await place({ ...input(), wanted: -1 })).end).toMatchObject({
    type: 'HarnessFault',
    message: 'input of place: wanted: found -1 (number); allowed: a whole number of at least 0',
  });
});
