import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeLedger } from '../../../src/adapters/host/ledger.ts';
import { releasePortsOf } from '../../../src/adapters/host/port-claims.ts';
import type { CallBounds, PrometheusClient } from '../../../src/adapters/prometheus/client.ts';
import { prometheusClient } from '../../../src/adapters/prometheus/client.ts';
import type { RunningPrometheus } from '../../../src/adapters/prometheus/server.ts';
import { startPrometheus, stopPrometheus } from '../../../src/adapters/prometheus/server.ts';
import { ensureTools } from '../../../src/adapters/toolchain/ensure-tools.ts';

/** A state folder in a temp folder with the ledger of one campaign. */
export interface CampaignBench {
  readonly slug: string;
  /** The state folder. */
  readonly home: string;
  readonly binary: string;
  readonly signal: AbortSignal;
  readonly bounds: CallBounds;
  start(): Promise<RunningPrometheus>;
  client(prometheus: RunningPrometheus): PrometheusClient;
  /** Ends Prometheus, removes everything. */
  close(): Promise<void>;
}

/** Makes one; Prometheus is the toolchain's. */
export async function campaignBench(slug = 'bench'): Promise<CampaignBench> {
  const home = mkdtempSync(join(tmpdir(), 'belay-prometheus-'));
  const before = process.env['BELAY_HOME'];
  process.env['BELAY_HOME'] = home;
  const abort = new AbortController();
  const { signal } = abort;
  const tools = await ensureTools(['prometheus'], { signal });
  const binary = tools.get('prometheus')?.path ?? '';
  const clients: PrometheusClient[] = [];
  const now = Date.now();
  writeLedger({
    campaign: slug,
    slug,
    workflowId: slug,
    runId: 'run',
    createdAtMs: now,
    expiresAtMs: now + 3_600_000,
    clusters: [],
    processes: [],
  });
  return {
    slug,
    home,
    binary,
    signal,
    bounds: { signal, budgetMs: 10_000 },
    start: () =>
      startPrometheus({ slug, binary, scrapeIntervalMs: 1_000, namesSent: undefined, readyMs: 60_000, signal }),
    client(prometheus) {
      const client = prometheusClient(prometheus.url);
      clients.push(client);
      return client;
    },
    async close() {
      await Promise.all(clients.map((client) => client.close()));
      await stopPrometheus(slug, 5_000);
      releasePortsOf(slug);
      if (before === undefined) delete process.env['BELAY_HOME'];
      else process.env['BELAY_HOME'] = before;
      rmSync(home, { recursive: true, force: true });
    },
  };
}
