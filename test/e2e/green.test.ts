import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { manifestProblems } from '../../src/adapters/evidence/manifest.ts';
import { repositoryFolder } from '../../src/adapters/host/folders.ts';
import { withBelay, type Belay } from './belay-cli.ts';
import { gateRow, recordOf, type CampaignRecord } from './campaign-record.ts';
import { addProfile, SMALL_CATALOGUE, smallProfile } from './small-profile.ts';

const PODS = 36;
const GATES = ['podBindP50', 'podBindP99', 'podsBound', 'podsUnschedulable', 'schedulerAttemptP99'];

test('two campaigns at once pass, each with its whole evidence, and nothing is left of either', async () => {
  await withBelay(async (belay) => {
    belay.write('elsewhere/archetypes/small.yaml', SMALL_CATALOGUE);
    const path = belay.write('elsewhere/outside.yaml', smallProfile({ name: 'outside' }));
    addProfile(belay, { name: 'inside', failNodeAtSeconds: 2 });
    const [outside, inside] = await Promise.all([
      belay.run(['run', path, '--id', 'outside-1']),
      belay.run(['run', 'inside', '--id', 'inside-1']),
    ]);
    for (const ended of [outside, inside]) {
      expect(ended.exitCode, ended.stderr).toBe(0);
      for (const gate of GATES) expect(gateRow(ended.stdout, gate)).toMatch(/measured.*pass/);
      expect(ended.stdout).toMatch(/verdict {2}PASS/);
      expect(ended.stdout).toContain(`evidence  ${belay.runs}`);
      expect(ended.stdout).toMatch(/next {6}\.\/belay /);
    }
    const records = [recordOf(belay, 'outside-1'), recordOf(belay, 'inside-1')] as const;
    for (const record of records) await isWhole(belay, record);
    const [first, second] = records;
    expect(first.spec.slug).not.toBe(second.spec.slug);
    expect(first.summary.facts['provision']?.['clusterUids']).not.toBe(
      second.summary.facts['provision']?.['clusterUids'],
    );
    expect(first.summary.facts['provision']?.['prometheus']).not.toBe(
      second.summary.facts['provision']?.['prometheus'],
    );

    // A Node was taken out and brought back, and what it carried was replaced.
    expect(second.timeline.filter(({ what }) => what === 'action').map(({ detail }) => detail)).toEqual([
      expect.stringMatching(/^fail-node: node \S+ fails$/),
      expect.stringMatching(/^fail-node: node \S+ has the taint \S+ and no Pod of the campaign, and is NotReady$/),
      expect.stringMatching(/^fail-node: node \S+ is Ready and takes Pods again$/),
    ]);
    expect(second.summary.facts['soak']?.['podsLost']).toBeGreaterThan(0);
    expect(first.summary.facts['soak']?.['podsLost']).toBe(0);

    // Both were taken with the same things; only what was asked for differs.
    expect(second.summary.fingerprint).toBe(first.summary.fingerprint);
    expect(second.summary.specHash).not.toBe(first.summary.specHash);

    const judgedByPath = await belay.run(['judge', join(first.folder, 'summary.json'), '--profile', path]);
    expect(judgedByPath.exitCode, judgedByPath.stdout + judgedByPath.stderr).toBe(0);
    const judgedByName = await belay.run(['judge', second.folder, '--output', 'json']);
    expect(judgedByName.exitCode, judgedByName.stdout + judgedByName.stderr).toBe(0);
    expect(judgedByPath.stdout).toMatch(
      /^fingerprint [0-9a-f]{12}: code \S+ \(sha256 [0-9a-f]{12}\).*, 7 tools, 1 image$/m,
    );
    expect((JSON.parse(judgedByName.stdout) as { belay: { verdict: string } }).belay.verdict).toBe('pass');
  });
});

async function isWhole(belay: Belay, { folder, spec, summary, timeline, readings }: CampaignRecord): Promise<void> {
  expect(readdirSync(folder).sort()).toEqual(
    expect.arrayContaining([
      'MANIFEST.json',
      'junit.xml',
      'logs',
      'plan.json',
      'prometheus',
      'host.jsonl',
      'identity.jsonl',
      'readings.jsonl',
      'report.html',
      'spec.json',
      'summary.json',
      'timeline.jsonl',
    ]),
  );
  expect(await manifestProblems(folder)).toEqual([]);
  expect(readdirSync(join(folder, 'prometheus', 'series'))).toEqual(
    expect.arrayContaining(GATES.map((gate) => expect.stringContaining(gate) as string)),
  );
  expect(readdirSync(join(folder, 'prometheus', 'snapshot')).length).toBeGreaterThan(0);
  for (const component of ['etcd', 'kube-apiserver', 'kube-scheduler', 'kube-controller-manager', 'kwok-controller'])
    expect(readdirSync(join(folder, 'logs'))).toContain(`${spec.slug}-c0-${component}.log`);

  const text = readFileSync(join(folder, 'spec.json'), 'utf8');
  for (const secret of [
    belay.folder,
    repositoryFolder,
    'BEGIN ',
    'kube-apiserver --',
    '"args"',
    '"command"',
    '"env":{"P',
  ])
    expect(text).not.toContain(secret);
  const { profile, substrate, catalogue, system, gates, plan, randomSeed } = spec;
  const tested = { profile, substrate, catalogue, system, gates, plan, randomSeed };
  expect(spec.specHash).toBe(createHash('sha256').update(JSON.stringify(tested)).digest('hex'));
  expect(summary.specHash).toBe(spec.specHash);
  isIdentified(summary);

  for (const key of ['runId', 'profile', 'target', 'cost', 'scale', 'metrics', 'passed'])
    expect(summary).toHaveProperty(key);
  expect(summary).toMatchObject({
    verdict: 'pass',
    passed: true,
    ending: 'completed',
    reasons: [],
    breaches: [],
    decisions: [],
  });
  expect(Object.keys(summary.metrics)).toEqual(expect.arrayContaining(GATES));
  for (const { reading } of summary.gates.filter(({ counts }) => counts !== false)) {
    expect(reading.quality).toBe('measured');
    expect(reading.samples).toBeGreaterThan(0);
  }
  expect(summary.facts['ramp']).toMatchObject({ podsWanted: PODS, podsCreated: PODS, podsExisting: 0 });
  expect(summary.facts['soak']).toMatchObject({ podsBound: PODS, podsPresent: PODS });
  expect(summary.load).toMatchObject({ asked: PODS, created: PODS });
  expect(readings.length).toBeGreaterThan(GATES.length);
  // No window reaches into settling, into the wait for the last Pods, or beyond the soak.
  const { soakStartMs, soakEndMs } = summary.facts['soak'] ?? {};
  for (const { stage, execution, moment, reading } of readings) {
    expect({ stage, execution }).toEqual({ stage: 'soak', execution: 1 });
    expect(reading.windowStartMs).toBeGreaterThanOrEqual(Number(soakStartMs));
    expect(reading.windowEndMs).toBeLessThanOrEqual(Number(soakEndMs));
    if (moment === 'end') expect(reading.windowEndMs).toBe(soakEndMs);
  }
  for (const { stage, execution } of summary.gates)
    expect({ stage, execution }).toEqual({ stage: 'soak', execution: 1 });

  // Every stage began and ended once, in its order. Teardown is on record although the manifest was written before it.
  const order = ['provision', 'install', 'seed', 'ramp', 'steady', 'soak', 'snapshot', 'judge', 'teardown'];
  const stagesOf = (wanted: string): readonly string[] =>
    timeline.filter(({ what }) => what === wanted).map(({ stage }) => stage);
  expect(stagesOf('began')).toEqual(order);
  expect(stagesOf('ended')).toEqual(order);
}

/** Asserts that the summary says what the readings were taken with: all of it, and no path of this machine. */
function isIdentified({ identity, fingerprint }: CampaignRecord['summary']): void {
  const sha256 = expect.stringMatching(/^[0-9a-f]{64}$/) as string;
  const named = (name: string): object => ({
    name,
    version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
    sha256,
  });
  expect(fingerprint).toEqual(sha256);
  expect(identity).toEqual({
    code: [expect.objectContaining({ version: '0.1.0', contentSha256: sha256 })],
    hosts: [expect.objectContaining({ node: process.version, cores: cpus().length })],
    temporal: { version: expect.stringMatching(/^\d+\.\d+/) as string, sha256 },
    tools: ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kwok', 'kwokctl', 'prometheus'].map(
      named,
    ),
    clusters: [{ version: expect.stringMatching(/^v1\./) as string, platform: 'linux/amd64', count: 1, nodes: [] }],
    system: { name: 'kube-scheduler', fileSha256: sha256, manifestsSha256: null, chart: null, files: [] },
    images: [{ of: 'load', image: expect.stringMatching(/pause/) as string, imageId: 'none' }],
    unknown: [],
  });
  expect(JSON.stringify(identity)).not.toContain(repositoryFolder);
}
