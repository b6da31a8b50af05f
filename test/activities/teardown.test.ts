import { chmodSync, cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { teardownAdapters } from '../../src/activities/all.ts';
import { createTeardown } from '../../src/activities/teardown.ts';
import { findSystem } from '../../src/adapters/files/find.ts';
import { campaignFolder, readLedger, removeCampaignFolder } from '../../src/adapters/host/ledger.ts';
import { toolVariable } from '../../src/adapters/toolchain/tools.ts';
import type { TeardownResult } from '../../src/core/campaign/stage-io.ts';
import { deriveDeadlines } from '../../src/core/plan/deadlines.ts';
import { LABELS } from '../../src/core/plan/labels.ts';
import { answer, kubeconfig, scriptedApi, type ScriptedApi } from '../adapters/kube/scripted-api.ts';
import { testHome, type TestHome } from '../adapters/substrates/local-campaign.ts';
import { aPlan, aProfile, aSubstrate } from '../core/plan/make.ts';
import { aSpec } from '../workflows/make-spec.ts';
import { anAttempt } from './an-attempt.ts';
import { onLedger } from './one-cluster.ts';
import { storedInput } from './stored-input.ts';

const SLUG = 'bteardown';
const RELEASE = 'sh.helm.release.v1.r.v1';
const CAMPAIGN = 'teardown';
const LABELLED = { [LABELS.campaign]: CAMPAIGN };

let home: TestHome;
let api: ScriptedApi;
/** Names of the Secrets in the lent cluster that carry the campaign's label. */
let secrets: Set<string>;
/** How long a Secret is ending, ms: a finalizer of another controller. */
let endingMs: number;
let endsAtMs: number;

beforeEach(async () => {
  home = testHome();
  vi.stubEnv('BELAY_PATH', home.folder);
  mkdirSync(join(home.folder, 'systems', 'chart'), { recursive: true });
  secrets = new Set([RELEASE, 'token']);
  endingMs = 0;
  endsAtMs = Infinity;
  api = await scriptedApi((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://api');
    if (pathname === '/api') return answer(response, 200, { items: [{ metadata: {}, versions: [CORE] }] });
    if (pathname.endsWith('/leases/belay')) return answer(response, 404, {});
    const isDeleted = request.method === 'DELETE';
    if (isDeleted && endingMs > 0) endsAtMs = Math.min(endsAtMs, Date.now() + endingMs);
    else if (isDeleted) secrets.delete(pathname.split('/').at(-1) ?? '');
    if (endsAtMs <= Date.now()) secrets.clear();
    const ofHelm = searchParams.get('fieldSelector') !== 'type!=helm.sh/release.v1';
    const listed = [...secrets].filter((name) => ofHelm || name !== RELEASE);
    const ending = endsAtMs < Infinity ? { deletionTimestamp: 'now', finalizers: ['of.others/x'] } : {};
    const items = pathname.endsWith('/secrets')
      ? listed.map((name) => ({ metadata: { name, namespace: 'n', uid: name, labels: LABELLED, ...ending } }))
      : [];
    answer(response, 200, { metadata: { resourceVersion: '1' }, items });
  });
  writeFileSync(join(home.folder, 'kubeconfig'), JSON.stringify(kubeconfig(api.server, {})));
});
afterEach(async () => {
  await api.close();
  removeCampaignFolder(SLUG);
  vi.unstubAllEnvs();
  home.close();
});

const CORE = {
  version: 'v1',
  resources: [
    { resource: 'secrets', scope: 'Namespaced', verbs: ['list', 'delete'], responseKind: { kind: 'Secret' } },
  ],
};

test('a chart has as long to be uninstalled as it has to become ready', async () => {
  const { leftovers } = await teardown('sleep 3');
  expect(leftovers).toEqual([]);
  expect([...secrets]).toEqual([]);
});

test('where a chart cannot be uninstalled, all else goes, but for what helm knows its release by', async () => {
  const { leftovers } = await teardown('echo "Error: timed out waiting" >&2; exit 1');
  expect(leftovers).toEqual(['chart of charted on lent: helm uninstall r in namespace n: Error: timed out waiting']);
  expect([...secrets]).toEqual([RELEASE]);
  // It is the janitor's: the cluster stays on record.
  expect(readLedger(SLUG)?.clusters).toHaveLength(1);
});

test('what another controller is still ending when its time is over, and ends then, is not left behind', async () => {
  endingMs = 3_500;
  const folder = join(campaignFolder(SLUG), 'clusters');
  mkdirSync(folder, { recursive: true });
  const kubeconfigPath = join(folder, 'lent.kubeconfig');
  cpSync(join(home.folder, 'kubeconfig'), kubeconfigPath);
  const { leftovers } = await teardown('true', {
    kubeconfigPath,
    systemReadyMs: 1_000,
    plan: aPlan({ totalPods: 20, machinesEffective: 2 }),
  });
  expect(leftovers).toEqual([]);
  expect([...secrets]).toEqual([]);
  expect(readLedger(SLUG)).toBeUndefined();
});

test('an attempt that goes on after another one has removed all leaves no file of its own', async () => {
  const folder = campaignFolder(SLUG);
  await teardown(`rm -rf "${folder}" && mkdir -p "${folder}/kwok" && echo late >"${folder}/kwok/file"; exit 1`).catch(
    () => undefined,
  );
  expect(existsSync(folder)).toBe(false);
});

/** Takes a campaign with a chart out of a cluster that was lent; `uninstall` is what helm does then. */
async function teardown(
  uninstall: string,
  { kubeconfigPath = join(home.folder, 'kubeconfig'), systemReadyMs = 10_000, plan = aPlan() } = {},
): Promise<TeardownResult> {
  const helm = join(home.folder, 'helm');
  writeFileSync(
    helm,
    `#!/bin/sh\ncase $1 in list) echo '[{"status":"deployed"}]' ;; uninstall) ${uninstall} ;; esac\n`,
  );
  chmodSync(helm, 0o755);
  vi.stubEnv(toolVariable('helm'), helm);
  writeFileSync(join(home.folder, 'systems', 'charted.yaml'), SYSTEM);
  const found = findSystem('charted', [home.folder]);
  if (!found.ok) throw new Error(JSON.stringify(found.errors));
  const profile = aProfile({ deadlines: { apiCallMs: 300, processStopMs: 300, systemReadyMs } });
  const substrate = aSubstrate({ type: 'kubeconfig' });
  const derived = deriveDeadlines({ profile, plan, substrate });
  if (!derived.ok) throw new Error(JSON.stringify(derived.errors));
  const spec = aSpec({
    slug: SLUG,
    campaign: CAMPAIGN,
    substrate,
    system: { name: 'charted', sha256: found.sha256 },
    deadlines: derived.deadlines,
  });
  onLedger(SLUG, spec.campaign, { name: 'lent', kubeconfigPath, owned: false });
  const env = anAttempt();
  const adapters = teardownAdapters({ end: () => Promise.resolve() });
  return await env.run(createTeardown(pino({ level: 'silent' }), adapters), storedInput(spec, 'teardown'));
}

const SYSTEM = `apiVersion: belay.dev/v1
kind: System
metadata: { name: charted, description: has a chart }
capacity: belay
install: { helm: { chart: chart, release: r, namespace: n } }
gates:
  any: { description: any, unit: s, query: up, max: 1, bar: held }
`;
