import { existsSync, readdirSync, writeFileSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { campaignFolder, removeCampaignFolder } from '../../../src/adapters/host/ledger.ts';
import { claimPorts, isFree, releasePorts } from '../../../src/adapters/host/port-claims.ts';
import { testHome } from '../substrates/local-campaign.ts';
import type { TestHome } from '../substrates/local-campaign.ts';

let home: TestHome;

beforeEach(() => {
  home = testHome();
  for (const slug of ['a', 'b']) mkdirSync(campaignFolder(slug), { recursive: true });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  home.close();
});

test('campaigns at once never get the same port, and what is given back is gone', async () => {
  const claimed = await Promise.all(['a', 'b', 'a', 'b'].map((slug) => claimPorts(slug, 10)));
  expect(new Set(claimed.flat()).size).toBe(40);
  for (const port of claimed.flat()) expect(port).toBeLessThan(32_768);
  releasePorts(claimed[0] ?? []);
  removeCampaignFolder('b');
  expect(new Set(readdirSync(folder()))).toEqual(new Set(claimed[2]?.map(String)));
});

test('two state folders never get the same port', async () => {
  // Both begin to look at the same port, and nothing listens yet.
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  vi.stubEnv('BELAY_CACHE', join(home.folder, 'cache'));
  const mine = await claimPorts('a', 10);
  const other = testHome();
  try {
    mkdirSync(campaignFolder('a'), { recursive: true });
    const theirs = await claimPorts('a', 10);
    expect(theirs.filter((port) => mine.includes(port))).toEqual([]);
  } finally {
    other.close();
  }
});

test('a claim of a state folder that is gone counts no longer', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  const other = testHome();
  try {
    vi.stubEnv('BELAY_CACHE', join(home.folder, 'cache'));
    mkdirSync(campaignFolder('a'), { recursive: true });
    const theirs = await claimPorts('a', 3);
    other.close();
    expect(await claimPorts('a', 3)).toEqual(theirs);
    releasePorts(theirs);
    expect(readdirSync(join(home.folder, 'cache', 'ports'))).toEqual([]);
  } finally {
    other.close();
  }
});

test('claims of a campaign that left without giving them back are dropped', async () => {
  await claimPorts('a', 1);
  writeFileSync(join(folder(), '12345'), 'gone');
  await claimPorts('a', 1);
  expect(existsSync(join(folder(), '12345'))).toBe(false);
});

test('a port that somebody listens on is not free', async () => {
  const [port] = await claimPorts('a', 1);
  const server = createServer();
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  expect(await isFree(port ?? 0)).toBe(false);
  await new Promise((done) => server.close(done));
  expect(await isFree(port ?? 0)).toBe(true);
});

test('a port that somebody listens on at one address is not free there', async () => {
  const [port = 0] = await claimPorts('a', 1, '127.0.0.2');
  const server = createServer();
  await new Promise<void>((done) => server.listen(port, '127.0.0.2', done));
  expect([await isFree(port), await isFree(port, '127.0.0.2')]).toEqual([true, false]);
  await new Promise((done) => server.close(done));
  expect(await isFree(port, '127.0.0.2')).toBe(true);
});

function folder(): string {
  return join(home.folder, 'state', 'ports');
}
