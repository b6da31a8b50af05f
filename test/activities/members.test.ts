import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSnapshot, type SnapshotAdapters } from '../../src/activities/snapshot.ts';
import { createTeardown, type TeardownAdapters } from '../../src/activities/teardown.ts';
import { evidenceFolder, openEvidence } from '../../src/adapters/evidence/evidence-folder.ts';
import { markOwner } from '../../src/adapters/evidence/folder-owner.ts';
import { keepHostFacts } from '../../src/adapters/evidence/host-evidence.ts';
import { sendEvidence } from '../../src/adapters/evidence/member-evidence.ts';
import { removeCampaignFolder, writeLedger } from '../../src/adapters/host/ledger.ts';
import { writeCheckpoint } from '../../src/adapters/host/checkpoints.ts';
import type { GroupPlacement } from '../../src/core/campaign/placement.ts';
import type { SnapshotInput, SnapshotResult, TeardownResult } from '../../src/core/campaign/stage-io.ts';
import type { CampaignSpec } from '../../src/core/plan/spec.ts';
import { testHome, type TestHome } from '../adapters/substrates/local-campaign.ts';
import { anAttempt } from './an-attempt.ts';
import { derived, enteredBy, specOf, systemOf } from './campaign-shapes.ts';
import { clustersUp, scriptedSnapshot, scriptedTeardown } from './scripted-adapters.ts';
import { storedInput } from './stored-input.ts';

const LEAD_ADDRESS = { host: 'a', endpointUrl: 'https://a:1', prometheusUrl: 'https://a:2', certificatePem: '' };
const MEMBER: GroupPlacement = { name: 'g1', firstCluster: 1, clusterCount: 1, lead: false, leadAddress: LEAD_ADDRESS };
const LEAD: GroupPlacement = { ...MEMBER, name: 'g0', firstCluster: 0, lead: true };
const GROUPS = [
  { group: 'g0', host: 'a', firstCluster: 0, clusterCount: 1 },
  { group: 'g1', host: 'b', firstCluster: 1, clusterCount: 1 },
];
const SHAPE = { clusters: 2, placed: true };
const log = pino({ level: 'silent' });

let home: TestHome;
let spec: CampaignSpec;

beforeEach(() => {
  home = testHome();
  spec = specOf(SHAPE);
});
afterEach(() => {
  removeCampaignFolder(spec.slug);
  home.close();
});

function placed(group: GroupPlacement): void {
  const ledger = clustersUp(spec);
  const own = ledger.clusters.filter(({ index }) => index === group.firstCluster);
  writeLedger({ ...ledger, clusters: own, group });
}

async function snapshot(
  change: Partial<SnapshotInput>,
  adapters: Partial<SnapshotAdapters> = {},
): Promise<SnapshotResult> {
  const run = createSnapshot(log, { ...scriptedSnapshot(), ...adapters });
  return await anAttempt().run(run, { ...storedInput(spec, 'snapshot'), ...change });
}

async function teardown(group: string, adapters: Partial<TeardownAdapters> = {}): Promise<TeardownResult> {
  const run = createTeardown(log, {
    ...scriptedTeardown(systemOf(SHAPE)),
    ...adapters,
    ledger: { ...scriptedTeardown(systemOf(SHAPE)).ledger, removeFolder: removeCampaignFolder },
  });
  return await anAttempt().run(run, { ...storedInput(spec, 'teardown'), group });
}

test('a member sends its evidence, with what the lead needs of it, and the lead collects it', async () => {
  placed(MEMBER);
  const steps: string[] = [];
  const sent = await snapshot(
    { group: 'g1' },
    {
      keepHostFacts: () => void steps.push('facts'),
      sendEvidence: ({ group, lead, folder }) => {
        steps.push(`${group} to ${lead.endpointUrl}: ${folder === evidenceFolder(spec.campaign)}`);
        return Promise.resolve({ files: 1, bytes: 1 });
      },
    },
  );
  expect(steps).toEqual(['facts', 'g1 to https://a:1: true']);
  expect(sent.parts).toContainEqual({ what: 'evidence of group g1, sent to a', ok: true });
  placed(LEAD);
  const collected = await snapshot({ groups: GROUPS });
  expect(collected.parts).toContainEqual({ what: 'evidence of group g1', ok: true });
});

test('what a group has left whose clusters have moved is named, wherever it is, and nothing is missing', async () => {
  placed(LEAD);
  const moved = ['g2', 'g3'].map((group) => ({ group, host: 'c', firstCluster: 1, clusterCount: 1 }));
  const { parts, facts } = await snapshot(
    { groups: GROUPS, moved },
    {
      collectEvidence: ({ groups, late }) =>
        Promise.resolve(
          [...groups, ...late].map((group) => ({ what: `evidence of group ${group}`, ok: group !== 'g3' })),
        ),
    },
  );
  expect(parts.slice(0, 3)).toEqual([
    { what: 'evidence of group g1', ok: true },
    { what: 'evidence of g2, whose clusters have moved away from host c: groups/g2', ok: true },
    {
      what: `evidence of g3, whose clusters have moved away from host c: on that host, in runs/${spec.campaign} there`,
      ok: true,
    },
  ]);
  expect(facts['partsMissing']).toBe(0);
});

test('a lead and its member enter every step that the snapshot derives, and no other', async () => {
  const input = storedInput(spec, 'snapshot');
  placed(MEMBER);
  const asMember = await enteredBy((of) => createSnapshot(of, scriptedSnapshot()), { ...input, group: 'g1' });
  placed(LEAD);
  const asLead = await enteredBy((of) => createSnapshot(of, scriptedSnapshot()), { ...input, groups: GROUPS });
  const steps = derived(spec, 'snapshot');
  expect(asMember.toSorted()).toEqual(steps.filter((id) => id !== 'evidenceCollected').toSorted());
  expect(asLead.toSorted()).toEqual(steps.filter((id) => id !== 'evidenceSent').toSorted());
});

test('evidence that cannot be sent is a missing part; where the lead is lost nothing is sent', async () => {
  placed(MEMBER);
  const sendNothing = { sendEvidence: () => Promise.reject(new Error('the lead does not answer')) };
  const { parts } = await snapshot({ group: 'g1' }, sendNothing);
  expect(parts).toContainEqual({
    what: 'evidence of group g1, sent to a',
    ok: false,
    error: 'the lead does not answer',
  });
  const alone = await snapshot({ group: 'g1', leadLost: true }, sendNothing);
  expect(alone.parts.filter(({ ok }) => !ok)).toEqual([]);
});

test('a member that keeps its evidence in the folder of the lead sends nothing', async () => {
  placed(MEMBER);
  const { folder } = openEvidence(spec);
  markOwner(folder, { lead: true, leadAddress: { host: 'a' } });
  const transfer = { slug: spec.slug, campaign: spec.campaign, folder, group: 'g1', lead: LEAD_ADDRESS };
  const limits = { signal: new AbortController().signal, budgetMs: 1_000, onFile: () => undefined };
  await expect(sendEvidence({ ...transfer, ...limits })).rejects.toThrow(/is the lead's own: .* set BELAY_RUNS$/);
});

test('what the lead needs of a member is in its evidence: its size, and its checkpoints', () => {
  placed(MEMBER);
  writeCheckpoint(spec.slug, 'drive', 1, { startAtMs: 7 });
  const { folder } = openEvidence(spec);
  keepHostFacts(folder, spec.slug);
  expect(existsSync(join(folder, 'host.json'))).toBe(true);
  expect(existsSync(join(folder, 'checkpoints', 'drive-1.json'))).toBe(true);
});

test('a member removes its copy of the evidence when the lead has all of it', async () => {
  placed(MEMBER);
  expect(await teardown('g1', { evidenceWasSent: () => true })).toMatchObject({ leftovers: [] });
  expect(existsSync(evidenceFolder(spec.campaign))).toBe(false);
});

test.for<[string, GroupPlacement, Partial<TeardownAdapters>]>([
  ['was not sent', MEMBER, { evidenceWasSent: () => false }],
  [
    'explains what is left behind',
    MEMBER,
    { evidenceWasSent: () => true, stopPrometheus: () => Promise.reject(new Error('it does not end')) },
  ],
  ['is that of the lead', LEAD, { evidenceWasSent: () => true }],
])('evidence stays that %s', async ([, group, adapters]) => {
  placed(group);
  await teardown(group.name, adapters);
  expect(existsSync(join(evidenceFolder(spec.campaign), 'timeline.jsonl'))).toBe(true);
});

test('a teardown whose worker died after everything was removed finds nothing, and does not fail', async () => {
  placed(MEMBER);
  const input = { ...storedInput(spec, 'teardown'), group: 'g1' };
  removeCampaignFolder(spec.slug);
  rmSync(evidenceFolder(spec.campaign), { recursive: true });
  const run = createTeardown(log, scriptedTeardown(systemOf(SHAPE)));
  expect(await anAttempt().run(run, input)).toMatchObject({ detail: 'nothing was there', leftovers: [] });
  await expect(anAttempt().run(run, { ...input, group: 'g0' })).rejects.toThrow(/does not have specification/);
});
