import { makeLeadAccess, keepMemberAccess, type FleetAccess } from '../../../src/adapters/fleet/fleet-access.ts';
import { readLedger, writeLedger } from '../../../src/adapters/host/ledger.ts';
import { claimPorts, releasePortsOf } from '../../../src/adapters/host/port-claims.ts';
import type { ProcessRecord } from '../../../src/adapters/host/processes.ts';
import type { CallBounds, PrometheusClient } from '../../../src/adapters/prometheus/client.ts';
import {
  clientOf,
  startPrometheus,
  stopPrometheus,
  writeTargets,
  type RunningPrometheus,
} from '../../../src/adapters/prometheus/server.ts';
import { ensureTools } from '../../../src/adapters/toolchain/ensure-tools.ts';
import { testHome } from '../substrates/local-campaign.ts';
import { cutLink, type CutLink } from './cut-link.ts';
import { metricsServer, type MetricsServer } from './metrics-server.ts';

export const FLEET_SECRET = 'the secret of this fleet';
const CAMPAIGN = 'fleet-1';
const SCRAPE_MS = 1_000;

/** A lead and a member of one campaign, as two campaigns' folders of one state folder, and a link between them. */
export interface FleetBench {
  readonly home: string;
  readonly password: string;
  readonly access: FleetAccess;
  readonly signal: AbortSignal;
  readonly bounds: CallBounds;
  readonly lead: RunningPrometheus;
  readonly agent: RunningPrometheus;
  readonly link: CutLink;
  /** Asks the lead. */
  readonly client: PrometheusClient;
  /** A target of the lead and one of the member, both of job `app`. */
  readonly targets: { readonly lead: MetricsServer; readonly member: MetricsServer };
  readonly binary: string;
  start(slug: 'lead' | 'member'): Promise<RunningPrometheus>;
  recordOf(slug: 'lead' | 'member'): ProcessRecord;
  close(): Promise<void>;
}

/**
 * @param text what both targets serve
 * @param namesSent names of the series that the member sends
 */
export async function fleetBench(text: string | (() => string), namesSent: string | undefined): Promise<FleetBench> {
  const home = testHome();
  const { signal } = new AbortController();
  const bounds = { signal, budgetMs: 10_000 };
  const binary = (await ensureTools(['prometheus'])).get('prometheus')?.path ?? '';
  const start = (slug: string): Promise<RunningPrometheus> =>
    startPrometheus({ slug, binary, scrapeIntervalMs: SCRAPE_MS, namesSent, readyMs: 60_000, signal });
  const access = await makeLeadAccess({
    slug: 'lead',
    campaign: CAMPAIGN,
    secret: FLEET_SECRET,
    address: '127.0.0.1',
    validMs: 3_600_000,
  });
  const [port = 0] = await claimPorts('lead', 1);
  const link = await cutLink(() => port);
  writeLead('lead', true, port, access);
  keepMemberAccess({ slug: 'member', campaign: CAMPAIGN, secret: FLEET_SECRET, ...access, passwordOf: 'certificate' });
  writeLead('member', false, link.port, access);
  const [lead, agent] = [await start('lead'), await start('member')];
  const targets = { lead: await metricsServer(text), member: await metricsServer(text) };
  for (const [prometheus, target] of [
    [lead, targets.lead],
    [agent, targets.member],
  ] as const) {
    const { address } = target;
    await writeTargets(
      prometheus,
      [{ job: 'app', cluster: '', scheme: 'http', address, path: '/metrics', tls: {} }],
      bounds,
    );
  }
  const client = clientOf(lead);
  return {
    home: home.folder,
    password: access.password,
    access,
    signal,
    bounds,
    lead,
    agent,
    link,
    client,
    targets,
    binary,
    start,
    recordOf(slug) {
      const record = readLedger(slug)?.processes.find(({ name }) => name === 'prometheus');
      if (record === undefined) throw new Error(`the Prometheus of ${slug} is not on its ledger`);
      return record;
    },
    async close() {
      await client.close();
      await Promise.all(['lead', 'member'].map((slug) => stopPrometheus(slug, 5_000)));
      await Promise.all([link.close(), targets.lead.close(), targets.member.close()]);
      releasePortsOf('lead');
      releasePortsOf('member');
      home.close();
    },
  };
}

function writeLead(slug: string, lead: boolean, port: number, { certificatePem }: FleetAccess): void {
  const url = `https://127.0.0.1:${port}`;
  writeLedger({
    campaign: CAMPAIGN,
    slug,
    workflowId: slug,
    runId: 'run',
    createdAtMs: Date.now(),
    expiresAtMs: Date.now() + 3_600_000,
    clusters: [],
    processes: [],
    group: {
      name: lead ? 'g0' : 'g1',
      firstCluster: 0,
      clusterCount: 1,
      lead,
      leadAddress: { host: 'lead', endpointUrl: url, prometheusUrl: url, certificatePem },
    },
  });
}
