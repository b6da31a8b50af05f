import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STAGES } from '../../../src/core/model/stages.ts';
import { backoffTotalMs, deriveDeadlines, remainingMs } from '../../../src/core/plan/deadlines.ts';
import {
  ATTEMPTS,
  BEAT_PERIOD_MS,
  HEARTBEAT_MS,
  LAST_SWEEP_MS,
  OVERLOADED_PODS_PER_SECOND_FLOOR,
  UNANSWERED_LIMIT_MS,
} from '../../../src/core/plan/limits.ts';
import type { StageDeadline, StageDeadlines } from '../../../src/core/plan/deadline-model.ts';
import type { DeadlineResult } from '../../../src/core/plan/deadlines.ts';
import type { Profile } from '../../../src/core/model/profile.ts';
import { parseDuration } from '../../../src/core/text/duration.ts';
import { COMMON_END } from '../../../src/core/plan/stages/common-end.ts';
import { aPlan, aProfile, aSubstrate } from './make.ts';

/** Whether an activity waits for a common end of groups. */
function hasCommonEnd({ derivation }: StageDeadline): boolean {
  return derivation.some(({ id }) => id === COMMON_END);
}

function derive(change: Partial<Profile>, clusters = 2): DeadlineResult {
  const plan = aPlan({ clusterCount: clusters, totalPods: clusters * 2_500 });
  return deriveDeadlines({ profile: aProfile(change), plan, substrate: aSubstrate() });
}

function accepted(result: DeadlineResult): StageDeadlines {
  if (!result.ok) throw new Error(result.errors.map((error) => error.message).join('\n'));
  return result.deadlines;
}

function refusals(result: DeadlineResult): readonly string[] {
  return result.ok ? [] : result.errors.map((error) => error.message);
}

/** One attempt of teardown with eight clusters and a system that may take 20 minutes. */
function teardown(type: 'local' | 'kubeconfig', chartsPerCluster: number): number {
  const profile = aProfile({ deadlines: { systemReadyMs: 1_200_000 } });
  const parts = { profile, plan: aPlan({ clusterCount: 8 }), substrate: aSubstrate({ type }) };
  return accepted(deriveDeadlines({ ...parts, system: { chartsPerCluster } })).stages.teardown.attemptMs;
}

function durationIn(message: string | undefined, where: RegExp): number {
  return parseDuration(where.exec(message ?? '')?.[1] ?? '') ?? Number.NaN;
}

describe('deriveDeadlines', () => {
  it('names both sides and what would be allowed when an outer limit is shorter than one inner wait', () => {
    const [message, ...others] = refusals(derive({ deadlines: { seedMs: 30_000, nodeReadyMs: 300_000 } }));
    expect(others).toEqual([]);
    expect(message).toMatch(
      /^deadlines\.seed 30s is shorter than its inner wait deadlines\.nodeReady 5m; allowed: at least 6m\d+s$/,
    );
  });

  it('says how much shorter the inner wait would have to be, where that is possible', () => {
    const [message] = refusals(derive({ deadlines: { seedMs: 150_000, nodeReadyMs: 110_000 } }));
    expect(message).toMatch(
      /^deadlines\.seed 2m30s is shorter than the sum of its inner waits .* deadlines\.nodeReady 1m50s/,
    );
    const nodeReadyMs = durationIn(message, /or nodeReady at most (\w+)$/);
    expect(derive({ deadlines: { seedMs: 150_000, nodeReadyMs } }).ok).toBe(true);
    expect(derive({ deadlines: { seedMs: 150_000, nodeReadyMs: nodeReadyMs + 1_000 } }).ok).toBe(false);
  });

  it('accepts exactly the least limit that the message allows', () => {
    const [message] = refusals(derive({ deadlines: { seedMs: 30_000, nodeReadyMs: 300_000 } }));
    const seedMs = durationIn(message, /at least (\w+)$/);
    expect(derive({ deadlines: { seedMs, nodeReadyMs: 300_000 } }).ok).toBe(true);
    expect(derive({ deadlines: { seedMs: seedMs - 1_000, nodeReadyMs: 300_000 } }).ok).toBe(false);
  });

  it('refuses a check interval shorter than the query inside it', () => {
    expect(refusals(derive({ deadlines: { gateIntervalMs: 2_000, queryMs: 8_000 } }))).toEqual([
      'deadlines.gateInterval 2s is shorter than its inner wait deadlines.query 8s; ' +
        'allowed: deadlines.gateInterval at least 8s, or deadlines.query at most 2s',
    ]);
    expect(accepted(derive({ deadlines: { queryMs: 8_000 } })).budgets.gateIntervalMs).toBe(8_000);
  });

  it('refuses a soak in which no check falls due', () => {
    expect(refusals(derive({ deadlines: { gateIntervalMs: 61_000 } }))).toEqual([
      'loadProfile.soakSeconds 1m is shorter than its inner wait deadlines.gateInterval 1m1s; ' +
        'allowed: loadProfile.soakSeconds at least 1m1s, or deadlines.gateInterval at most 1m',
    ]);
  });

  it('refuses less readiness than the system file gives itself', () => {
    const input = {
      profile: aProfile({ deadlines: { systemReadyMs: 60_000 } }),
      plan: aPlan(),
      substrate: aSubstrate(),
    };
    const result = deriveDeadlines({ ...input, system: { readyTimeoutMs: 300_000 } });
    expect(refusals(result)[0]).toContain(
      "deadlines.systemReady 1m is shorter than its inner wait the system's ready.timeout 5m",
    );
  });

  it('adds the delay of the substrate to what a Node may take, and refuses less than it', () => {
    const slow = aSubstrate({ local: { env: {}, nodeReadyDelaySeconds: 660 } });
    const input = { plan: aPlan(), substrate: slow };
    expect(accepted(deriveDeadlines({ ...input, profile: aProfile({}) })).budgets.nodeReadyMs).toBe(780_000);
    const short = deriveDeadlines({ ...input, profile: aProfile({ deadlines: { nodeReadyMs: 600_000 } }) });
    expect(refusals(short)).toContain(
      "deadlines.nodeReady 10m is shorter than its inner wait the substrate's local.nodeReadyDelaySeconds 11m; " +
        "allowed: deadlines.nodeReady at least 11m, or the substrate's local.nodeReadyDelaySeconds at most 10m",
    );
  });

  it('reports every refusal at once', () => {
    const result = derive({ deadlines: { seedMs: 1_000, provisionMs: 1_000, gateIntervalMs: 1_000, queryMs: 2_000 } });
    expect(refusals(result)).toHaveLength(3);
  });

  it('waits longer for more clusters', () => {
    const few = accepted(derive({}, 4)).stages.provision.attemptMs;
    const many = accepted(derive({}, 5)).stages.provision.attemptMs;
    expect(many - few).toBeGreaterThanOrEqual(120_000);
  });

  it.each(['ramp', 'steady', 'soak'] as const)('lets %s wait for an overloaded server', (stage) => {
    const few = accepted(derive({}, 1)).stages[stage];
    expect(few.attemptMs).toBeGreaterThan(2 * UNANSWERED_LIMIT_MS);
    const plan = aPlan({ clusterCount: 1, totalPods: 20_000 });
    const many = accepted(deriveDeadlines({ profile: aProfile(), plan, substrate: aSubstrate() })).stages[stage];
    expect(many.attemptMs - few.attemptMs).toBeGreaterThan(17_500_000 / OVERLOADED_PODS_PER_SECOND_FLOOR);
  });

  it('gives the waits for such a server what a limit of the profile leaves them, down to nothing', () => {
    const waits = ['watchesAnswered', 'overload'];
    const under = (rampMs: number): StageDeadlines['stages']['ramp'] =>
      accepted(derive({ deadlines: { rampMs } })).stages.ramp;
    const msOf = (rampMs: number): number =>
      under(rampMs)
        .derivation.filter(({ id }) => waits.includes(id))
        .reduce((sum, { count, eachMs }) => sum + count * eachMs, 0);
    const [message] = refusals(derive({ deadlines: { rampMs: 1_000 } }));
    const leastMs = durationIn(message, /at least (\w+)/);
    expect(msOf(leastMs)).toBe(0);
    expect(msOf(leastMs + 100_000)).toBeGreaterThan(98_000);
    expect(msOf(leastMs + 100_000)).toBeLessThanOrEqual(100_000);
    expect(under(leastMs + 100_000).attemptMs).toBe(leastMs + 100_000);
    const enoughMs = leastMs + 10_000_000;
    expect(msOf(enoughMs)).toBe(
      accepted(derive({}))
        .stages.ramp.derivation.filter(({ id }) => waits.includes(id))
        .reduce((sum, { count, eachMs }) => sum + count * eachMs, 0),
    );
  });

  it('lets teardown wait for a chart in a borrowed cluster, and for none where there is none', () => {
    expect(teardown('kubeconfig', 1) - teardown('kubeconfig', 0)).toBeGreaterThan(2 * 1_200_000);
    expect(teardown('local', 1)).toBe(teardown('local', 0));
  });

  it('lets hosts of a hosted substrate wait side by side', () => {
    const plan = aPlan({ clusterCount: 200, totalPods: 200 * 25_000 });
    const hosted = accepted(deriveDeadlines({ profile: aProfile(), plan, substrate: aSubstrate({ type: 'hosted' }) }));
    const local = accepted(deriveDeadlines({ profile: aProfile(), plan, substrate: aSubstrate() }));
    expect(hosted.stages.provision.attemptMs).toBeLessThan(local.stages.provision.attemptMs / 4);
  });

  it('lets groups wait side by side, and adds what only they wait for', () => {
    const input = { profile: aProfile(), plan: aPlan({ clusterCount: 400 }), substrate: aSubstrate(), holdMs: 0 };
    const alone = accepted(deriveDeadlines(input));
    const placed = accepted(deriveDeadlines({ ...input, placed: { hostWaitMs: 600_000 } }));
    expect(alone.soakParts).toBeUndefined();
    expect(placed.stages.provision.attemptMs).toBeLessThan(alone.stages.provision.attemptMs / 3);
    const { stages, soakParts } = placed;
    const soakMs = (soakParts?.drive.stageMs ?? NaN) + (soakParts?.watch.stageMs ?? NaN);
    const others = STAGES.filter((stage) => stage !== 'soak').reduce((sum, stage) => sum + stages[stage].stageMs, 0);
    // The lead's evidence and teardown come after those of the others, and a placement comes first.
    const leadLastMs = stages.snapshot.stageMs + stages.teardown.stageMs;
    expect(placed.campaignMs).toBeGreaterThanOrEqual(others + soakMs + leadLastMs + 600_000);
    expect(remainingMs({ stages: STAGES, deadlines: placed }, 'snapshot')).toBeGreaterThanOrEqual(
      2 * stages.snapshot.stageMs + stages.judge.stageMs + 2 * stages.teardown.stageMs,
    );
  });

  it.each([
    [400, false],
    [1_000, true],
  ])('gives the activities of groups a common end where there are many: %i clusters, %s', (clusterCount, expected) => {
    const input = { profile: aProfile(), plan: aPlan({ clusterCount }), substrate: aSubstrate() };
    const { stages, soakParts } = accepted(deriveDeadlines({ ...input, placed: { hostWaitMs: 1 } }));
    const ofGroups = ['provision', 'install', 'seed', 'ramp', 'steady', 'snapshot', 'teardown'] as const;
    expect(ofGroups.map((stage) => hasCommonEnd(stages[stage]))).toEqual(ofGroups.map(() => expected));
    expect(soakParts && hasCommonEnd(soakParts.drive)).toBe(expected);
    expect([stages.resolve, stages.judge, ...(soakParts ? [soakParts.watch] : [])].some(hasCommonEnd)).toBe(false);
    const alone = accepted(deriveDeadlines(input));
    expect(STAGES.some((stage) => hasCommonEnd(alone.stages[stage]))).toBe(false);
  });

  it('gives both parts of a soak what they wait for', () => {
    const input = { profile: aProfile(), plan: aPlan(), substrate: aSubstrate(), placed: { hostWaitMs: 1 } };
    const { soakParts } = accepted(deriveDeadlines(input));
    const soakMs = aProfile().loadProfile.soakSeconds * 1_000;
    for (const part of ['drive', 'watch'] as const) {
      const { attemptMs = 0, derivation = [] } = soakParts?.[part] ?? {};
      const inner = derivation
        .filter(({ id }) => id !== 'margin')
        .reduce((sum, step) => sum + step.count * step.eachMs, 0);
      expect(attemptMs).toBeGreaterThan(inner);
      expect(inner).toBeGreaterThan(soakMs);
    }
  });

  it('takes the hold from the starter, then from the profile, then half an hour', () => {
    const input = { profile: aProfile({ holdMs: 60_000 }), plan: aPlan(), substrate: aSubstrate() };
    expect(accepted(deriveDeadlines({ ...input, holdMs: 0 })).holdMs).toBe(0);
    expect(accepted(deriveDeadlines(input)).holdMs).toBe(60_000);
    expect(accepted(derive({})).holdMs).toBe(1_800_000);
  });
});

const duration = fc.oneof(fc.integer({ min: 1_000, max: 900_000 }), fc.integer({ min: 1, max: 5_000 }));
const innerNames = [
  'clusterReadyMs',
  'nodeReadyMs',
  'podReadyMs',
  'systemReadyMs',
  'apiCallMs',
  'queryMs',
  'snapshotMs',
  'processStopMs',
  'gateIntervalMs',
] as const;
const outerNames = ['provisionMs', 'installMs', 'seedMs', 'rampMs', 'steadyMs', 'teardownMs'] as const;

/** Profiles with any subset of waits set, large limits and small ones alike. */
const anyCase = fc.record({
  inner: fc.dictionary(fc.constantFrom(...innerNames), duration, { maxKeys: 5, noNullPrototype: true }),
  outer: fc.dictionary(
    fc.constantFrom(...outerNames),
    fc.oneof(duration, fc.integer({ min: 600_000, max: 40_000_000 })),
    {
      maxKeys: 3,
      noNullPrototype: true,
    },
  ),
  rampSeconds: fc.integer({ min: 1, max: 20_000 }),
  soakSeconds: fc.integer({ min: 0, max: 90_000 }),
  settleSeconds: fc.integer({ min: 0, max: 5_000 }),
  clusters: fc.integer({ min: 1, max: 400 }),
  pods: fc.integer({ min: 1, max: 100_000 }),
  rampBudgetMs: fc.integer({ min: 900_000, max: 20_000_000 }),
  actions: fc.integer({ min: 0, max: 4 }),
  type: fc.constantFrom('local' as const, 'hosted' as const, 'kubeconfig' as const),
  charts: fc.integer({ min: 0, max: 1 }),
  holdMs: fc.integer({ min: 0, max: 7_200_000 }),
});

describe('every inequality', () => {
  it('holds for each accepted profile, and each refusal names both sides with values', () => {
    let kept = 0;
    let refused = 0;
    fc.assert(
      fc.property(anyCase, (drawn) => {
        const base = aProfile();
        const profile = aProfile({
          loadProfile: {
            ...base.loadProfile,
            rampSeconds: drawn.rampSeconds,
            soakSeconds: drawn.soakSeconds,
            settleSeconds: drawn.settleSeconds,
          },
          deadlines: { ...drawn.inner, ...drawn.outer },
          runnerActions: Array.from({ length: drawn.actions }, () => ({ atSeconds: 1, action: 'fail-node' })),
          holdMs: drawn.holdMs,
        });
        const plan = aPlan({
          clusterCount: drawn.clusters,
          totalPods: drawn.clusters * drawn.pods,
          rampBudgetMs: drawn.rampBudgetMs,
        });
        const substrate = aSubstrate({ type: drawn.type });
        const result = deriveDeadlines({ profile, plan, substrate, system: { chartsPerCluster: drawn.charts } });
        if (result.ok) {
          kept += 1;
          everyInequalityHolds(result.deadlines, profile);
          const { budgets, stages } = result.deadlines;
          const uninstallMs = drawn.type === 'local' ? 0 : drawn.charts * (budgets.systemReadyMs + budgets.apiCallMs);
          const sweep = stages.teardown.derivation.find(({ id }) => id === 'objectsDeleted');
          expect(sweep === undefined).toBe(drawn.type === 'local');
          expect(stages.teardown.attemptMs).toBeGreaterThan(uninstallMs + (sweep?.eachMs ?? 0));
          return;
        }
        refused += 1;
        expect(result.errors.length).toBeGreaterThan(0);
        for (const error of result.errors) {
          expect(error.message).toContain(error.outer);
          expect(error.message).toContain(error.inner);
          expect(error.message).toContain('allowed');
          expect(error.message).toMatch(/\d+(d|h|m|s|ms).* \d+(d|h|m|s|ms)/);
        }
      }),
      { numRuns: 3_000 },
    );
    // Neither side of the property is vacuous.
    expect(Math.min(kept, refused)).toBeGreaterThan(300);
  });
});

function everyInequalityHolds(deadlines: StageDeadlines, profile: Profile): void {
  const { budgets } = deadlines;
  let sum = 0;
  for (const stage of STAGES) {
    const { attemptMs, attempts, stageMs, heartbeatMs, queueWaitMs, derivation } = deadlines.stages[stage];
    const waits = derivation.filter((step) => step.what !== 'margin');
    const inner = waits.reduce((total, step) => total + step.count * step.eachMs, 0);
    expect(attemptMs).toBeGreaterThan(inner);
    expect(attemptMs).toBe(derivation.reduce((total, step) => total + step.count * step.eachMs, 0));
    for (const step of waits) expect(attemptMs).toBeGreaterThan(step.count * step.eachMs);
    expect(attempts).toBeGreaterThanOrEqual(ATTEMPTS);
    expect(stageMs).toBeGreaterThanOrEqual(attempts * (attemptMs + queueWaitMs) + backoffTotalMs());
    expect(heartbeatMs).toBeGreaterThanOrEqual(3 * BEAT_PERIOD_MS);
    expect(heartbeatMs).toBeLessThanOrEqual(30_000);
    expect(attemptMs).toBeGreaterThanOrEqual(3 * heartbeatMs);
    for (const value of [attemptMs, stageMs, heartbeatMs, queueWaitMs]) expect(Number.isSafeInteger(value)).toBe(true);
    sum += stageMs;
  }
  const { stages } = deadlines;
  expect(HEARTBEAT_MS).toBeLessThanOrEqual(30_000);
  expect(stages.provision.attemptMs).toBeGreaterThan(budgets.clusterReadyMs);
  expect(stages.install.attemptMs).toBeGreaterThan(budgets.systemReadyMs);
  expect(stages.seed.attemptMs).toBeGreaterThan(budgets.nodeReadyMs);
  expect(stages.ramp.attemptMs).toBeGreaterThan(budgets.podReadyMs + profile.loadProfile.rampSeconds * 1_000);
  expect(stages.soak.attemptMs).toBeGreaterThan(
    (profile.loadProfile.soakSeconds + profile.loadProfile.settleSeconds) * 1_000 + budgets.gateIntervalMs,
  );
  expect(stages.snapshot.attemptMs).toBeGreaterThan(2 * budgets.snapshotMs);
  expect(budgets.gateIntervalMs).toBeGreaterThanOrEqual(budgets.queryMs);
  expect(deadlines.campaignMs).toBeGreaterThan(sum + deadlines.holdMs);
  expect(deadlines.janitorMs).toBeGreaterThan(deadlines.campaignMs);
  expect(remainingMs({ stages: STAGES, deadlines }, 'resolve')).toBe(deadlines.campaignMs);
  expect(remainingMs({ stages: STAGES, deadlines }, 'soak')).toBeGreaterThan(
    stages.soak.stageMs + stages.teardown.stageMs,
  );
  for (const name of outerNames) {
    const set = profile.deadlines[name];
    if (set !== undefined) expect(stages[name.slice(0, -2) as 'seed'].attemptMs).toBe(set);
  }
}

it.each([10_000, 120_000, 600_000])(
  'the last sweep of a borrowed cluster has its time where one has %d ms to be ready',
  (clusterReadyMs) => {
    const profile = aProfile({ deadlines: { clusterReadyMs, apiCallMs: 1_000 } });
    const substrate = aSubstrate({ type: 'kubeconfig' });
    const { derivation } = accepted(deriveDeadlines({ profile, plan: aPlan(), substrate })).stages.teardown;
    const step = derivation.find(({ id }) => id === 'clustersDeleted');
    expect(step?.eachMs).toBeGreaterThan(LAST_SWEEP_MS);
  },
);
