import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createProvision } from '../../src/activities/provision.ts';
import { evidenceFolder } from '../../src/adapters/evidence/evidence-folder.ts';
import { makeCurrent, readSpec } from '../../src/adapters/evidence/spec-store.ts';
import { makeCertificate } from '../../src/adapters/fleet/certificate.ts';
import { startEndpoint, type Endpoint } from '../../src/adapters/fleet/endpoint.ts';
import { campaignPassword } from '../../src/adapters/fleet/fleet-secret.ts';
import { removeCampaignFolder, writeLedger } from '../../src/adapters/host/ledger.ts';
import type { StageInput, StageResult } from '../../src/core/campaign/stage-io.ts';
import type { CampaignSpec } from '../../src/core/plan/spec.ts';
import { testHome, type TestHome } from '../adapters/substrates/local-campaign.ts';
import { anAttempt } from './an-attempt.ts';
import { specOf } from './campaign-shapes.ts';
import { clustersUp, scriptedProvision } from './scripted-adapters.ts';

const SECRET = 'the secret of this fleet';

let home: TestHome;
let endpoint: Endpoint;
let spec: CampaignSpec;
let changed: CampaignSpec;

beforeEach(async () => {
  home = testHome();
  vi.stubEnv('BELAY_FLEET_SECRET', SECRET);
  spec = specOf({ clusters: 2, placed: true });
  changed = { ...spec, specHash: 'c'.repeat(64), holdMs: spec.holdMs + 1 };
  const { certificatePem, keyPem } = await makeCertificate({ address: '127.0.0.1', validMs: 3_600_000 });
  endpoint = await startEndpoint({
    access: { certificatePem, password: campaignPassword(SECRET, spec.campaign) },
    keyPem,
    address: '127.0.0.1',
    port: 0,
    folder: home.folder,
    spec: (hash) => (hash === changed.specHash ? changed : undefined),
    onError: () => undefined,
  });
  const url = `https://127.0.0.1:${endpoint.port}`;
  const leadAddress = { host: 'a', endpointUrl: url, prometheusUrl: url, certificatePem };
  const group = { name: 'g1', firstCluster: 1, clusterCount: 1, lead: false, leadAddress };
  makeCurrent(spec);
  writeLedger({ ...clustersUp(spec), group });
});
afterEach(async () => {
  await endpoint.close();
  removeCampaignFolder(spec.slug);
  vi.unstubAllEnvs();
  home.close();
});

function stage(change: Partial<StageInput>): Promise<StageResult> {
  const { campaign } = spec;
  const input = { campaign, specHash: changed.specHash, stage: 'provision', execution: 2, group: 'g1' } as const;
  const run = createProvision(pino({ level: 'silent' }), scriptedProvision());
  return anAttempt().run(run, { ...input, ...change });
}

test('a member gets the specification that a retry has changed from the lead, and has both then', async () => {
  await stage({});
  const current: unknown = JSON.parse(readFileSync(join(evidenceFolder(spec.campaign), 'spec.json'), 'utf8'));
  expect(current).toMatchObject({ specHash: changed.specHash, holdMs: changed.holdMs });
  expect(readSpec(spec.campaign, spec.specHash)?.holdMs).toBe(spec.holdMs);
  // The lead is asked once.
  await endpoint.close();
  await stage({ execution: 3 });
});

test('a stage whose specification the lead does not have is refused, with what the lead says', async () => {
  await expect(stage({ specHash: 'd'.repeat(64) })).rejects.toThrow('404: the lead has no specification dddd');
});
