import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeLedger, type ClusterRecord } from '../../../src/adapters/host/ledger.ts';
import type { ScrapeTarget } from '../../../src/adapters/prometheus/scrape-config.ts';
import { systemScrapeTargets } from '../../../src/adapters/systems/scrape-targets.ts';
import { parseSystem } from '../../../src/core/profile/parse.ts';
import { testHome, type TestHome } from '../substrates/local-campaign.ts';

const CLUSTER: ClusterRecord = {
  index: 0,
  name: 'c0',
  kubeconfigPath: '/nowhere/kubeconfig',
  context: '',
  owned: true,
  uid: '',
};

let home: TestHome;

beforeEach(() => {
  home = testHome();
  const nowMs = Date.now();
  const process = {
    name: 'c0.forward',
    pid: 1,
    startedAtMs: 0,
    startTicks: '1',
    file: 'kubectl',
    args: [],
    env: {},
    cwd: '/',
    logPath: '',
  };
  writeLedger({
    campaign: 'c',
    slug: 'c',
    workflowId: '',
    runId: '',
    createdAtMs: nowMs,
    expiresAtMs: nowMs + 60_000,
    clusters: [CLUSTER],
    processes: [{ ...process, restart: true, cluster: 'c0', ports: { metrics: 4321 } }],
  });
});
afterEach(() => home.close());

/** The targets of one entry of `scrape`, of a system file in /systems. No cluster is asked. */
async function targetsOf(entry: string): Promise<readonly ScrapeTarget[]> {
  const text = `apiVersion: belay.dev/v1
kind: System
metadata: { name: app }
install: { processes: [{ name: forward, tool: kubectl, ports: [metrics, other] }] }
scrape: [${entry}]
`;
  const parsed = parseSystem(text, { file: 'app.yaml' });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  const within = { signal: AbortSignal.timeout(5_000), budgetMs: 5_000 };
  const request = { spec: { slug: 'c' }, system: parsed.value, systemFolder: '/systems', cluster: CLUSTER };
  return await systemScrapeTargets(request, within);
}

test.each<[string, string, Partial<ScrapeTarget>]>([
  [
    'a port of a process',
    '{ job: a, process: forward, port: metrics }',
    { scheme: 'http', address: '127.0.0.1:4321', path: '/metrics', tls: {} },
  ],
  [
    'a port that is forwarded to what asks for TLS and a token',
    '{ job: a, process: forward, port: metrics, scheme: https, tls: { ca: kueue/ca.crt, serverName: m.svc }, bearer: { file: token } }',
    {
      scheme: 'https',
      tls: { caFile: '/systems/kueue/ca.crt', serverName: 'm.svc' },
      bearerFile: '/systems/token',
    },
  ],
  ['an address', "{ job: a, url: 'http://127.0.0.1:80' }", { scheme: 'http', address: '127.0.0.1', path: '/metrics' }],
  [
    'an address with a path',
    "{ job: a, url: 'https://m.example/own/path' }",
    { scheme: 'https', address: 'm.example', path: '/own/path' },
  ],
  [
    'a path beside an address',
    "{ job: a, url: 'https://m.example:1/x', path: /y }",
    { address: 'm.example:1', path: '/y' },
  ],
  [
    'files elsewhere, and a certificate that is not checked',
    "{ job: a, url: 'https://m.example', tls: { insecure: true }, bearer: { file: /run/token } }",
    { tls: { insecure: true }, bearerFile: '/run/token' },
  ],
  [
    'times and parameters',
    "{ job: a, url: 'https://m.example', interval: 10s, timeout: 2s, params: { f: x, g: [y, z] }, fallbackProtocol: PrometheusProto }",
    { intervalMs: 10_000, timeoutMs: 2_000, params: { f: ['x'], g: ['y', 'z'] }, fallbackProtocol: 'PrometheusProto' },
  ],
])('%s', async (_what, entry, expected) => {
  expect(await targetsOf(entry)).toEqual([expect.objectContaining({ job: 'a', cluster: 'c0', ...expected })]);
});

test('a port that is not on record is named', async () => {
  await expect(targetsOf('{ job: a, process: forward, port: other }')).rejects.toThrow(
    'scrape a: process forward has no port other on record',
  );
});
