import { existsSync, readdirSync, writeFileSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { campaignFolder, removeCampaignFolder } from '../../../src/adapters/host/ledger.ts';
import { claimPorts, isFree, releasePorts } from '../../../src/adapters/host/port-claims.ts';
import { testHome } from '../substrates/local-campaign.ts';
import type { TestHome } from '../substrates/local-campaign.ts';

let home: TestHome;

beforeEach(() => {
  home = testHome();
  for (const slug of ['a', 'b']) mkdirSync(campaignFolder(slug), { recursive: true });
});

afterEach(() => home.close());

test('campaigns at once never get the same port, and what is given back is gone', async () => {
  const claimed = await Promise.all(['a', 'b', 'a', 'b'].map((slug) => claimPorts(slug, 10)));
  expect(new Set(claimed.flat()).size).toBe(40);
  for (const port of claimed.flat()) expect(port).toBeLessThan(32_768);
  releasePorts(claimed[0] ?? []);
  removeCampaignFolder('b');
  expect(new Set(readdirSync(folder()))).toEqual(new Set(claimed[2]?.map(String)));
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
