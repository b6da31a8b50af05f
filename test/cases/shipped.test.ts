import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCampaign } from '../../src/adapters/files/load-campaign.ts';
import type { CampaignFiles } from '../../src/adapters/files/load-campaign.ts';
import { repositoryFolder } from '../../src/adapters/host/folders.ts';
import { planCampaign } from '../../src/core/plan/plan-campaign.ts';
import type { PlannedCampaign } from '../../src/core/plan/plan-campaign.ts';
import { formatFileErrors } from '../../src/core/files/file-error.ts';
import { profileFromObject, substrateFromObject } from '../../src/core/profile/parse.ts';
import { podsOf } from '../core/plan/make.ts';
import recorded from './bigfleet-plan.json' with { type: 'json' };
import cases from './bigfleet-validation.json' with { type: 'json' };

function filesOf(profile: string, substrate: string): CampaignFiles {
  const files = loadCampaign({ profile: { name: profile }, substrate, overrides: {} }, [repositoryFolder]);
  if (!files.ok) throw new Error(formatFileErrors(files.errors));
  return files;
}

function planOf(profile: string, substrate: string): Extract<PlannedCampaign, { ok: true }> {
  const files = filesOf(profile, substrate);
  const planned = planCampaign({ ...files, system: files.system.value });
  if (!planned.ok) throw new Error(planned.errors.map(({ message }) => message).join('\n'));
  return planned;
}

/** A copy with values put in by dotted path. */
function changed(base: unknown, set: object): Record<string, unknown> {
  const copy = structuredClone(base) as Record<string, unknown>;
  for (const [path, value] of Object.entries(set)) {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    let inner = copy;
    for (const key of keys) inner = (inner[key] ??= {}) as Record<string, unknown>;
    inner[last] = value;
  }
  return copy;
}

describe('what upstream refuses', () => {
  const costRouting = {
    'seed.spotCount': 100,
    'seed.speculativeMultiplier': 0,
    'seed.speculativeCount': 100,
    'slo.expectCostRouting': true,
    'slo.costRoutingTolerantPenaltyBucket': '0',
    'slo.costRoutingSensitivePenaltyBucket': '8',
  };

  it.each([
    ...cases.profile,
    ...cases.costRouting.map((each) => ({ ...each, set: { ...costRouting, ...each.set } })),
    { set: costRouting, ok: true },
  ])('profile with $set', ({ set, ok, ...expected }) => {
    const parsed = profileFromObject(changed(recorded.profile, set));
    expect(parsed.ok).toBe(ok);
    if (!parsed.ok && 'errorContains' in expected)
      expect(formatFileErrors(parsed.errors)).toContain(expected.errorContains);
  });

  it.each(cases.substrate)('substrate with $set', ({ set, ok, ...expected }) => {
    const parsed = substrateFromObject(changed(recorded.substrate, set));
    expect(parsed.ok).toBe(ok);
    if (!parsed.ok && 'errorContains' in expected) {
      const path = expected.errorContains === '<unnamed>' ? 'host.vCPU' : expected.errorContains;
      expect(formatFileErrors(parsed.errors)).toContain(path);
    }
  });
});

describe('the shipped profiles', () => {
  const pairs = ['5k', '50k', '500k', '1m', '5m'].flatMap((profile) =>
    ['fat-host', 'mid-host', 'laptop'].map((substrate) => [profile, substrate] as const),
  );

  it.each(pairs)('%s on %s can be planned', (profile, substrate) => {
    const { plan } = planOf(profile, substrate);
    expect(plan.clusterCount).toBeGreaterThan(0);
    expect(plan.hostsNeeded).toBeGreaterThan(1);
    expect(podsOf(plan).reduce((sum, pods) => sum + pods, 0)).toBe(plan.totalPods);
  });

  const names = readdirSync(`${repositoryFolder}/profiles`)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => basename(name, '.yaml'));

  it.each(names)('%s can be planned where it belongs', (profile) => {
    const { system } = filesOf(profile, 'fat-host').profile;
    expect(planOf(profile, system === 'bigfleet' ? 'fat-host' : 'local').gates.length).toBeGreaterThan(0);
  });

  it('have the machines that are recorded', () => {
    expect(planOf('dev-50', 'laptop').plan.machinesEffective).toBe(610);
    expect(planOf('5k', 'fat-host').plan.machinesEffective).toBe(5_784);
    expect(planOf('50k', 'fat-host').plan.machinesEffective).toBe(56_892);
  });

  it('test scarcity, cost routing and failover as upstream does', () => {
    const scarcity = filesOf('scarcity-5k', 'mid-host').profile;
    expect(scarcity).toMatchObject({
      scale: { machines: 5_000 },
      slo: { expectStandingShortfall: true, shortfallConfinedBelowPriorityClass: 'batch' },
      seed: { speculativeMultiplier: 0, idleHeadroomFraction: 0 },
    });
    expect(scarcity.slo.shortfallStabilityMax).toBeGreaterThan(0);
    expect(scarcity.slo.expectPreemptions ?? false).toBe(false);
    expect(scarcity.seed.configuredFraction).toBeGreaterThan(0);
    expect(scarcity.seed.configuredFraction).toBeLessThan(1);
    expect(scarcity.loadProfile.openLoopDemandMultiplier).toBeGreaterThan(1);

    const { profile: routing, catalogue } = filesOf('cost-routing-5k', 'fat-host');
    expect(routing.slo.expectCostRouting).toBe(true);
    expect(routing.seed).toMatchObject({ preBind: false, configuredFraction: 0, idleHeadroomFraction: 0 });
    expect(Math.min(routing.seed.spotCount, routing.seed.speculativeCount)).toBeGreaterThan(0);
    expect(routing.slo.costRoutingTolerantPenaltyBucket).not.toBe(routing.slo.costRoutingSensitivePenaltyBucket);
    expect(catalogue.archetypes.filter((archetype) => archetype.interruptionPenalty > 0)).toHaveLength(1);
    expect(catalogue.archetypes).toHaveLength(2);

    expect(filesOf('failover-leader', 'fat-host').profile).toMatchObject({
      runnerActions: [{ action: 'kill-coordinator-leader' }],
      topology: { shardReplicas: 0 },
    });
    expect(filesOf('failover-partition', 'fat-host').profile).toMatchObject({
      runnerActions: [{ action: 'partition-coordinator-from-shard-bigfleet-shard-1' }],
      topology: { shardReplicas: 2 },
    });
  });
});
