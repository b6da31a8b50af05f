import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { forgetProcess, readLedger } from '../../../src/adapters/host/ledger.ts';
import type { ProcessRecord } from '../../../src/adapters/host/processes.ts';
import { isAlive, stopProcess } from '../../../src/adapters/host/processes.ts';
import { tryRemoteWrite } from '../../../src/adapters/prometheus/remote-write.ts';
import type { ScrapeTarget } from '../../../src/adapters/prometheus/scrape-config.ts';
import type { RunningPrometheus } from '../../../src/adapters/prometheus/server.ts';
import {
  ownPrometheus,
  startPrometheus,
  stopPrometheus,
  writeTargets,
} from '../../../src/adapters/prometheus/server.ts';
import type { CampaignBench } from './campaign-prometheus.ts';
import { campaignBench } from './campaign-prometheus.ts';
import { eventually } from '../eventually.ts';
import { lonePrometheus } from './lone-prometheus.ts';
import { closed, listen, metricsServer } from './metrics-server.ts';

function target(cluster: string, address: string): ScrapeTarget {
  return { job: 'a', cluster, scheme: 'http', address, path: '/metrics', tls: {}, labels: { kind: 'x' } };
}

/** A server before a Prometheus that passes on what comes with this header. */
async function behindPassword(
  to: string,
  authorization: string,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer((request, answer) => {
    void (async () => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      if (request.headers.authorization !== authorization) {
        answer.writeHead(401).end();
        return;
      }
      const headers = Object.entries(request.headers).filter(([name]) => /^(content-(type|encoding)|x-)/.test(name));
      const { status } = await fetch(`${to}${request.url}`, {
        method: 'POST',
        headers: headers.map(([name, value]): [string, string] => [name, String(value)]),
        body: Buffer.concat(parts),
      });
      answer.writeHead(status).end();
    })();
  });
  const port = await listen(server);
  return { url: `http://127.0.0.1:${port}`, close: () => closed(server) };
}

describe("a campaign's Prometheus", () => {
  let bench: CampaignBench;

  beforeEach(async () => {
    bench = await campaignBench();
  });
  afterEach(async () => {
    await bench.close();
  });

  const recordOf = (): ProcessRecord => {
    const record = readLedger(bench.slug)?.processes.find((one) => one.name === 'prometheus');
    if (record === undefined) throw new Error('Prometheus is not on the ledger');
    return record;
  };

  async function targetsUp(prometheus: RunningPrometheus, wanted: readonly string[]): Promise<readonly string[]> {
    const client = bench.client(prometheus);
    for (let tries = 0; ; tries += 1) {
      const targets = await client.targets(bench.bounds);
      const up = targets.filter((one) => one.health === 'up').map((one) => `${one.labels['cluster']} ${one.instance}`);
      if (up.sort().join() === [...wanted].sort().join() || tries > 300) return up;
      await sleep(100);
    }
  }

  it('is taken up where it runs, started again on its port where it died, with its data', async () => {
    const [first, second] = await Promise.all([bench.start(), bench.start()]);
    const record = recordOf();
    expect(second).toEqual(first);
    expect(record).toMatchObject({ restart: true });
    const client = bench.client(first);
    await expect(client.isReady(bench.bounds)).resolves.toBe(true);

    await stopProcess(record, 5_000);
    expect(isAlive(record)).toBe(false);
    const again = await bench.start();
    expect(again).toEqual(first);
    expect(ownPrometheus(bench.slug)).toEqual(first);
    expect(recordOf().pid).not.toBe(record.pid);
    await expect(bench.client(again).isReady(bench.bounds)).resolves.toBe(true);

    await stopPrometheus(bench.slug, 5_000);
    expect(readLedger(bench.slug)?.processes).toEqual([]);
    expect(existsSync(first.own?.dataFolder ?? '')).toBe(true);
  });

  it('that was started and never recorded is found again, by the next start and by the stop', async () => {
    await bench.start();
    const first = recordOf();
    // As if the worker had died right after the start.
    forgetProcess(bench.slug, 'prometheus');
    const again = await bench.start();
    const second = recordOf();
    expect(isAlive(first)).toBe(false);
    await expect(bench.client(again).isReady(bench.bounds)).resolves.toBe(true);

    forgetProcess(bench.slug, 'prometheus');
    await stopPrometheus(bench.slug, 5_000);
    expect(isAlive(second)).toBe(false);
  });

  it('scrapes targets as they come and move, and gives a snapshot of what it has', async () => {
    const prometheus = await bench.start();
    const [one, two] = [await metricsServer('a 1\n'), await metricsServer('a 2\n')];
    try {
      await writeTargets(prometheus, [target('c1', one.address), target('c2', one.address)], bench.bounds);
      expect(await targetsUp(prometheus, [`c1 ${one.address}`, `c2 ${one.address}`])).toHaveLength(2);
      await writeTargets(prometheus, [target('c2', two.address)], bench.bounds);
      const moved = [`c1 ${one.address}`, `c2 ${two.address}`];
      expect(await targetsUp(prometheus, moved)).toEqual(moved);

      const client = bench.client(prometheus);
      const samples = await client.query('a{kind="x"}', Date.now(), bench.bounds);
      expect(samples.map(({ labels }) => [labels['cluster'], labels['instance']])).toContainEqual(['c2', two.address]);
      const name = await client.snapshot(bench.bounds);
      expect(existsSync(join(prometheus.own?.dataFolder ?? '', 'snapshots', name))).toBe(true);
    } finally {
      await Promise.all([one.close(), two.close()]);
    }
  });

  it('follows no redirect of a target', async () => {
    const elsewhere: (string | undefined)[] = [];
    const [other, redirecting] = [
      createServer((request, answer) => {
        elsewhere.push(request.url);
        answer.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end('a 1\n');
      }),
      createServer((_request, answer) => {
        answer.writeHead(302, { location: `http://127.0.0.1:${to}/elsewhere` }).end();
      }),
    ] as const;
    const to = await listen(other);
    const address = `127.0.0.1:${await listen(redirecting)}`;
    try {
      const prometheus = await bench.start();
      await writeTargets(prometheus, [target('c1', address)], bench.bounds);
      const client = bench.client(prometheus);
      const found = await eventually(async () => {
        const [one] = await client.targets(bench.bounds);
        return one !== undefined && one.health !== 'unknown' && one;
      });
      expect(found).toMatchObject({ health: 'down', lastError: expect.stringContaining('302') as string });
      expect(elsewhere).toEqual([]);
    } finally {
      await Promise.all([closed(other), closed(redirecting)]);
    }
  });

  it('writes the gates, and nothing else, to the Prometheus that the host names', async () => {
    const password = 'a password of the owner';
    const authorization = `Basic ${Buffer.from(`owner:${password}`).toString('base64')}`;
    const secret = join(bench.home, 'secret');
    writeFileSync(secret, `${password}\n`);
    const theirs = await lonePrometheus('--web.enable-remote-write-receiver');
    const door = await behindPassword(theirs.url, authorization);
    const url = `${door.url}/api/v1/write`;
    vi.stubEnv('BELAY_REMOTE_WRITE_URL', url);
    vi.stubEnv('BELAY_REMOTE_WRITE_USER', 'owner');
    await expect(bench.start()).rejects.toThrow('BELAY_REMOTE_WRITE_SECRET_FILE is not');
    vi.stubEnv('BELAY_REMOTE_WRITE_SECRET_FILE', secret);
    await expect(tryRemoteWrite({ url }, 5_000)).rejects.toThrow('it answers 401');
    await expect(tryRemoteWrite({ url, user: 'owner', secretFile: secret }, 5_000)).resolves.toBeUndefined();
    const metrics = await metricsServer('belay_gate_value{gate="g"} 7\nbelay_load_pods 3\n');
    try {
      const prometheus = await bench.start();
      await writeTargets(prometheus, [target('', metrics.address)], bench.bounds);
      const found = await eventually(async () => {
        const question = new URLSearchParams({ query: '{__name__=~"belay_.*|up|a"}' });
        const answer = await fetch(`${theirs.url}/api/v1/query?${question.toString()}`);
        const { data } = (await answer.json()) as { data: { result: readonly { metric: object; value: object }[] } };
        return data.result.length > 0 && data.result;
      });
      expect(found).toMatchObject([{ metric: { __name__: 'belay_gate_value', gate: 'g' }, value: [{}, '7'] }]);
      const own = await bench.client(prometheus).query('belay_load_pods', Date.now(), bench.bounds);
      expect(own).toHaveLength(1);
      expect(readFileSync(join(prometheus.own?.folder ?? '', 'prometheus.yml'), 'utf8')).not.toContain(password);
    } finally {
      vi.unstubAllEnvs();
      await Promise.all([metrics.close(), door.close(), theirs.close()]);
    }
  });

  it('says what is wrong: interval, missing certificate, other binary', async () => {
    const request = {
      slug: bench.slug,
      binary: bench.binary,
      scrapeIntervalMs: 1_000,
      namesSent: undefined,
      readyMs: 5_000,
      signal: bench.signal,
    };
    await expect(startPrometheus({ ...request, scrapeIntervalMs: 500 })).rejects.toThrow('found 500 ms; 1000 to 5000');
    await expect(startPrometheus({ ...request, binary: '/bin/false' })).rejects.toThrow('ended before it was ready');

    const prometheus = await bench.start();
    const tls = { caFile: join(prometheus.own?.folder ?? '', 'none.crt') };
    const secure = { job: 'a', cluster: 'c', scheme: 'https', address: '127.0.0.1:1', path: '/metrics', tls } as const;
    await expect(writeTargets(prometheus, [secure], bench.bounds)).rejects.toThrow('none.crt does not exist');
    const endless = { ...secure, tls: {}, bearerFile: '/dev/zero' } as const;
    await expect(writeTargets(prometheus, [endless], bench.bounds)).rejects.toThrow(
      'target 127.0.0.1:1 of job "a": /dev/zero is a device; allowed: a plain file',
    );
    expect(readFileSync(prometheus.own?.logPath ?? '', 'utf8')).not.toContain('level=ERROR');
  });
});
