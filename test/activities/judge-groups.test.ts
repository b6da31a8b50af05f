import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { JUDGE_ADAPTERS } from '../../src/activities/all.ts';
import { createJudge } from '../../src/activities/judge.ts';
import {
  evidenceFolder,
  openEvidence,
  readTimeline,
  type TimelineEvent,
} from '../../src/adapters/evidence/evidence-folder.ts';
import { groupFolder } from '../../src/adapters/evidence/host-evidence.ts';
import { addIdentityFinding } from '../../src/adapters/evidence/identity-findings.ts';
import { manifestProblems } from '../../src/adapters/evidence/manifest.ts';
import { summaryInFolder } from '../../src/adapters/evidence/write-summary.ts';
import { writeCheckpoint } from '../../src/adapters/host/checkpoints.ts';
import type { GroupClusters, JudgeInput, JudgeResult } from '../../src/core/campaign/stage-io.ts';
import type { SoakCheckpoint } from '../../src/core/plan/checkpoints/soak.ts';
import { LatenessHistogram } from '../../src/core/plan/lateness-histogram.ts';
import type { CampaignSpec } from '../../src/core/plan/spec.ts';
import { UNTROUBLED } from '../../src/core/plan/observation.ts';
import type { Summary } from '../../src/core/verdict/summary-model.ts';
import { BEGIN_MS, GREEN, resultOf, stateAfter } from '../adapters/evidence/fixture.ts';
import { testHome, type TestHome } from '../adapters/substrates/local-campaign.ts';
import { anIdentity } from '../core/identity/make-identity.ts';
import { aPlan, aProfile } from '../core/plan/make.ts';
import { aGate, aSpec } from '../workflows/make-spec.ts';
import { anAttempt } from './an-attempt.ts';
import { storedInput } from './stored-input.ts';

const GROUPS: readonly GroupClusters[] = [
  { group: 'g0', host: 'a', firstCluster: 0, clusterCount: 1 },
  { group: 'g1', host: 'b', firstCluster: 1, clusterCount: 2 },
];
const SOAK = { stage: 'soak', execution: 1 } as const;
const START_MS = BEGIN_MS + 30_000;
const FIRED = {
  target: 'n0',
  firedAtMs: START_MS,
  injectedAtMs: START_MS,
  assertedAtMs: START_MS,
  undoneAtMs: START_MS,
};

let home: TestHome;

beforeEach(() => {
  home = testHome();
});
afterEach(() => home.close());

/** A campaign of three clusters on two hosts, each of which loses a Node. */
function judged(): CampaignSpec {
  const spec = aSpec({
    campaign: 'spread',
    slug: 'bspread',
    gates: [aGate({ failFast: false })],
    plan: aPlan({ clusterCount: 3 }),
    profile: aProfile({ runnerActions: [{ atSeconds: 0, action: 'fail-node', on: 'each' }] }),
  });
  openEvidence(spec).readings(SOAK, 'end', [resultOf(aGate({ failFast: false }), 1)]);
  return spec;
}

/** What a drive of some clusters leaves: a fault in each that was undone, and some late operations. */
function driveOf(clusters: readonly number[], lateMs: readonly number[]): SoakCheckpoint {
  const sent = new LatenessHistogram();
  for (const ms of lateMs) sent.add(ms);
  const late = lateMs.filter((ms) => ms > 2_000).length;
  return {
    startAtMs: START_MS,
    lowWater: Object.fromEntries(clusters.map((index) => [`c${index}`, 5])),
    actions: Object.fromEntries(clusters.map((index) => [`0/${index}`, FIRED])),
    lateness: { operations: lateMs.length, late, worstMs: Math.max(...lateMs), sent: sent.counts, neverSent: 0 },
    observation: { ...UNTROUBLED, watch: { ...UNTROUBLED.watch, silent: clusters.length } },
  };
}

/** Puts a member's evidence where its lead finds it. */
function receive(spec: CampaignSpec, drive: SoakCheckpoint): string {
  const folder = groupFolder(evidenceFolder(spec.campaign), 'g1');
  mkdirSync(join(folder, 'checkpoints'), { recursive: true });
  const lines = (name: string, values: readonly unknown[]): void =>
    writeFileSync(join(folder, name), values.map((value) => `${JSON.stringify(value)}\n`).join(''));
  writeFileSync(join(folder, 'checkpoints', 'drive-1.json'), JSON.stringify(drive));
  writeFileSync(join(folder, 'host.json'), JSON.stringify({ cores: 8, memoryBytes: 2 ** 34 }));
  const busy = { forMs: 1_000, cpuUsedShare: 1, cpuPressureShare: 1, memoryAvailableBytes: 1, swapUsedBytes: 0 };
  lines(
    'host.jsonl',
    Array.from({ length: 200 }, (_, second) => ({ ...busy, atMs: BEGIN_MS + second * 1_000 })),
  );
  const died = { campaign: 'spread', cluster: 'c1', component: 'etcd', what: 'died', detail: '' };
  lines('infrastructure.jsonl', [{ ...died, atMs: BEGIN_MS + 1, gapStartMs: BEGIN_MS, gapEndMs: BEGIN_MS + 5 }]);
  lines('timeline.jsonl', [
    eventAt(5, 'began', 'drive'),
    eventAt(7, 'action', 'fail-node in c1: node n0 fails'),
    eventAt(6, 'decision', 'retry of soak'),
  ]);
  return folder;
}

function eventAt(atMs: number, what: string, detail: string): TimelineEvent {
  return { atMs, stage: 'soak', execution: 1, attempt: 1, what, detail };
}

async function judge(spec: CampaignSpec, evidence: JudgeInput['evidence'] = []): Promise<JudgeResult> {
  const input: JudgeInput = {
    ...storedInput(spec, 'judge'),
    state: stateAfter(GREEN),
    evidence,
    facts: {},
    earlierSpecHashes: [],
    groups: GROUPS,
  };
  // Drawing the report takes most of the time, and other tests draw it.
  const adapters = { ...JUDGE_ADAPTERS, writeReport: () => Promise.resolve() };
  return await anAttempt().run(createJudge(pino({ level: 'silent' }), adapters), input);
}

function summaryOf(spec: CampaignSpec): Summary | undefined {
  return summaryInFolder(evidenceFolder(spec.campaign));
}

test('faults, lateness and observations of all groups are judged together', async () => {
  const spec = judged();
  writeCheckpoint(spec.slug, 'watch', 1, { startAtMs: START_MS, lowWater: {}, actions: {} });
  writeCheckpoint(spec.slug, 'drive', 1, driveOf([0], Array<number>(99).fill(10)));
  receive(spec, driveOf([1, 2], [5_000]));
  expect(await judge(spec)).toMatchObject({ verdict: 'pass' });
  expect(summaryOf(spec)).toMatchObject({
    runnerActions: [{ action: 'fail-node', asserted: true }],
    lateness: { operations: 100, late: 1, worstMs: 5_000, p99: { highMs: 10 } },
    observed: [{ stage: 'soak', watch: { silent: 3 } }],
  });
});

test('a fault in a cluster of another group that left no trace makes the campaign unmeasured', async () => {
  const spec = judged();
  writeCheckpoint(spec.slug, 'drive', 1, driveOf([0], [10]));
  receive(spec, driveOf([1], [10]));
  const { verdict, reasons } = await judge(spec);
  expect(verdict).toBe('unmeasured');
  expect(reasons).toEqual(['action fail-node at 0 s was not done: the soak ended before it']);
});

test('a group whose evidence is missing does not make its faults a failure of the system', async () => {
  const spec = judged();
  writeCheckpoint(spec.slug, 'drive', 1, driveOf([0], [10]));
  const missing = { what: 'evidence of group g1', ok: false, error: 'its host did not send it' };
  const { verdict, reasons } = await judge(spec, [missing]);
  expect(verdict).toBe('unmeasured');
  expect(reasons).toEqual([expect.stringContaining('evidence of group g1')]);
});

test('the summary has what every host had to do, with its group', async () => {
  const spec = judged();
  writeCheckpoint(spec.slug, 'drive', 1, driveOf([0], [10]));
  receive(spec, driveOf([1, 2], [10]));
  await judge(spec);
  const { hosts, infrastructureEvents } = summaryOf(spec) ?? {};
  expect(hosts).toMatchObject([
    { group: 'g0', host: 'a', clusterCount: 1, cores: expect.any(Number) as number },
    { group: 'g1', host: 'b', firstCluster: 1, clusterCount: 2, cores: 8, memoryBytes: 2 ** 34 },
  ]);
  const soak = hosts?.[1]?.stages.find(({ stage }) => stage === 'soak');
  expect(soak?.busyShare).toBe(1);
  expect(infrastructureEvents).toMatchObject([{ group: 'g1', cluster: 'c1', component: 'etcd' }]);
});

test('the identity is that of all hosts; a group without evidence leaves its part unknown', async () => {
  const spec = judged();
  const { hosts, clusters } = anIdentity();
  const [other] = hosts;
  const [kind] = clusters;
  if (other === undefined || kind === undefined) throw new Error('an identity without hosts or clusters');
  const provisioned = { kind: 'stage', stage: 'provision', clusters: [{ ...kind, count: 2 }], unknown: [] } as const;
  addIdentityFinding(evidenceFolder(spec.campaign), { ...provisioned, clusters: [{ ...kind, count: 1 }] });
  await judge(spec);
  const first = summaryOf(spec);
  expect(first?.identity?.unknown).toContainEqual({ part: 'host', why: 'there is no evidence of group g1' });
  const folder = receive(spec, driveOf([1, 2], [10]));
  addIdentityFinding(folder, provisioned);
  addIdentityFinding(folder, { kind: 'worker', host: { ...other, cpuModel: 'another' }, unknown: [] });
  await judge(spec);
  const second = summaryOf(spec);
  expect(second?.identity?.clusters).toEqual([{ ...kind, count: 3 }]);
  expect(second?.identity?.hosts.map(({ cpuModel }) => cpuModel)).toContain('another');
  expect(second?.identity?.unknown.map(({ part }) => part)).not.toContain('host');
  expect(second?.fingerprint).not.toBe(first?.fingerprint);
});

test('the timeline has the events of all hosts in order, once, and the manifest has the files of all', async () => {
  const spec = judged();
  const evidence = openEvidence(spec);
  const { folder } = evidence;
  receive(spec, driveOf([1, 2], [10]));
  evidence.event(eventAt(6, 'decision', 'retry of soak'));
  evidence.event(eventAt(8, 'ended', ''));
  await judge(spec);
  await judge(spec);
  const early = readTimeline(folder).filter(({ atMs }) => atMs < 10);
  expect(early.map(({ atMs, group, what }) => [atMs, group, what])).toEqual([
    [5, 'g1', 'began'],
    [6, undefined, 'decision'],
    [7, 'g1', 'action'],
    [8, undefined, 'ended'],
  ]);
  expect(await manifestProblems(folder)).toEqual([]);
});
