import { existsSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { claimAttempt } from '../../../src/adapters/host/attempt-claims.ts';
import { campaignFolder, openLedger, removeCampaignFolder } from '../../../src/adapters/host/ledger.ts';
import { testHome, type TestHome } from '../substrates/local-campaign.ts';

const SLUG = 'bclaimed';

let home: TestHome;

beforeEach(() => {
  home = testHome();
});
afterEach(() => home.close());

function haveLedger(): void {
  const ids = { campaign: SLUG, slug: SLUG, workflowId: '', runId: '' };
  openLedger({ ...ids, createdAtMs: 0, expiresAtMs: 1, clusters: [], processes: [] });
}

test('a later attempt takes over, and an earlier one that begins late does not', () => {
  haveLedger();
  const first = claimAttempt(SLUG, 'soak', 1_000);
  expect(first.isCurrent()).toBe(true);
  const second = claimAttempt(SLUG, 'soak', 2_000);
  expect([first.isCurrent(), second.isCurrent()]).toEqual([false, true]);
  const stray = claimAttempt(SLUG, 'soak', 1_500);
  expect([stray.isCurrent(), second.isCurrent()]).toEqual([false, true]);
});

test('activities are claimed one by one', () => {
  haveLedger();
  const soak = claimAttempt(SLUG, 'soak', 1_000);
  claimAttempt(SLUG, 'snapshot', 2_000);
  expect(soak.isCurrent()).toBe(true);
});

test('nothing is claimed any more once the campaign has left the host, and nothing of it comes back', () => {
  haveLedger();
  const claim = claimAttempt(SLUG, 'soak', 1_000);
  removeCampaignFolder(SLUG);
  expect(claim.isCurrent()).toBe(false);
  expect(existsSync(campaignFolder(SLUG))).toBe(false);
});

test('before a campaign has a ledger, every attempt may act', () => {
  const claims = [claimAttempt(SLUG, 'provision', 1_000), claimAttempt(SLUG, 'provision', 2_000)];
  expect(claims.map((claim) => claim.isCurrent())).toEqual([true, true]);
  expect(existsSync(campaignFolder(SLUG))).toBe(false);
});

test('an attempt from before the ledger is displaced by one that claims it afterwards', () => {
  const first = claimAttempt(SLUG, 'provision', 1_000);
  haveLedger();
  const second = claimAttempt(SLUG, 'provision', 2_000);
  expect([first.isCurrent(), second.isCurrent()]).toEqual([false, true]);
});
