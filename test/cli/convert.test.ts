import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { convertCommand } from '../../src/cli/convert.ts';
import { convertLegacy } from '../../src/core/bigfleet/legacy/convert-legacy.ts';
import { formatFileErrors } from '../../src/core/files/file-error.ts';
import { checkFeasible } from '../../src/core/plan/feasibility.ts';
import { makePlan, tiers } from '../../src/core/plan/make-plan.ts';
import { parseCatalogue, parseProfile, substrateFromObject } from '../../src/core/profile/parse.ts';
import { repositoryFolder } from '../../src/adapters/host/folders.ts';
import recorded from '../cases/bigfleet-plan.json' with { type: 'json' };

const legacy = `image: { repository: example.com/harness, tag: main }
kwok: { clusterCount: 50, sharedVolumeSizeLimit: 2Gi }
shard: { replicas: 2, seedMachines: 60000, seedDensityMultiplier: 100, executeConcurrency: 256 }
coordinator: { replicas: 3 }
loadProfile: { target: 100000, churnPerMinute: 0.02, durationSeconds: 3600, settleSeconds: 60, burstAtStart: 4000 }
rampBudget: 60m
runnerActions: [{ atSeconds: 600, action: kill-coordinator-leader }]
slo: { internalBindingLatencyP99Seconds: 15, shardCycleDurationP99Seconds: 5, forgotten: 1 }
costEstimate: { vCPU: 256 }
`;

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-convert-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function run(...args: readonly string[]): Promise<void> {
  await convertCommand().exitOverride().parseAsync(args, { from: 'user' });
}

describe('a legacy profile', () => {
  it('is recognised', () => {
    const parsed = parseProfile(legacy, { file: 'old.yaml' });
    expect(parsed.ok ? '' : parsed.errors[0]?.allowed).toContain('belay convert');
  });

  it('becomes a valid profile with all its values', () => {
    const converted = convertLegacy(legacy, 'old/scaleway-50k.legacy.yaml');
    const parsed = parseProfile(converted.ok ? converted.text : '', { file: 'new.yaml' });
    expect(parsed.ok && parsed.value).toMatchObject({
      metadata: { name: 'scaleway-50k' },
      system: 'bigfleet',
      scale: { machines: 50_000, density: 100 },
      // 60,000 machines idle in each of two shards, for 50,000 machines in all.
      seed: { configuredFraction: 0, idleHeadroomFraction: 2.4 },
      loadProfile: {
        rampSeconds: 3600,
        soakSeconds: 3600,
        churnPerMinute: 0.02,
        settleSeconds: 60,
        bursts: [{ extraTarget: 4000 }],
      },
      rampBudgetMs: 3_600_000,
      runnerActions: [{ atSeconds: 600, action: 'kill-coordinator-leader' }],
      topology: { shardReplicas: 2, coordinatorReplicas: 3 },
      slo: { internalBindingLatencyP99Seconds: 15, shardCycleDurationP99Seconds: 5 },
    });
  });

  it('reports what could not be kept', () => {
    const converted = convertLegacy(legacy, 'old.yaml');
    const notes = converted.ok ? converted.notes.join('\n') : '';
    expect(notes).toContain(
      'it belongs to the values of the chart: image.repository, image.tag, shard.executeConcurrency.',
    );
    expect(notes).toContain('it belongs to the substrate (cluster and kwokPod): kwok.sharedVolumeSizeLimit.');
    expect(notes).toContain('it belongs to nothing upstream reads: slo.forgotten.');
    expect(notes).toContain('cluster.podsPerCluster 100000');
  });

  it('is refused without a size', () => {
    const converted = convertLegacy('kwok: { clusterCount: 5 }\nloadProfile:\n  target: none\n', 'old.yaml');
    expect(converted.ok ? [] : converted.errors).toMatchObject([
      { path: 'loadProfile.target', problem: 'wrong type', line: 3, column: 11 },
    ]);
    const none = convertLegacy('loadProfile: { durationSeconds: 60 }\n', 'old.yaml');
    expect(none.ok ? [] : none.errors.map(({ path, problem }) => `${path}: ${problem}`)).toEqual([
      'kwok.clusterCount: missing, it belongs under kwok',
      'loadProfile.target: missing, it belongs under loadProfile',
    ]);
  });

  it('is refused with every value of a wrong type, by its field and position', () => {
    const wrong = `kwok: { clusterCount: 1.5 }
shard: { seedMachines: "60000", seedSpeculative: -5, replicas: two }
loadProfile:
  target: 1e400
  durationSeconds: "3600"
  churnPerMinute: "0.02"
rampBudget: 60
runnerActions: [{ atSeconds: 600, action: kill-everything }]
slo: { shardCycleDurationP99Seconds: fast }
image: 5
`;
    const converted = convertLegacy(wrong, 'old.yaml');
    expect(
      converted.ok
        ? ''
        : formatFileErrors(converted.errors)
            .replaceAll(/; allowed: a.*/g, '; …')
            .replace(/one of .*/, '…'),
    ).toBe(
      `old.yaml:1:23 kwok.clusterCount: not a whole number; found 1.5 (number); …
old.yaml:2:24 shard.seedMachines: wrong type; found "60000" (string); …
old.yaml:2:50 shard.seedSpeculative: too small; found -5 (number); …
old.yaml:2:64 shard.replicas: wrong type; found "two" (string); …
old.yaml:4:11 loadProfile.target: not a finite number; found 1e400 (number); …
old.yaml:5:20 loadProfile.durationSeconds: wrong type; found "3600" (string); …
old.yaml:6:19 loadProfile.churnPerMinute: wrong type; found "0.02" (string); …
old.yaml:7:13 rampBudget: a duration needs its unit; found 60 (number); …
old.yaml:8:43 runnerActions[0].action: unknown action; found "kill-everything" (string); allowed: …
old.yaml:9:38 slo.shardCycleDurationP99Seconds: wrong type; found "fast" (string); …`,
    );
  });

  it('is refused when its fields contradict each other or exceed a limit together', () => {
    const late = convertLegacy(legacy.replace('atSeconds: 600', 'atSeconds: 3600'), 'old.yaml');
    expect(late.ok ? '' : formatFileErrors(late.errors)).toBe(
      'old.yaml:7:30 runnerActions[0].atSeconds: not before the end of the soak (3600 s); found 3600 (number); allowed: less than loadProfile.durationSeconds',
    );
    const huge = convertLegacy('kwok: { clusterCount: 100000 }\nloadProfile: { target: 100000 }\n', 'old.yaml');
    expect(huge.ok ? '' : formatFileErrors(huge.errors)).toMatch(
      /^old\.yaml:2:16 loadProfile\.target: gives scale\.machines: too large, 1000000000 is the most/,
    );
  });

  it('keeps the events of the driver at their times, and names the archetypes that they need', () => {
    const events = `bursts: [{ atSeconds: 3900, archetype: cpu-service, extraTarget: 2000 }],
  scaleDowns: [{ atSeconds: 4200, targetMultiplier: 0.5 }],
  demandSteps: [{ atSeconds: 4500, targetMultiplier: 0.8 }], openLoopDemandMultiplier: 1.5, archetypes: [{ name: a }]`;
    const converted = convertLegacy(legacy.replace('burstAtStart: 4000', events), 'old.yaml');
    const parsed = parseProfile(converted.ok ? converted.text : '', { file: 'new.yaml' });
    expect(parsed.ok && parsed.value.loadProfile).toMatchObject({
      bursts: [{ atSeconds: 300, archetype: 'cpu-service', extraTarget: 2000, durationSeconds: 0, selectivity: 1 }],
      scaleDowns: [{ atSeconds: 600, targetMultiplier: 0.5 }],
      demandSteps: [{ atSeconds: 900, targetMultiplier: 0.8 }],
      openLoopDemandMultiplier: 1.5,
    });
    const notes = converted.ok ? converted.notes.join('\n') : '';
    expect(notes).toContain('loadProfile.bursts ask for cpu-service: catalogue realistic must have them by that name');
    expect(notes).toContain('The archetypes of the file are no part of a profile');
    expect(notes).toContain(
      'it belongs to a catalogue (archetypes/NAME.yaml beside the profile): loadProfile.archetypes.',
    );
    const wrong = convertLegacy(legacy.replace('burstAtStart: 4000', 'bursts: [{ archetype: 5 }]'), 'old.yaml');
    expect(wrong.ok ? [] : wrong.errors.map(({ path, problem }) => [path, problem])).toEqual([
      ['loadProfile.bursts[0].atSeconds', 'missing, it belongs under loadProfile.bursts[0]'],
      ['loadProfile.bursts[0].extraTarget', 'missing, it belongs under loadProfile.bursts[0]'],
      ['loadProfile.bursts[0].archetype', 'wrong type'],
    ]);
  });

  it('keeps its tiers in each shard and cluster', () => {
    const realistic = parseCatalogue(
      readFileSync(join(repositoryFolder, 'profiles/archetypes/realistic.yaml'), 'utf8'),
    );
    const text = `kwok: { clusterCount: 100 }
shard: { replicas: 2, seedMachines: 50000, seedConfiguredPerCluster: 9000 }
loadProfile: { target: 10000, durationSeconds: 1800 }
`;
    const converted = convertLegacy(text, 'old.yaml');
    const parsed = parseProfile(converted.ok ? converted.text : '', { file: 'new.yaml' });
    expect(parsed.ok && parsed.value.seed).toMatchObject({ configuredFraction: 0.9, idleHeadroomFraction: 0.1 });
    if (!parsed.ok || !realistic.ok) throw new Error('neither may fail');
    const { idlePerShard, configuredPerCluster } = tiers(parsed.value, realistic.value, 100);
    // The catalogue asks for 995,999 machines, so its shares are a hair less than those of a million.
    expect(idlePerShard).toBeCloseTo(50_000, -3);
    expect(configuredPerCluster).toBeCloseTo(9_000, -2);
  });

  it('can be planned when the legacy seed is null', () => {
    const text = `kwok: { clusterCount: 50 }
shard: { replicas: 1, seedMachines: 0 }
loadProfile: { target: 1000, durationSeconds: 1800 }
`;
    const converted = convertLegacy(text, 'old.yaml');
    expect(converted.ok ? converted.notes.join('\n') : '').toContain('The legacy seed is 0 in every field');
    const parsed = parseProfile(converted.ok ? converted.text : '', { file: 'new.yaml' });
    const realistic = parseCatalogue(
      readFileSync(join(repositoryFolder, 'profiles/archetypes/realistic.yaml'), 'utf8'),
    );
    if (!parsed.ok || !realistic.ok) throw new Error('neither may fail');
    expect(parsed.value.seed.configuredFraction).toBe(1);
    const { substrate } = recorded;
    const placed = substrateFromObject({ ...substrate, cluster: { ...substrate.cluster, podsPerCluster: 1_000 } });
    if (!placed.ok) throw new Error(formatFileErrors(placed.errors));
    const install = { helm: { chart: 'bigfleet', release: 'bigfleet', namespace: 'bigfleet', values: {} } };
    const bigfleet = { capacity: 'system', gates: {}, extension: 'bigfleet', install } as const;
    const plan = makePlan(parsed.value, placed.value, realistic.value);
    expect(plan.clusterCount).toBe(50);
    expect(checkFeasible(parsed.value, placed.value, plan, realistic.value, bigfleet)).toEqual([]);
  });

  it('soaks ten minutes by default', () => {
    const text = legacy.replace('durationSeconds: 3600, ', '').replace('atSeconds: 600', 'atSeconds: 599');
    const converted = convertLegacy(text, 'old.yaml');
    const parsed = parseProfile(converted.ok ? converted.text : '', { file: 'new.yaml' });
    expect(parsed.ok && parsed.value.loadProfile.soakSeconds).toBe(600);
    expect(converted.ok ? converted.notes.join('\n') : '').toContain('upstream soaks ten minutes: soakSeconds 600.');
  });
});

describe('belay convert', () => {
  it('writes a new file and never replaces one', async () => {
    const from = join(folder, 'old.yaml');
    const to = join(folder, 'new.yaml');
    writeFileSync(from, legacy);
    await run(from, '--output', to);
    expect(parseProfile(readFileSync(to, 'utf8')).ok).toBe(true);
    await expect(run(from, '--output', to)).rejects.toThrow(/new\.yaml: exists already/);
  });

  it('refuses a file that is not a legacy profile', async () => {
    const from = join(folder, 'new.yaml');
    writeFileSync(from, 'apiVersion: belay.dev/v1\nkind: Profile\n');
    await expect(run(from)).rejects.toThrow(/not a legacy profile/);
    await expect(run(join(folder, 'nowhere.yaml'))).rejects.toThrow(/no such file/);
    expect(existsSync(join(folder, 'nowhere.yaml'))).toBe(false);
  });
});
