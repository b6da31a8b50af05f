import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { endpointClient } from '../../../src/adapters/fleet/endpoint-client.ts';
import {
  fleetFiles,
  keepMemberAccess,
  makeLeadAccess,
  readAccess,
  type FleetAccess,
} from '../../../src/adapters/fleet/fleet-access.ts';
import { serveEndpoints } from '../../../src/adapters/fleet/serve-endpoints.ts';
import { campaignFolder, markClosing, removeCampaignFolder, writeLedger } from '../../../src/adapters/host/ledger.ts';
import { claimPorts, isFree } from '../../../src/adapters/host/port-claims.ts';
import { eventually } from '../eventually.ts';
import { testHome, type TestHome } from '../substrates/local-campaign.ts';
import { HASH, SECRET } from './endpoint-bench.ts';

const VALID_MS = 3_600_000;
const LIMITS = { signal: new AbortController().signal, budgetMs: 20_000 };

let home: TestHome;
const workers: { readonly stop: () => Promise<void>; readonly lines: string[] }[] = [];

beforeEach(() => {
  home = testHome();
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((each) => each.stop()));
  home.close();
});

/** The service as a worker runs it. */
function worker(): { readonly stop: () => Promise<void>; readonly lines: string[] } {
  const abort = new AbortController();
  const lines: string[] = [];
  const write = (fields: object, message: string): void => {
    lines.push(
      `${message} ${JSON.stringify(fields, (key, value: unknown) => (key === 'err' ? String(value) : value))}`,
    );
  };
  const running = serveEndpoints({
    log: { info: write, warn: write },
    signal: abort.signal,
    spec: (campaign, hash) => (hash === HASH ? { campaign } : undefined),
  });
  const one = {
    lines,
    stop: async (): Promise<void> => {
      abort.abort();
      await running;
    },
  };
  workers.push(one);
  return one;
}

/** The ledger of a campaign that this host leads. */
async function lead(
  slug: string,
): Promise<{ readonly access: FleetAccess; readonly url: string; readonly port: number }> {
  const access = await makeLeadAccess({
    slug,
    campaign: `${slug}-1`,
    secret: SECRET,
    address: '127.0.0.1',
    validMs: VALID_MS,
  });
  // A claim belongs to a campaign that has a folder.
  const [port = 0] = await claimPorts(slug, 1, '127.0.0.1');
  const url = `https://127.0.0.1:${port}`;
  writeLedger({
    campaign: `${slug}-1`,
    slug,
    workflowId: slug,
    runId: 'run',
    createdAtMs: Date.now(),
    expiresAtMs: Date.now() + VALID_MS,
    clusters: [],
    processes: [],
    group: {
      name: 'g0',
      firstCluster: 0,
      clusterCount: 1,
      lead: true,
      leadAddress: { host: 'here', endpointUrl: url, prometheusUrl: url, certificatePem: access.certificatePem },
    },
  });
  return { access, url, port };
}

async function specFrom({ url, access }: { readonly url: string; readonly access: FleetAccess }): Promise<unknown> {
  const client = endpointClient(url, access);
  try {
    return await client.fetchSpec(HASH, LIMITS);
  } finally {
    await client.close();
  }
}

test('one worker of a host serves the campaigns that it leads, and the next goes on where it ended', async () => {
  const [one, other] = [await lead('one'), await lead('other')];
  // A ledger that cannot be read, and a member's, need no endpoint.
  mkdirSync(campaignFolder('broken'), { recursive: true });
  writeFileSync(join(campaignFolder('broken'), 'ledger.json'), '{');
  const first = worker();
  expect(await specFrom(one)).toEqual({ campaign: 'one-1' });
  expect(await specFrom(other)).toEqual({ campaign: 'other-1' });
  // The password of one campaign does not open another.
  const mixed = endpointClient(other.url, { ...other.access, password: one.access.password });
  await expect(mixed.fetchSpec(HASH, LIMITS)).rejects.toThrow('401');
  await mixed.close();

  const second = worker();
  await new Promise((done) => setTimeout(done, 1_500));
  expect(second.lines.filter((line) => line.includes('is served'))).toEqual([]);
  await first.stop();
  expect(await specFrom(one)).toEqual({ campaign: 'one-1' });
  expect(await specFrom(other)).toEqual({ campaign: 'other-1' });

  markClosing('one');
  await eventually(() => isFree(one.port));
  removeCampaignFolder('other');
  await eventually(() => isFree(other.port));
  expect(existsSync(campaignFolder('other'))).toBe(false);
  for (const line of [...first.lines, ...second.lines]) {
    expect(line).not.toContain(one.access.password);
    expect(line).not.toContain(SECRET);
  }
});

test('the access of a campaign is for its user only, is made once, and is the same on every host', async () => {
  const { access } = await lead('one');
  const files = fleetFiles('one');
  for (const file of Object.values(files)) expect([file, statSync(file).mode & 0o777]).toEqual([file, 0o600]);
  const key = readFileSync(files.key, 'utf8');
  expect((await lead('one')).access).toEqual(access);
  expect(readFileSync(files.key, 'utf8')).toBe(key);
  expect(readAccess('one')).toEqual(access);
  expect(readAccess('none')).toBeUndefined();
  const { certificatePem } = access;
  expect(
    keepMemberAccess({ slug: 'member', campaign: 'one-1', secret: SECRET, certificatePem, passwordOf: 'certificate' }),
  ).toEqual(access);
  expect(readAccess('member')).toEqual(access);
  expect(existsSync(fleetFiles('member').key)).toBe(false);
});

test('an endpoint whose port is taken, or whose key is gone, is tried again and holds up no other', async () => {
  const broken = await lead('broken');
  const key = readFileSync(fleetFiles('broken').key, 'utf8');
  writeFileSync(fleetFiles('broken').key, 'no key');
  chmodSync(fleetFiles('broken').key, 0o600);
  const one = await lead('one');
  const { lines } = worker();
  expect(await specFrom(one)).toEqual({ campaign: 'one-1' });
  await eventually(() => lines.some((line) => line.includes('cannot be served yet')));
  writeFileSync(fleetFiles('broken').key, key);
  expect(await specFrom(broken)).toEqual({ campaign: 'broken-1' });
});
