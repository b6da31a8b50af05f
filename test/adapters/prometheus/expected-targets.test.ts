import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { repositoryFolder } from '../../../src/adapters/host/folders.ts';
import { readLedger, recordProcess, writeLedger } from '../../../src/adapters/host/ledger.ts';
import type { ClusterRecord } from '../../../src/adapters/host/ledger.ts';
import { pointAt, thisWorker } from '../../../src/adapters/observe/worker-target.ts';
import { prometheusClient } from '../../../src/adapters/prometheus/client.ts';
import { startPrometheus, stopPrometheus, writeTargets } from '../../../src/adapters/prometheus/server.ts';
import type { RunningPrometheus } from '../../../src/adapters/prometheus/server.ts';
import { substrateAdapter } from '../../../src/adapters/substrates/registry.ts';
import type { SubstrateAdapter, SubstrateSpec } from '../../../src/adapters/substrates/substrate.ts';
import { systemScrapeTargets } from '../../../src/adapters/systems/scrape-targets.ts';
import { ledgerName } from '../../../src/adapters/systems/system-processes.ts';
import { ensureTools } from '../../../src/adapters/toolchain/ensure-tools.ts';
import type { System } from '../../../src/core/model/system.ts';
import { expectedTargets } from '../../../src/core/plan/expected-targets.ts';
import { parseSystem } from '../../../src/core/profile/parse.ts';
import { standinSystem } from '../../standins/bigfleet/files.ts';
import { eventually } from '../eventually.ts';
import { testCampaign, testHome } from '../substrates/local-campaign.ts';
import type { TestCampaign, TestHome } from '../substrates/local-campaign.ts';

const WITHIN = { signal: AbortSignal.timeout(170_000), budgetMs: 10_000 };

let home: TestHome;
let owner: TestCampaign;
let owned: readonly ClusterRecord[];

beforeAll(async () => {
  home = testHome();
  owner = await testCampaign('owner');
  owned = await owner.provision(2);
});

afterAll(async () => {
  await owner.close();
  home.close();
});

test('what a campaign on local clusters expects is what its Prometheus scrapes', async () => {
  await isScraped(owner.spec, owner.substrate, owned);
});

test('what a campaign on borrowed clusters expects is what its Prometheus scrapes', async () => {
  const [{ kubeconfigPath, context }] = owned as [ClusterRecord, ...ClusterRecord[]];
  const spec: SubstrateSpec = {
    ...owner.spec,
    campaign: 'test-guest',
    slug: 'guest',
    substrate: {
      ...owner.spec.substrate,
      type: 'kubeconfig',
      kubeconfig: { file: kubeconfigPath, contexts: [context] },
    },
  };
  const { campaign, slug } = spec;
  const times = { createdAtMs: Date.now(), expiresAtMs: Date.now() + 600_000 };
  writeLedger({ campaign, slug, workflowId: slug, runId: '', ...times, clusters: [], processes: [] });
  const substrate = substrateAdapter(spec.substrate, new Map());
  const clusters = await substrate.provision({
    spec,
    firstCluster: 0,
    clusterCount: 1,
    tools: new Map(),
    lease: { waitMs: 0, link: '' },
    signal: WITHIN.signal,
    onProgress: () => undefined,
  });
  await isScraped(spec, substrate, clusters);
});

/** Starts the Prometheus of a campaign, configures it for one system after another, and compares what it scrapes. */
async function isScraped(
  spec: SubstrateSpec,
  substrate: SubstrateAdapter,
  clusters: readonly ClusterRecord[],
): Promise<void> {
  const binary = (await ensureTools(['prometheus'])).get('prometheus')?.path ?? '';
  const { slug } = spec;
  const { signal } = WITHIN;
  const prometheus = await startPrometheus({
    slug,
    binary,
    scrapeIntervalMs: 1_000,
    namesSent: undefined,
    readyMs: 60_000,
    signal,
  });
  try {
    await pointAt(slug, thisWorker(9), WITHIN);
    for (const cluster of clusters)
      await writeTargets(prometheus, (await substrate.scrapeTargets(cluster, signal)).targets, WITHIN);
    const systems = [shipped('kube-scheduler'), shipped('karpenter'), standin()];
    const known = systems.flatMap(({ scrape }) => scrape.map(({ job }) => job));
    for (const system of systems) {
      await install(prometheus, spec, system, clusters);
      const systemJobs = system.scrape.map(({ job }) => job);
      const expected = expectedTargets({ ...spec, plan: { clusterCount: clusters.length }, systemJobs });
      // The jobs of the other systems are scraped as well, but are not this campaign's.
      const others = known.filter((job) => !systemJobs.includes(job));
      const rows = rowsOf(expected);
      const found = async (): Promise<readonly Row[]> =>
        (await scraped(prometheus)).filter(({ job }) => !others.includes(job));
      // Prometheus takes a moment to find its targets.
      await eventually(async () => (await found()).length >= rows.length);
      expect(await found()).toEqual(rows);
    }
  } finally {
    await stopPrometheus(slug, 5_000);
  }
}

/** Records the processes of a system, with ports that nothing listens on, and has them scraped as `install` does. */
async function install(
  prometheus: RunningPrometheus,
  spec: SubstrateSpec,
  system: System,
  clusters: readonly ClusterRecord[],
): Promise<void> {
  for (const cluster of clusters) {
    for (const [index, process] of system.install.processes.entries()) {
      const ports = Object.fromEntries(
        process.ports.map((name, port) => [name, 1 + 10 * cluster.index + index + port]),
      );
      const name = ledgerName(cluster, process.name);
      const record = {
        name,
        pid: 0,
        startTicks: '',
        file: '',
        args: [],
        env: {},
        cwd: '',
        logPath: '',
        startedAtMs: 0,
      };
      recordProcess(spec.slug, record, false, { cluster: cluster.name, ports });
    }
    const within = { campaign: spec.campaign, slug: spec.slug, deadlines: { budgets: BUDGETS } };
    const targets = await systemScrapeTargets({ spec: within, system, systemFolder: '', cluster }, WITHIN);
    await writeTargets(prometheus, targets, WITHIN);
  }
  expect(readLedger(spec.slug)?.processes.length).toBeGreaterThanOrEqual(system.install.processes.length);
}

const BUDGETS = { apiCallMs: 1, systemReadyMs: 1, processStopMs: 1 };

interface Row {
  readonly job: string;
  readonly cluster: string;
  readonly count: number;
}

/** The targets that Prometheus has scraped, up or not, by job and cluster. */
async function scraped(prometheus: RunningPrometheus): Promise<readonly Row[]> {
  const client = prometheusClient(prometheus.url);
  try {
    const answer = await client.query('count by (job, cluster) (up)', Date.now(), WITHIN);
    return sorted(
      answer.map(({ labels, value }) => ({
        job: labels['job'] ?? '',
        cluster: labels['cluster'] ?? '',
        count: value,
      })),
    );
  } finally {
    await client.close();
  }
}

function rowsOf(expected: ReturnType<typeof expectedTargets>): readonly Row[] {
  return sorted(
    Object.entries(expected).flatMap(([job, { count, clusters = [''] }]) =>
      clusters.map((cluster) => ({ job, cluster, count: count / clusters.length })),
    ),
  );
}

function sorted(rows: readonly Row[]): readonly Row[] {
  return rows.toSorted((a, b) => `${a.job} ${a.cluster}`.localeCompare(`${b.job} ${b.cluster}`));
}

function shipped(name: string): System {
  return systemOf(readFileSync(join(repositoryFolder, 'systems', `${name}.yaml`), 'utf8'));
}

function standin(): System {
  return systemOf(standinSystem({ name: 'standin' }));
}

function systemOf(text: string): System {
  const parsed = parseSystem(text, { file: 'system.yaml' });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed.value;
}
