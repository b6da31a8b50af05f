import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatFileErrors } from '../../../src/core/files/file-error.ts';
import type { Parsed } from '../../../src/core/files/file-error.ts';
import { applyOverrides } from '../../../src/core/profile/overrides.ts';
import { profileFromObject, substrateFromObject } from '../../../src/core/profile/parse.ts';

interface Case {
  readonly set: Readonly<Record<string, unknown>>;
  readonly ok: boolean;
  readonly errorContains?: string;
  readonly errorAlsoContains?: string;
}

const cases = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../cases/bigfleet-validation.json'), 'utf8'),
) as Readonly<Record<'profile' | 'substrate' | 'costRouting', readonly Case[]>>;

const upstream = 'bigfleet.io/scaletest/v1';

/** The shape that upstream's tests start from. */
const profile = {
  apiVersion: upstream,
  kind: 'Profile',
  metadata: { name: '50k', description: 'a profile of 5 million Pods' },
  scale: { machines: 50_000, density: 100 },
  catalog: { archetypes: 'realistic' },
  seed: { configuredFraction: 0, speculativeMultiplier: 3, idleHeadroomFraction: 0.2 },
  loadProfile: { rampSeconds: 1800, soakSeconds: 1800, churnPerMinute: 0.02 },
};

const costRouting = {
  ...profile,
  seed: { speculativeCount: 5000, spotCount: 5000 },
  slo: {
    expectCostRouting: true,
    costRoutingTolerantPenaltyBucket: '0',
    costRoutingSensitivePenaltyBucket: '8',
    costRoutingMisroutedMax: 0,
  },
};

const substrate = {
  apiVersion: upstream,
  kind: 'Substrate',
  metadata: { name: 'example-fat-host', description: 'large hosts' },
  host: { vCPU: 80, memoryGiB: 160 },
  cluster: { podsPerCluster: 25_000, clustersPerHost: 10, storage: 'etcd', bindThroughputPodsPerSec: 30 },
  kwokPod: {
    requests: { cpu: '2', memory: '4Gi' },
    limits: { cpu: '8', memory: '32Gi' },
    sharedVolumeSizeLimit: '2Gi',
  },
  apiserver: { extraFlags: [] },
  costEstimate: { perHostUsdPerHour: 0, notes: '' },
  provisioning: 'by hand\n',
};

function told(parsed: Parsed<unknown>): string {
  return parsed.ok ? '' : formatFileErrors(parsed.errors);
}

function check({ ok, errorContains, errorAlsoContains }: Case, parsed: Parsed<unknown>): void {
  expect(parsed.ok, told(parsed)).toBe(ok);
  if (errorContains !== undefined) expect(told(parsed)).toContain(errorContains);
  if (errorAlsoContains !== undefined) expect(told(parsed)).toContain(errorAlsoContains);
}

describe("upstream's validation cases", () => {
  it.each(cases.profile)('profile with $set', (one) => {
    check(one, profileFromObject(profile, { overrides: one.set }));
  });

  it.each(cases.costRouting)('cost routing with $set', (one) => {
    check(one, profileFromObject(costRouting, { overrides: one.set }));
  });

  it.each(cases.substrate)('substrate with $set', (one) => {
    // Applied before, so that the message names the substrate rather than the override.
    const { raw } = applyOverrides(substrate, one.set);
    check(one, substrateFromObject(JSON.parse(JSON.stringify(raw))));
  });
});
