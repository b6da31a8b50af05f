import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultCapacity } from '../../../src/core/plan/capacity.ts';
import { clusterBytes, hostFit, localNeeds } from '../../../src/core/plan/host-fit.ts';
import { aPlan, aProfile, aRoom } from './make.ts';

const GB = 1e9;

/** Clusters with this many Pods each, 20 to a Node. */
function campaign(clusterCount: number, podsPerCluster: number, rampSeconds: number, churnPerMinute = 0) {
  const totalPods = clusterCount * podsPerCluster;
  const profile = aProfile();
  return {
    profile: { loadProfile: { ...profile.loadProfile, rampSeconds, churnPerMinute } },
    substrate: { type: 'local' as const },
    plan: aPlan({
      totalPods,
      clusterCount,
      machinesEffective: totalPods / 20,
      rampDemandPodsPerSec: totalPods / rampSeconds,
    }),
  };
}

describe('whether local clusters fit on their host', () => {
  test.for<[string, ReturnType<typeof campaign>, { cores: number; memoryBytes: number }, RegExp | undefined]>([
    ['the quickstart on a small host', campaign(1, 400, 20), { cores: 2, memoryBytes: 4 * GB }, undefined],
    ['four clusters on a host that suffices', campaign(4, 5_000, 240), { cores: 8, memoryBytes: 24 * GB }, undefined],
    [
      'too many Pods for the memory',
      campaign(4, 5_000, 240),
      { cores: 64, memoryBytes: 8 * GB },
      /^4 clusters with 5,000 Pods each need about [\d.]+ GB and \d+ cores?; this host has 8\.0 GB and 64 cores: they do not fit in its memory; allowed: /,
    ],
    [
      'a ramp that is too fast for the cores',
      campaign(4, 5_000, 60),
      { cores: 2, memoryBytes: 24 * GB },
      /^4 clusters with 5,000 Pods each need about [\d.]+ GB and \d+ cores; this host has 24 GB and 2 cores: it will have no CPU left/,
    ],
    [
      'a churn that is too fast for the cores',
      campaign(1, 5_000, 600, 6),
      { cores: 2, memoryBytes: 24 * GB },
      /^1 cluster with 5,000 Pods needs about .*: it will have no CPU left/,
    ],
  ])('%s', ([, question, host, sentence]) => {
    const fit = hostFit(question, host);
    const said = fit.fits ? fit.warning : fit.problem;
    if (sentence === undefined) expect(fit).toEqual({ fits: true });
    else expect(said).toMatch(sentence);
    expect(fit.fits).toBe(!(said ?? '').includes('do not fit'));
  });

  test('what is not free does not count, and the sentence says who has it', () => {
    const size = { cores: 8, memoryBytes: 24 * GB };
    const question = campaign(4, 5_000, 240);
    expect(hostFit(question, aRoom(size))).toEqual({ fits: true });
    const busy = aRoom({ ...size, freeBytes: 4.2 * GB, reservedBytes: 14 * GB, campaigns: 2 });
    expect(hostFit(question, busy)).toMatchObject({
      fits: false,
      problem: expect.stringMatching(
        /need about [\d.]+ GB and \d+ cores; this host has 24 GB and 8 cores, and 4\.2 GB of its memory are free \(2 campaigns under way reserved 14 GB\): they do not fit in the memory that is free; allowed: /,
      ) as string,
    });
    // Temporal and the worker are there already: of what is free only the clusters need something.
    const needed = 4 * clusterBytes(question);
    expect(hostFit(question, aRoom({ ...size, freeBytes: needed })).fits).toBe(true);
    expect(hostFit(question, aRoom({ ...size, freeBytes: needed - 1 })).fits).toBe(false);
  });

  test('borrowed clusters need nothing of a host', () => {
    const borrowed = { ...campaign(100, 5_000, 60), substrate: { type: 'kubeconfig' as const } };
    expect(localNeeds(borrowed)).toBeUndefined();
    expect(clusterBytes(borrowed)).toBe(0);
    expect(hostFit(borrowed, { cores: 1, memoryBytes: 1 })).toEqual({ fits: true });
  });

  test('as many clusters as a host takes by default fit in its memory', () => {
    const hosts = fc.record({ cores: fc.integer({ min: 1, max: 256 }), gib: fc.integer({ min: 3, max: 1_024 }) });
    fc.assert(
      fc.property(hosts, ({ cores, gib }) => {
        const host = { cores, memoryBytes: gib * 2 ** 30 };
        expect(hostFit(campaign(defaultCapacity(host), 1_000, 3_600), host).fits).toBe(true);
      }),
    );
  });
});
