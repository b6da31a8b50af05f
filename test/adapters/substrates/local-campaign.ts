import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { campaignFolder, readLedger, removeCampaignFolder, writeLedger } from '../../../src/adapters/host/ledger.ts';
import type { ClusterRecord } from '../../../src/adapters/host/ledger.ts';
import { LOCAL_TOOLS } from '../../../src/adapters/substrates/local/kwok-config.ts';
import { localSubstrate } from '../../../src/adapters/substrates/local/local-substrate.ts';
import type { SubstrateAdapter, SubstrateSpec, ToolPaths } from '../../../src/adapters/substrates/substrate.ts';
import { ensureTools } from '../../../src/adapters/toolchain/ensure-tools.ts';
import type { Substrate } from '../../../src/core/model/substrate.ts';

/** A state folder of its own for a test file, with the environment pointing at it. */
export interface TestHome {
  readonly folder: string;
  close(): void;
}

/** Makes a temporary state folder and points BELAY_HOME and BELAY_RUNS into it. */
export function testHome(): TestHome {
  const folder = mkdtempSync(join(tmpdir(), 'belay-'));
  const before = { home: process.env['BELAY_HOME'], runs: process.env['BELAY_RUNS'] };
  process.env['BELAY_HOME'] = join(folder, 'state');
  process.env['BELAY_RUNS'] = join(folder, 'runs');
  return {
    folder,
    close: () => {
      restore('BELAY_HOME', before.home);
      restore('BELAY_RUNS', before.runs);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A campaign with a ledger and a local substrate, ready to provision. */
export interface TestCampaign {
  readonly spec: SubstrateSpec;
  readonly tools: ToolPaths;
  readonly substrate: SubstrateAdapter;
  readonly steps: string[];
  provision(clusterCount: number): Promise<readonly ClusterRecord[]>;
  /** Removes everything the ledger still names. */
  close(): Promise<void>;
}

/** Makes a campaign of this name in the current state folder. */
export async function testCampaign(slug: string, local: Partial<Substrate['local']> = {}): Promise<TestCampaign> {
  const tools = await ensureTools(LOCAL_TOOLS);
  const spec = testSpec(slug, local);
  writeLedger({
    campaign: spec.campaign,
    slug,
    workflowId: slug,
    runId: '',
    createdAtMs: Date.now(),
    expiresAtMs: Date.now() + 600_000,
    clusters: [],
    processes: [],
  });
  const substrate = localSubstrate(tools);
  const steps: string[] = [];
  return {
    spec,
    tools,
    substrate,
    steps,
    provision: (clusterCount) =>
      substrate.provision({
        spec,
        firstCluster: 0,
        clusterCount,
        tools,
        lease: { waitMs: 0, link: '' },
        signal: AbortSignal.timeout(120_000),
        onProgress: (_done, _total, detail) => steps.push(detail),
      }),
    close: async () => {
      for (const cluster of readLedger(slug)?.clusters ?? []) {
        await substrate.remove(cluster, AbortSignal.timeout(30_000));
      }
      removeCampaignFolder(slug);
    },
  };
}

/** What a campaign of this name needs of a substrate. */
export function testSpec(slug: string, local: Partial<Substrate['local']>): SubstrateSpec {
  return {
    campaign: `test-${slug}`,
    runId: `run-${slug}`,
    slug,
    substrate: {
      metadata: { name: 'local', description: '' },
      type: 'local',
      host: { vCPU: 2, memoryGiB: 8 },
      cluster: { podsPerCluster: 5_000, clustersPerHost: 5, storage: 'etcd', bindThroughputPodsPerSec: 100 },
      costEstimate: { perHostUsdPerHour: 0, notes: '' },
      provisioning: '',
      local: { env: {}, nodeReadyDelaySeconds: 0, ...local },
    },
    capacityFromSystem: false,
    deadlines: { budgets: { clusterReadyMs: 120_000, apiCallMs: 30_000, processStopMs: 10_000 } },
  };
}

/** Command lines of all processes that mention the campaign's folder. */
export function processesMentioning(slug: string): readonly string[] {
  const folder = campaignFolder(slug);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => commandLine(pid))
    .filter((command) => command.includes(folder));
}

/** Whether something accepts connections on a port of loopback. */
export function isListening(address: string): Promise<boolean> {
  const [host, port] = address.split(':');
  return new Promise((done) => {
    const socket = createConnection({ host: host ?? '', port: Number(port) });
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
