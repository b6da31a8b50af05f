import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { convertCommand } from '../../src/cli/convert.ts';
import { convertLegacy } from '../../src/core/profile/convert-legacy.ts';
import { parseProfile } from '../../src/core/profile/parse.ts';

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
  it('is known as one', () => {
    const parsed = parseProfile(legacy, { file: 'old.yaml' });
    expect(parsed.ok ? '' : parsed.errors[0]?.allowed).toContain('belay convert');
  });

  it('becomes a profile that loads, with all that it says', () => {
    const converted = convertLegacy(legacy, 'old/scaleway-50k.legacy.yaml');
    const parsed = parseProfile(converted.ok ? converted.text : '', { file: 'new.yaml' });
    expect(parsed.ok && parsed.value).toMatchObject({
      metadata: { name: 'scaleway-50k' },
      system: 'bigfleet',
      scale: { machines: 50_000, density: 100 },
      seed: { configuredFraction: 0, idleHeadroomFraction: 1.2 },
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

  it('tells what it could not keep', () => {
    const converted = convertLegacy(legacy, 'old.yaml');
    const notes = converted.ok ? converted.notes.join('\n') : '';
    expect(notes).toContain(
      'it belongs to the values of the chart: image.repository, image.tag, shard.executeConcurrency.',
    );
    expect(notes).toContain('it belongs to the substrate (cluster and kwokPod): kwok.sharedVolumeSizeLimit.');
    expect(notes).toContain('it belongs to nothing upstream reads: slo.forgotten.');
    expect(notes).toContain('cluster.podsPerCluster 100000');
  });

  it('must say how large it is', () => {
    const converted = convertLegacy('kwok: { clusterCount: 5 }\nloadProfile:\n  target: none\n', 'old.yaml');
    expect(converted.ok ? [] : converted.errors).toMatchObject([{ path: 'loadProfile.target', line: 3, column: 3 }]);
  });
});

describe('belay convert', () => {
  it('writes a new file and never over an old one', async () => {
    const from = join(folder, 'old.yaml');
    const to = join(folder, 'new.yaml');
    writeFileSync(from, legacy);
    await run(from, '--output', to);
    expect(parseProfile(readFileSync(to, 'utf8')).ok).toBe(true);
    await expect(run(from, '--output', to)).rejects.toThrow(/new\.yaml: exists already/);
  });

  it('refuses what is no legacy profile', async () => {
    const from = join(folder, 'new.yaml');
    writeFileSync(from, 'apiVersion: belay.dev/v1\nkind: Profile\n');
    await expect(run(from)).rejects.toThrow(/not a legacy profile/);
    await expect(run(join(folder, 'nowhere.yaml'))).rejects.toThrow(/no such file/);
    expect(existsSync(join(folder, 'nowhere.yaml'))).toBe(false);
  });
});
