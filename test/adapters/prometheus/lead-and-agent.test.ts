import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readInfrastructureEvents } from '../../../src/adapters/host/infrastructure-events.ts';
import { readLedger, writeLedger } from '../../../src/adapters/host/ledger.ts';
import { startKeeper } from '../../../src/adapters/keeper/keeper.ts';
import { prometheusClient } from '../../../src/adapters/prometheus/client.ts';
import { leadOpening } from '../../../src/adapters/prometheus/opening.ts';
import { evaluateGates } from '../../../src/adapters/prometheus/evaluate.ts';
import { clientOf, ownPrometheus } from '../../../src/adapters/prometheus/server.ts';
import { namesNeeded } from '../../../src/core/gates/names-needed.ts';
import type { GateResult } from '../../../src/core/gates/model.ts';
import { resolveGates } from '../../../src/core/gates/resolve.ts';
import { eventually } from '../eventually.ts';
import { fleetBench, FLEET_SECRET, type FleetBench } from './fleet-bench.ts';

/** Enough series that one scrape of them does not fit into one request of the agent. */
const SERIES = 12_000;

/** The gates of the campaign: of what its targets serve, the member sends the series of these. */
const GATES = resolveGates(
  { g: { delta: { counter: 'sum(app_total)' }, max: 1e9 }, wide: { query: 'count(wide)', bar: 'informational' } },
  {},
  { machines: 1, pods: 1, clusters: 1 },
);

let counted = 0;
let bench: FleetBench;

beforeEach(async () => {
  bench = await fleetBench(() => {
    counted += 1;
    return `process_start_time_seconds 1\napp_total ${counted}\nunneeded 1\n${Array.from({ length: SERIES }, (_, index) => `wide{n="${index}"} ${counted}\n`).join('')}`;
  }, namesNeeded(GATES));
  await eventually(async () => (await instances()).length === 2);
});
afterEach(() => bench.close());

/** Instances of the job that the lead sees up. */
async function instances(): Promise<readonly string[]> {
  const up = await bench.client.query('up{job="app"} == 1', Date.now(), bench.bounds);
  return up.map(({ labels }) => `${labels['group'] ?? '-'} ${labels['instance'] ?? '?'}`).sort();
}

/** Times of the scrapes that found the member's target up, since `fromMs`. */
async function scrapes(selector: string, fromMs: number): Promise<readonly number[]> {
  const nowMs = Date.now();
  const range = `${Math.max(1, nowMs - fromMs)}ms`;
  const [series] = await bench.client.queryRaw(`${selector}[${range}]`, nowMs, bench.bounds);
  return (series?.points ?? []).map(([atMs]) => atMs);
}

/** The longest time between two that follow each other. */
function longestGapMs(times: readonly number[]): number {
  return Math.max(0, ...times.slice(1).map((atMs, index) => atMs - (times[index] ?? atMs)));
}

const MEMBER_UP = 'up{job="app",group="g1"}';

/** The growth of a counter of all targets in a window that ends now. */
async function growth(startMs: number, endMs = Date.now()): Promise<GateResult> {
  const [result] = await evaluateGates({
    client: bench.client,
    gates: GATES.slice(0, 1),
    campaign: 'fleet-1',
    execution: 1,
    campaignStartMs: startMs - 60_000,
    expected: { app: { count: 2 } },
    watchLimitMs: 30_000,
    window: { settleEndMs: startMs, soakEndMs: endMs, nowMs: endMs },
    gaps: [],
    only: 'all',
    scrapeIntervalMs: 1_000,
    signal: bench.signal,
    queryBudgetMs: 10_000,
  });
  if (result === undefined) throw new Error('the gate was not read');
  return result;
}

test('the lead has what both scrape, behind TLS and a password that no file, log or command line shows', async () => {
  expect(await instances()).toEqual([`- ${bench.targets.lead.address}`, `g1 g1:${bench.targets.member.address}`]);
  expect(bench.agent.own?.agentOf).toBe('g1');
  expect(bench.agent.url).toMatch(/^http:\/\/127\.0\.0\.1:/);
  expect(ownPrometheus('lead')).toEqual(bench.lead);
  expect(ownPrometheus('member')).toEqual(bench.agent);
  const name = await bench.client.snapshot(bench.bounds);
  expect(readdirSync(join(bench.lead.own?.dataFolder ?? '', 'snapshots'))).toEqual([name]);

  // What no gate asks for stays on the member. What every reading needs does not.
  const groupsOf = async (name: string): Promise<readonly string[]> =>
    (await bench.client.query(`count by (group) (${name}{job="app"})`, Date.now(), bench.bounds))
      .map(({ labels }) => labels['group'] ?? '-')
      .sort();
  for (const name of ['wide', 'app_total', 'process_start_time_seconds', 'scrape_duration_seconds'])
    expect(await groupsOf(name), name).toEqual(['-', 'g1']);
  expect(await groupsOf('unneeded')).toEqual(['-']);

  // A target of the member that goes down is down on the lead, and up again when it is.
  bench.targets.member.serve(undefined);
  await eventually(async () => (await instances()).length === 1);
  bench.targets.member.serve('app_total 1\n');
  await eventually(async () => (await instances()).length === 2);

  const { url, access } = bench.lead;
  const stranger = prometheusClient(url, leadOpening({ ...bench.access, password: 'guessed' }));
  const asked = stranger.query('up', Date.now(), bench.bounds);
  await expect(asked).rejects.toThrow('answered 401');
  await expect(stranger.reload(bench.bounds)).rejects.toThrow('reload refused: Unauthorized');
  await stranger.close();
  const trusting = prometheusClient(url);
  await expect(trusting.query('up', Date.now(), bench.bounds)).rejects.toThrow('self-signed certificate');
  await trusting.close();
  const plain = await request(url.replace('https:', 'http:')).catch((cause: unknown) => cause);
  expect(plain).not.toMatchObject({ statusCode: 200 });

  const secrets = [bench.password, FLEET_SECRET, Buffer.from(`belay:${bench.password}`).toString('base64')];
  expect(access?.password).toBe(bench.password);
  const files = readdirSync(bench.home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const holders = files
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => secrets.some((secret) => readFileSync(path, 'latin1').includes(secret)));
  expect(holders.map((path) => path.slice(bench.home.length + 1)).sort()).toEqual([
    'state/campaigns/lead/fleet/password',
    'state/campaigns/member/fleet/password',
  ]);
  for (const slug of ['lead', 'member'] as const) {
    const { pid } = bench.recordOf(slug);
    for (const file of ['cmdline', 'environ'])
      for (const secret of secrets) expect(readFileSync(`/proc/${pid}/${file}`, 'latin1')).not.toContain(secret);
  }
  const errors = [bench.lead, bench.agent].flatMap((prometheus) =>
    readFileSync(prometheus.own?.logPath ?? '', 'utf8')
      .split('\n')
      .filter((line) => line.includes('level=ERROR')),
  );
  // Of the strangers above.
  expect(errors.filter((line) => !line.includes('TLS handshake error'))).toEqual([]);
});

test('a lead that is dead for 10 s leaves no gap in what its members scraped', async () => {
  const startMs = Date.now();
  process.kill(bench.recordOf('lead').pid, 'SIGKILL');
  await sleep(10_000);
  const again = await bench.start('lead');
  expect(again).toEqual(bench.lead);
  const startedMs = Date.now();
  await eventually(async () => ((await scrapes(MEMBER_UP, startMs)).at(-1) ?? 0) > startedMs + 2_000);
  expect(longestGapMs(await scrapes(MEMBER_UP, startMs - 5_000))).toBeLessThan(2_500);
  // What it scrapes itself has the gap.
  expect(longestGapMs(await scrapes('up{job="app",group=""}', startMs - 5_000))).toBeGreaterThan(9_000);
});

test('an agent that dies is started again, and the time without it is a gap that readings see', async () => {
  const keeper = new AbortController();
  const log = { info: () => undefined, warn: () => undefined };
  const dead = bench.recordOf('member');
  const startMs = Date.now();
  process.kill(dead.pid, 'SIGKILL');
  // Nothing starts it for so long that a reading in that time must be unmeasured.
  await sleep(8_000);
  const during = await growth(startMs - 5_000);
  expect(during.reading).toMatchObject({ quality: 'unmeasured', reason: 'target-stale' });
  expect(during.reading.detail).toContain(`g1:${bench.targets.member.address}`);

  const ended = startKeeper({ log, signal: keeper.signal });
  try {
    await eventually(() => readInfrastructureEvents('fleet-1').some(({ what }) => what === 'restarted'));
  } finally {
    keeper.abort();
    await ended;
  }
  expect(bench.recordOf('member').pid).not.toBe(dead.pid);
  const backMs = Date.now();
  await eventually(async () => ((await scrapes(MEMBER_UP, startMs)).at(-1) ?? 0) > backMs + 8_000);
  expect(longestGapMs(await scrapes(MEMBER_UP, startMs - 3_000))).toBeGreaterThan(8_000);
  expect((await growth(startMs - 3_000, backMs)).reading).toMatchObject({ quality: 'unmeasured' });
  expect((await growth(backMs + 2_000)).reading).toMatchObject({ quality: 'measured' });
});

test('a link that is cut is bridged: unmeasured in the meantime, then complete, and never half of a scrape', async () => {
  const beginMs = Date.now();
  await eventually(() => Date.now() > beginMs + 4_000);
  bench.link.cut();
  const cutMs = Date.now();
  await sleep(12_000);
  const during = await growth(beginMs);
  expect(during.reading).toMatchObject({ quality: 'unmeasured', reason: 'target-stale' });
  bench.link.mend();

  // While it catches up, every series reaches at least as far as the `up` of its target.
  let looks = 0;
  let behind = 0;
  await eventually(async () => {
    const nowMs = Date.now();
    const [lag] = await bench.client.query(
      `scalar(timestamp(${MEMBER_UP})) - scalar(min(timestamp(wide{group="g1"}))) + 0 * vector(1)`,
      nowMs,
      bench.bounds,
    );
    if (lag !== undefined) {
      looks += 1;
      if (lag.value > 0) behind += 1;
    }
    const reached = (await scrapes(MEMBER_UP, cutMs)).at(-1) ?? 0;
    return reached > nowMs - 1_500 && reached > cutMs + 14_000;
  });
  expect({ behind, hasLooked: looks > 0 }).toEqual({ behind: 0, hasLooked: true });
  expect(longestGapMs(await scrapes(MEMBER_UP, beginMs))).toBeLessThan(2_500);
  const endMs = Date.now() - 1_000;
  const result = await growth(beginMs, endMs);
  expect(result.reading).toMatchObject({ quality: 'measured' });
  // Both targets count their own scrapes with one counter: each of them sees every second of it.
  expect(result.reading.value).toBeGreaterThan(((endMs - beginMs) / 1_000) * 2);
});

test('a lead without its certificate, and a member that does not know the lead, are not started', async () => {
  const ledger = readLedger('lead');
  if (ledger === undefined) throw new Error('there is no ledger');
  writeLedger({ ...ledger, slug: 'other', processes: [] });
  await expect((bench.start as (slug: string) => Promise<unknown>)('other')).rejects.toThrow(
    'the certificate and the password of other are not on this host',
  );
  const client = clientOf(bench.agent);
  await expect(client.query('up', Date.now(), bench.bounds)).rejects.toThrow();
  await client.close();
});
