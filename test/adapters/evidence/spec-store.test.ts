import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  keepBesideLedger,
  keepForRetry,
  makeCurrent,
  readSpec,
  runIdOf,
} from '../../../src/adapters/evidence/spec-store.ts';
import { runsFolder } from '../../../src/adapters/host/folders.ts';
import { removeCampaignFolder, writeLedger } from '../../../src/adapters/host/ledger.ts';
import { aGate, aSpec } from '../../workflows/make-spec.ts';
import { testHome, type TestHome } from '../substrates/local-campaign.ts';

const first = aSpec({ campaign: 'stored', slug: 'bstored', runId: 'run-1', specHash: 'f0'.repeat(32) });
const changed = { ...first, gates: [aGate({ bar: { max: 9 } })], specHash: 'a1'.repeat(32) };

let home: TestHome;

beforeEach(() => {
  home = testHome();
});
afterEach(() => {
  removeCampaignFolder(first.slug);
  home.close();
});

function filesOf(...path: readonly string[]): readonly string[] {
  return readdirSync(join(runsFolder(), first.campaign, ...path)).sort();
}

test('a specification is found by its hash, and no other is returned for it', () => {
  expect(readSpec(first.campaign, first.specHash)).toBeUndefined();
  makeCurrent(first);
  expect(readSpec(first.campaign, first.specHash)).toEqual(JSON.parse(JSON.stringify(first)));
  expect(readSpec(first.campaign, changed.specHash)).toBeUndefined();
  expect(readSpec('another', first.specHash)).toBeUndefined();
  expect(runIdOf(first.campaign)).toBe('run-1');
  expect(runIdOf('another')).toBeUndefined();
});

test('the changed specification of a retry lies beside the current one until a stage uses it; both are kept then', () => {
  makeCurrent(first);
  keepForRetry(changed);
  expect(filesOf()).toEqual(['plan.json', 'spec.json', 'specs']);
  expect(readSpec(first.campaign, first.specHash)?.gates[0]?.bar).toEqual({ max: 5 });
  expect(readSpec(first.campaign, changed.specHash)?.gates[0]?.bar).toEqual({ max: 9 });
  makeCurrent(changed);
  const current = JSON.parse(readFileSync(join(runsFolder(), first.campaign, 'spec.json'), 'utf8')) as typeof first;
  expect(current.specHash).toBe(changed.specHash);
  expect(filesOf('specs')).toEqual(['a1a1a1a1a1a1.json', 'f0f0f0f0f0f0.json']);
  for (const { specHash } of [first, changed]) expect(readSpec(first.campaign, specHash)?.specHash).toBe(specHash);
});

test('a specification outlives its evidence folder while the ledger lists what teardown must remove', () => {
  makeCurrent(first);
  keepBesideLedger(first);
  rmSync(join(runsFolder(), first.campaign), { recursive: true });
  expect(readSpec(first.campaign, first.specHash)).toBeUndefined();
  makeCurrent(first);
  const { campaign, slug, workflowId, runId } = first;
  writeLedger({ campaign, slug, workflowId, runId, createdAtMs: 1, expiresAtMs: 2, clusters: [], processes: [] });
  keepBesideLedger(first);
  rmSync(join(runsFolder(), first.campaign), { recursive: true });
  expect(readSpec(first.campaign, first.specHash)?.slug).toBe(first.slug);
});

test('the file of a campaign that the first version began is read', () => {
  const file = new URL('../../histories/first-version/on-disk/spec.json', import.meta.url);
  const { campaign, specHash } = JSON.parse(readFileSync(file, 'utf8')) as { campaign: string; specHash: string };
  const folder = join(runsFolder(), campaign);
  mkdirSync(folder, { recursive: true });
  cpSync(file, join(folder, 'spec.json'));
  expect(readSpec(campaign, specHash)).toMatchObject({ campaign, specHash, plan: { totalPods: 400 } });
});

test('a file that is no specification is refused by the name of the field', () => {
  makeCurrent(first);
  const path = join(runsFolder(), first.campaign, 'spec.json');
  writeFileSync(path, JSON.stringify({ ...first, plan: undefined }));
  expect(() => readSpec(first.campaign, first.specHash)).toThrow('specification: plan: found nothing');
});
