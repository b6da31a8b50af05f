import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { JUDGE_ADAPTERS } from '../../src/activities/all.ts';
import { createJudge, type JudgeAdapters } from '../../src/activities/judge.ts';
import { addIdentityFinding } from '../../src/adapters/evidence/identity-findings.ts';
import { evidenceFolder, openEvidence, readTimeline } from '../../src/adapters/evidence/evidence-folder.ts';
import type { Summary } from '../../src/core/verdict/summary-model.ts';
import { writeCheckpoint } from '../../src/adapters/host/checkpoints.ts';
import { summaryInFolder, writeSummary } from '../../src/adapters/evidence/write-summary.ts';
import type { JudgeInput, JudgeResult } from '../../src/core/campaign/stage-io.ts';
import { UNTROUBLED, type Observation } from '../../src/core/plan/observation.ts';
import type { CampaignSpec } from '../../src/core/plan/spec.ts';
import { recordedGates } from '../../src/core/verdict/gates-for-summary.ts';
import { judgeSummary } from '../../src/core/verdict/judge-summary.ts';
import { parseStoredSummary } from '../../src/core/verdict/stored-summary.ts';
import { BEGIN_MS, GREEN, resultOf, stateAfter } from '../adapters/evidence/fixture.ts';
import { anIdentity } from '../core/identity/make-identity.ts';
import { anAttempt } from './an-attempt.ts';
import { storedInput } from './stored-input.ts';
import { testHome, type TestHome } from '../adapters/substrates/local-campaign.ts';
import { aGate, aSpec, shortDeadlines } from '../workflows/make-spec.ts';

const bind = aGate();
/** Drawing a report takes most of the time. */
const NO_REPORT = { writeReport: () => Promise.resolve() };
const SOAK = { stage: 'soak', execution: 1 } as const;

let home: TestHome;

beforeEach(() => {
  home = testHome();
  vi.stubEnv('BELAY_EVIDENCE', '');
});
afterEach(() => {
  vi.unstubAllEnvs();
  home.close();
});

test('a fail-fast gate that broke in the soak fails the campaign, though its last reading is well', async () => {
  const spec = judged();
  openEvidence(spec).readings(SOAK, 'check', [resultOf(bind, 9, BEGIN_MS + 30_000)]);
  openEvidence(spec).readings(SOAK, 'end', [resultOf(bind, 1, BEGIN_MS + 60_000)]);
  const { verdict, reasons } = await judge(spec);
  expect(verdict).toBe('fail');
  expect(reasons).toEqual([
    expect.stringMatching(/^a fail-fast gate broke in soak \(execution 1\): podBindP99 = 9 s, /),
  ]);
  expect(summaryOf(spec)).toMatchObject({
    floor: { verdict: 'fail', reasons },
    breaches: [{ gate: 'podBindP99', execution: 1 }],
  });
});

test('a failed reading of the end fails the campaign, whatever a later attempt reads', async () => {
  const late = aGate({ name: 'late', failFast: false });
  const spec = { ...judged(), gates: [late] };
  openEvidence(spec).readings(SOAK, 'end', [resultOf(late, 9, BEGIN_MS + 60_000)]);
  openEvidence(spec).readings(SOAK, 'end', [resultOf(late, 1, BEGIN_MS + 90_000)]);
  expect(await judge(spec)).toMatchObject({ verdict: 'fail' });
  expect(summaryOf(spec)?.gates).toMatchObject([{ stage: 'soak', execution: 1, reading: { value: 9 } }]);
});

test('checks that were not made, and a load that was late, make a campaign unmeasured that reads well at its end', async () => {
  const spec = judged();
  const startAtMs = BEGIN_MS + 30_000;
  const lateness = { operations: 100, late: 50, worstMs: 20_000 };
  const sent = { '2': 50, '20480': 50 };
  const counted = { ...lateness, sent, neverSent: 0 };
  writeCheckpoint(spec.slug, 'soak', 1, { startAtMs, lowWater: {}, actions: {}, lateness: counted });
  const soakMs = spec.profile.loadProfile.soakSeconds * 1_000;
  openEvidence(spec).readings(SOAK, 'check', [resultOf(bind, 1, startAtMs + 5_000)]);
  openEvidence(spec).readings(SOAK, 'end', [resultOf(bind, 1, startAtMs + soakMs)]);
  const { verdict, reasons } = await judge(spec);
  expect(verdict).toBe('unmeasured');
  expect(reasons).toEqual([
    expect.stringMatching(/^the harness was late: 50 of 100 operations /),
    expect.stringMatching(/^podBindP99 is unmeasured \(checks-missed\): 1 of \d+ due checks in the soak measured/),
  ]);
  expect(summaryOf(spec)?.lateness).toEqual({ ...lateness, p99: { lowMs: 19_456, highMs: 20_480 } });
  expect(summaryOf(spec)).toMatchObject({ gates: [{ checks: { measured: 1, cause: 'not made' } }] });
});

test('the summary says what the readings were taken with; what no stage recorded is unknown', async () => {
  const spec = judged();
  openEvidence(spec).readings(SOAK, 'end', [resultOf(bind, 1)]);
  const { code, hosts, temporal, tools, clusters, system, images } = anIdentity();
  const { folder } = openEvidence(spec);
  addIdentityFinding(folder, { kind: 'stage', stage: 'provision', tools, clusters, unknown: [] });
  await judge(spec);
  const first = summaryOf(spec);
  const worker = {
    version: expect.any(String) as string,
    contentSha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
  };
  expect(first?.identity).toMatchObject({ code: [worker], hosts: [{ node: process.version }], tools, clusters });
  expect(first?.identity?.unknown.map(({ part }) => part)).toEqual(['images', 'system', 'temporal']);
  if (system === null || temporal === null) throw new Error('an identity without system or Temporal');
  addIdentityFinding(folder, { kind: 'stage', stage: 'install', system, temporal, images, unknown: [] });
  await judge(spec);
  const second = summaryOf(spec);
  expect(second?.identity).toMatchObject({ tools, clusters, system, temporal, images, unknown: [] });
  expect(second?.identity?.code).toHaveLength(code.length);
  expect(second?.identity?.hosts).toHaveLength(hosts.length);
  expect(second?.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  expect(second?.fingerprint).not.toBe(first?.fingerprint);
});

test('the summary says how well the Pods of each stage were observed; a stage of an earlier version is left out', async () => {
  const spec = judged();
  openEvidence(spec).readings(SOAK, 'end', [resultOf(bind, 1)]);
  await judge(spec);
  expect(summaryOf(spec)).not.toHaveProperty('observed');
  const observation: Observation = {
    watch: { silent: 1, replaced: 2, failures: 9, longestUnconfirmedMs: 21_000 },
    requests: { waited: 4, longestMs: 19_500, refused: 30, throttled: 0, failed: 1, unanswered: 2 },
  };
  writeCheckpoint(spec.slug, 'ramp', 1, { startAtMs: BEGIN_MS, lowWater: {}, observation });
  writeCheckpoint(spec.slug, 'steady', 1, { startAtMs: BEGIN_MS });
  writeCheckpoint(spec.slug, 'soak', 1, { startAtMs: BEGIN_MS, lowWater: {}, actions: {}, observation: UNTROUBLED });
  await judge(spec);
  expect(summaryOf(spec)?.observed).toEqual([
    { stage: 'ramp', execution: 1, ...observation },
    { stage: 'soak', execution: 1, ...UNTROUBLED },
  ]);
});

test('what the ramp did not measure is absent, not 0', async () => {
  const spec = judged();
  const pods = { podsWanted: 5, podsCreated: 2, podsExisting: 3 };
  await judge(spec, { facts: { ramp: pods } });
  expect(summaryOf(spec)?.load).toEqual({ asked: 5, created: 5 });
  await judge(spec, {
    facts: { ramp: { ...pods, askedPerSec: 0.5, achievedPerSec: 0.4, sentLateP99LowMs: 19, sentLateP99Ms: 20 } },
  });
  expect(summaryOf(spec)?.load).toEqual({
    asked: 5,
    created: 5,
    askedPodsPerSec: 0.5,
    achievedPodsPerSec: 0.4,
    latenessP99LowSeconds: 0.019,
    latenessP99Seconds: 0.02,
  });
});

test.for<[string, (folder: string) => void, RegExp]>([
  ['cannot be written', (folder) => mkdirSync(join(folder, 'MANIFEST.json')), /MANIFEST\.json/],
  // So large, and yet no disk is filled.
  [
    'would take too long',
    (folder) => {
      writeFileSync(join(folder, 'prometheus', 'block'), '');
      truncateSync(join(folder, 'prometheus', 'block'), 2 ** 40);
    },
    /^evidence listed did not end within its budget of 2000 ms$/,
  ],
])('a manifest that %s costs a line of the timeline, not the verdict', async ([, spoil, why]) => {
  const derivation = ['readingsJudged', 'reportWritten', 'evidenceListed'].map((id) => ({
    id,
    what: id === 'evidenceListed' ? 'evidence listed' : id,
    count: 1,
    eachMs: 2_000,
  }));
  const spec = { ...judged(), deadlines: shortDeadlines({ judge: { derivation } }) };
  const evidence = openEvidence(spec);
  evidence.readings(SOAK, 'end', [resultOf(bind, 1)]);
  spoil(evidence.folder);
  expect(await judge(spec)).toMatchObject({ verdict: 'pass', reasons: [] });
  const logged = readTimeline(evidence.folder).filter(({ what }) => what === 'no-manifest');
  expect(logged).toMatchObject([{ stage: 'judge', detail: expect.stringMatching(why) }]);
});

test('evidence that cannot be put into its store is reported, and the verdict stays', async () => {
  vi.stubEnv('BELAY_EVIDENCE', 's3://runs');
  vi.stubEnv('BELAY_EVIDENCE_ENDPOINT', 'http://127.0.0.1:1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'a');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'b');
  const ids = ['readingsJudged', 'reportWritten', 'evidenceListed', 'evidenceStored'];
  const derivation = ids.map((id) => ({ id, what: id, count: 1, eachMs: 20_000 }));
  const spec = { ...judged(), deadlines: shortDeadlines({ judge: { derivation } }) };
  const evidence = openEvidence(spec);
  const { folder } = evidence;
  evidence.readings(SOAK, 'end', [resultOf(bind, 1)]);
  const missed = await judge(spec);
  expect(missed).toMatchObject({ verdict: 'pass', reasons: [], detail: expect.stringContaining('NOT in its store') });
  expect(readTimeline(folder).filter(({ what }) => what === 'not-stored')).toMatchObject([
    { stage: 'judge', detail: expect.stringContaining('BELAY_EVIDENCE is "s3://runs"') },
  ]);

  // Set after the campaign was planned: there is no time for it.
  expect(await judge(judged())).toMatchObject({ verdict: 'pass', detail: expect.stringContaining('NOT in its store') });
  vi.stubEnv('BELAY_EVIDENCE', 'runs');
  expect(await judge(spec)).toMatchObject({ detail: expect.stringContaining('allowed is s3://<bucket>') });

  const store = { hasStore: () => true, store: () => Promise.resolve({ to: 's3://runs/judged/' }) };
  expect(await judge(spec, {}, store)).toMatchObject({ detail: 'pass; evidence in s3://runs/judged/' });
  expect(readTimeline(folder).filter(({ what }) => what === 'stored')).toMatchObject([{ detail: 's3://runs/judged/' }]);
});

test('a campaign is compared with the nights before it, and its trend gate is read from them', async () => {
  const follow = aGate({
    name: 'bindTrend',
    unit: 'ratio',
    source: { kind: 'trend', of: 'podBindP99', over: 20 },
    bar: { max: 0.1 },
    failFast: false,
  });
  const nightly = (campaign: string): CampaignSpec => ({
    ...judged(),
    campaign,
    slug: `b${campaign}`,
    gates: [bind, follow],
  });
  const judgeValue = async (campaign: string, value: number): Promise<JudgeResult> => {
    openEvidence(nightly(campaign)).readings(SOAK, 'end', [resultOf(bind, value), resultOf(follow, null)]);
    return await judge(nightly(campaign), {}, NO_REPORT);
  };
  expect(await judgeValue('first', 1)).toMatchObject({
    verdict: 'unmeasured',
    reasons: [
      'bindTrend is unmeasured (too-little-history): 0 earlier runs with the same fingerprint measured podBindP99; it takes 5',
    ],
  });
  const night = summaryOf(nightly('first'));
  if (night === undefined) throw new Error('the first night was not judged');
  for (let day = 1; day <= 20; day++) {
    const startedAtMs = night.startedAtMs - day * 86_400_000;
    const gates = [resultOf(bind, 1 + 0.01 * (day % 5))];
    const folder = evidenceFolder(`night-${day}`);
    mkdirSync(folder, { recursive: true });
    writeSummary(folder, { ...night, runId: `night-${day}`, startedAtMs, gates });
  }
  expect(await judgeValue('same', 1.02)).toMatchObject({ verdict: 'pass', changes: [] });
  expect(summaryOf(nightly('same'))?.history).toEqual({ earlierRuns: 21, over: 20, changes: [] });

  const slower = await judgeValue('slower', 1.5);
  expect(slower.verdict).toBe('fail');
  expect(slower.reasons[0]).toMatch(/^bindTrend = 0\.47\d* .*over its bar of at most 0\.1/);
  expect(slower.changes).toEqual([
    expect.stringMatching(/^podBindP99: step: worse by 47 % .*flagged on its first run/),
  ]);
  expect(slower.flagged).toEqual([{ metric: 'podBindP99', state: 'open', run: 'slower', text: slower.changes?.[0] }]);
  const stored = summaryOf(nightly('slower'));
  expect(stored?.history?.changes).toMatchObject([{ metric: 'podBindP99', direction: 'worse', sinceRun: 'slower' }]);

  // Judged again without the other runs, the stored summary has the same verdict.
  const again = parseStoredSummary(stored);
  if (!again.ok || again.summary.gates === undefined) throw new Error('the stored summary cannot be judged');
  expect(judgeSummary(again.summary, recordedGates(again.summary.gates))).toMatchObject({
    verdict: 'fail',
    results: [{}, { gate: 'bindTrend', verdict: 'fail' }],
  });
  const kept = JSON.parse(readFileSync(join(evidenceFolder('slower'), 'history.json'), 'utf8')) as {
    metrics: { metric: string; values: number[] }[];
  };
  expect(kept.metrics[0]).toMatchObject({ metric: 'podBindP99' });
  expect(kept.metrics[0]?.values.at(-1)).toBe(1.5);

  // The next run settles it, as what it says itself.
  const settles = { metric: 'podBindP99', run: 'slower' };
  const back = await judgeValue('slower-again', 1.02);
  expect(back).toMatchObject({ verdict: 'pass', flagged: [{ ...settles, state: 'withdrawn' }] });
  expect(back.changes).toEqual([
    expect.stringMatching(/^podBindP99: step withdrawn, a single outlier: worse by 47 % .* in the run of 2026-08-21$/),
  ]);
  rmSync(evidenceFolder('slower-again'), { recursive: true });
  expect(await judgeValue('slower-again', 1.51)).toMatchObject({
    verdict: 'fail',
    flagged: [{ ...settles, state: 'confirmed' }],
    changes: [expect.stringMatching(/^podBindP99: step: worse by 4\d % .* confirmed 2026-08-21$/)],
  });
});

test('earlier runs that cannot be read cost the trend gates only', async () => {
  const follow = aGate({ name: 'bindTrend', source: { kind: 'trend', of: 'podBindP99', over: 20 }, failFast: false });
  const spec = { ...judged(), gates: [bind, follow] };
  openEvidence(spec).readings(SOAK, 'end', [resultOf(bind, 1), resultOf(follow, null)]);
  expect(await judge(spec, {}, { ...NO_REPORT, earlierRuns: noRuns })).toMatchObject({
    verdict: 'unmeasured',
    reasons: ['bindTrend is unmeasured (not-evaluated): earlier runs could not be read: the disk is gone'],
  });
});

/** A specification of which only what `judge` reads matters. */
function judged(): CampaignSpec {
  return aSpec({ campaign: 'judged', slug: 'bjudged', gates: [bind] });
}

async function judge(
  spec: CampaignSpec,
  more: Partial<JudgeInput> = {},
  adapters: Partial<JudgeAdapters> = {},
): Promise<JudgeResult> {
  const input: JudgeInput = {
    ...storedInput(spec, 'judge'),
    state: stateAfter(GREEN),
    evidence: [],
    facts: {},
    earlierSpecHashes: [],
    ...more,
  };
  const env = anAttempt();
  return await env.run(createJudge(pino({ level: 'silent' }), { ...JUDGE_ADAPTERS, ...adapters }), input);
}

function summaryOf(spec: CampaignSpec): Summary | undefined {
  return summaryInFolder(evidenceFolder(spec.campaign));
}

function noRuns(): Promise<never> {
  return Promise.reject(new Error('the disk is gone'));
}
