import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { judgeBigfleet } from '../../../src/core/bigfleet/system/rules.ts';
import { gatesForSummary } from '../../../src/core/verdict/gates-for-summary.ts';
import { judgeSummary, sideBySide } from '../../../src/core/verdict/judge-summary.ts';
import type { SideBySide, SummaryVerdict } from '../../../src/core/verdict/judge-summary.ts';
import type { GateResult } from '../../../src/core/gates/model.ts';
import { parseStoredSummary } from '../../../src/core/verdict/stored-summary.ts';
import type { StoredSummary } from '../../../src/core/verdict/stored-summary.ts';
import { parseSystem } from '../../../src/core/profile/parse.ts';
import type { Profile, Slo } from '../../../src/core/model/profile.ts';
import index from '../../cases/published/INDEX.json' with { type: 'json' };
import { aProfile } from '../plan/make.ts';

const root = new URL('../../../', import.meta.url);
const parsed = parseSystem(readFileSync(new URL('systems/bigfleet.yaml', root), 'utf8'));
if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors, null, 1));
const systemGates = parsed.value.gates;

const slo5k: Slo = {
  shardCycleDurationP99Seconds: 5,
  shardConfigurePhaseP99Seconds: 15,
  bootstrapSuccessRatio: 0.99,
  operatorNodeStateUpdateP99Seconds: 1.5,
  endToEndPodBindP50Seconds: 10,
};

function profileWith(slo: Slo, change: Partial<Profile> = {}): Profile {
  return aProfile({ system: 'bigfleet', scale: { machines: 5_000, density: 100 }, slo, ...change });
}

function published(folder: string): StoredSummary {
  const text = readFileSync(new URL(`test/cases/published/${folder}.summary.json`, root), 'utf8');
  return read(JSON.parse(text));
}

function read(json: unknown): StoredSummary {
  const result = parseStoredSummary(json);
  if (!result.ok) throw new Error(result.errors.join('\n'));
  return result.summary;
}

function ours(summary: StoredSummary, profile: Profile): SummaryVerdict {
  return judgeSummary(summary, gatesForSummary(summary, systemGates, profile));
}

function theirs(summary: StoredSummary, slo: Slo): ReturnType<typeof judgeBigfleet> {
  return judgeBigfleet({
    metrics: summary.metrics,
    slo,
    totalCrs: summary.totalCrs ?? 0,
    shardReplicas: summary.shardReplicas ?? 1,
    runnerActions: summary.runnerActions,
  });
}

function verdictOf(verdict: SummaryVerdict, gate: string): GateResult | undefined {
  return verdict.results.find((result) => result.gate === gate);
}

function boundGate(value: number): GateResult {
  return {
    gate: 'podsBound',
    verdict: 'fail',
    reading: { gate: 'podsBound', value, quality: 'measured', samples: 9, windowStartMs: 0, windowEndMs: 1, atMs: 1 },
    bar: { min: 0.999 },
    barKind: 'held',
    unit: 'ratio',
    headroom: null,
    message: '',
  };
}

describe("published summaries under upstream's rules", () => {
  it.each(index.runs)('$folder', ({ folder, pass, firstFailingGate, gateKeysAbsent, sentinelKeys, sloUsed }) => {
    const slo = { ...slo5k, shardCycleDurationP99Seconds: Number(/cycle (\d+)/.exec(sloUsed)?.[1]) };
    const summary = published(folder);
    const verdict = theirs({ ...summary, runnerActions: [] }, slo);
    expect(verdict.gates.every((gate) => gate.outcome !== 'fail')).toBe(pass);
    expect(verdict.firstFailing ?? null).toBe(firstFailingGate);
    for (const key of gateKeysAbsent) expect(summary.metrics[key]).toBeUndefined();
    for (const key of sentinelKeys) expect(summary.metrics[key]).toBe(-1);
  });

  it.each(index.runs)("$folder: Belay's verdict is never better", ({ folder, pass }) => {
    const verdict = ours(published(folder), profileWith(slo5k, { scale: { machines: 50_000, density: 100 } })).verdict;
    expect(['fail', 'unmeasured']).toContain(verdict);
    if (!pass) expect(verdict).toBe('fail');
  });
});

describe('what Belay alone measures', () => {
  const upstream = published('20260507-120335-scaleway-50k');

  it("is not asked of a summary of BigFleet's own runner", () => {
    expect(gatesForSummary(upstream, systemGates, profileWith(slo5k)).map(({ name }) => name)).not.toContain(
      'podsBound',
    );
  });

  it('is asked of one that Belay wrote', () => {
    const own = { ...upstream, gates: [boundGate(0.8)] };
    expect(verdictOf(ours(own, profileWith(slo5k)), 'podsBound')).toMatchObject({
      verdict: 'fail',
      bar: { min: 0.999 },
    });
  });

  it('is only shown where the profile expects a standing shortfall', () => {
    const own = { ...upstream, gates: [boundGate(0.8)] };
    const result = verdictOf(ours(own, profileWith({ ...slo5k, expectStandingShortfall: true })), 'podsBound');
    expect(result).toMatchObject({ verdict: 'pass', counts: false, barKind: 'informational' });
  });
});

describe('the scaleway-50k summary of 7 May', () => {
  const summary = published('20260507-120335-scaleway-50k');
  const profile = profileWith({ shardCycleDurationP99Seconds: 5 }, { scale: { machines: 50_000, density: 1 } });

  it('fails upstream for its 18 shortfalls, and on the cycle bar before that gate was there', () => {
    const verdict = theirs(summary, profile.slo);
    expect(verdict).toMatchObject({ pass: false, firstFailing: 'shardShortfalls' });
    expect(verdict.reason).toContain('shardShortfalls 18');
    const before = theirs({ ...summary, metrics: { ...summary.metrics, shardShortfalls: null } }, profile.slo);
    expect(before.firstFailing).toBe('shardCycleDurationP99Seconds');
    expect(before.reason).toContain('8.192');
  });

  it('fails here for the shortfalls, with the cycle unmeasured because its histogram is saturated', () => {
    const verdict = ours(summary, profile);
    expect(verdict.verdict).toBe('fail');
    expect(verdict.reasons[0]).toContain('shardShortfalls = 18');
    expect(verdictOf(verdict, 'shardShortfalls')?.verdict).toBe('fail');
    const cycle = verdictOf(verdict, 'shardCycleDurationP99Seconds');
    expect(cycle?.verdict).toBe('unmeasured');
    expect(cycle?.reading.reason).toBe('saturated');
    expect(cycle?.message).toContain('8.192');
  });

  it('does not fail for the cycle alone', () => {
    const metrics = { ...summary.metrics, shardShortfalls: 0 };
    expect(ours({ ...summary, metrics }, profile).verdict).toBe('unmeasured');
  });
});

describe('what upstream passes unmeasured', () => {
  it('is shown gate by gate', () => {
    const summary = published('2026-06-17-uber-5k-cee793e');
    const profile = profileWith(slo5k);
    const rows = sideBySide(summary, theirs(summary, profile.slo), ours(summary, profile));
    const blind = rows.filter((row) => row.passedUnmeasured).map((row) => row.gate);
    expect(blind).toEqual(['coordinatorApplyErrorRate', 'operatorOutboxDropsPerSec', 'reclaimActionsDuringSoak']);
    expect(rows.find((row) => row.gate === 'operatorAckP99Seconds')).toMatchObject({ bigfleet: 'pass', belay: 'pass' });
  });

  it('shows -1 of a headline gate, which upstream lets pass', () => {
    const good = published('2026-06-17-uber-5k-cee793e');
    const summary = { ...good, metrics: { ...good.metrics, endToEndPodBindP50Seconds: -1 } };
    const profile = profileWith(slo5k);
    const row = sideBySide(summary, theirs(summary, profile.slo), ours(summary, profile)).find(
      (one: SideBySide) => one.gate === 'endToEndPodBindP50Seconds',
    );
    expect(row).toMatchObject({ bigfleet: 'skipped', belay: 'unmeasured', passedUnmeasured: true });
  });
});

const run = published('2026-06-18-uber-50k-run3-cee793e');

function ours50k(slo: Slo): SummaryVerdict {
  return ours(run, profileWith(slo));
}

function cycleBar(machines: number): unknown {
  const verdict = ours(run, profileWith({}, { scale: { machines, density: 100 } }));
  return verdictOf(verdict, 'shardCycleDurationP99Seconds')?.bar;
}

function reclaimed(slo: Slo): SummaryVerdict {
  return ours({ ...run, metrics: { ...run.metrics, reclaimActionsDuringSoak: 10 } }, profileWith(slo));
}

function plain(change: Partial<Profile> = {}): Profile {
  return aProfile({ system: 'kube-scheduler', ...change });
}

describe("bars of a profile's slo", () => {
  it('replace those of the system file, and 0 turns a gate off', () => {
    expect(
      verdictOf(ours50k({ operatorNodeStateUpdateP99Seconds: 1 }), 'operatorNodeStateUpdateP99Seconds')?.verdict,
    ).toBe('fail');
    expect(
      verdictOf(ours50k({ operatorNodeStateUpdateP99Seconds: 1.5 }), 'operatorNodeStateUpdateP99Seconds')?.verdict,
    ).toBe('pass');
    expect(
      verdictOf(ours50k({ operatorNodeStateUpdateP99Seconds: 0 }), 'operatorNodeStateUpdateP99Seconds')?.barKind,
    ).toBe('informational');
    expect(verdictOf(ours50k({}), 'operatorNodeStateUpdateP99Seconds')?.bar).toEqual({ max: 1.5 });
  });

  it('scale the cycle with the machines where the profile says nothing', () => {
    expect(cycleBar(5_000)).toEqual({ max: 5 });
    expect(cycleBar(50_000)).toEqual({ max: 25 });
    expect(cycleBar(500_000)).toEqual({ max: 100 });
  });

  it('come before the gates of the profile itself', () => {
    const profile = profileWith({ operatorRollupP99Seconds: 0.5 }, { gates: { operatorRollupP99Seconds: { max: 7 } } });
    expect(verdictOf(ours(run, profile), 'operatorRollupP99Seconds')?.bar).toEqual({ max: 7 });
  });

  it('ask for the size of the run that was', () => {
    const short = published('2026-06-18-uber-50k-run1-cee793e');
    const load = verdictOf(ours(short, profileWith(slo5k)), 'loadgenCRsActive');
    expect(load).toMatchObject({ verdict: 'fail', bar: { min: 4_995_000 } });
  });

  it('ask for as many shards as the profile has, and for Pods, whatever the summary says', () => {
    const twoShards = profileWith(slo5k, { topology: { shardReplicas: 2, coordinatorReplicas: 1 } });
    const said = { ...run, shardReplicas: 1, totalCrs: 0 };
    expect(verdictOf(ours(said, twoShards), 'shardsReportingCycle')?.bar).toEqual({ min: 2 });
    expect(verdictOf(ours(said, twoShards), 'loadgenCRsActive')?.bar).toEqual({ min: 499_500 });
  });

  it('let the load fall where the profile makes it fall', () => {
    const profile = profileWith({}, {});
    const cycle = {
      ...profile,
      loadProfile: { ...profile.loadProfile, scaleDowns: [{ atSeconds: 600, targetMultiplier: 0.5 }] },
    };
    expect(verdictOf(ours(run, cycle), 'loadgenCRsActive')?.bar).toEqual({ min: 2_497_500 });
  });

  it('invert the shortfall, and confine it', () => {
    const slo: Slo = {
      expectStandingShortfall: true,
      shortfallStabilityMax: 20,
      shortfallConfinedBelowPriorityClass: 'batch',
    };
    const judged = (metrics: Record<string, number>): SummaryVerdict =>
      ours({ ...run, metrics: { ...run.metrics, ...metrics } }, profileWith(slo));
    const standing = judged({ shardShortfalls: 1_200, shardShortfallsDelta: 20, shortfallAboveLowestClass: 0 });
    for (const gate of ['shardShortfalls', 'shardShortfallsDelta', 'shortfallAboveLowestClass']) {
      expect(verdictOf(standing, gate)?.verdict, gate).toBe('pass');
    }
    const vacuous = judged({ shardShortfalls: 0, shardShortfallsDelta: 21, shortfallAboveLowestClass: 1 });
    for (const gate of ['shardShortfalls', 'shardShortfallsDelta', 'shortfallAboveLowestClass']) {
      expect(verdictOf(vacuous, gate)?.verdict, gate).toBe('fail');
    }
    expect(verdictOf(judged({ shardShortfalls: -1 }), 'shardShortfalls')?.verdict).toBe('unmeasured');
  });

  it('expect preemptions and cost routing', () => {
    const slo: Slo = {
      expectPreemptions: true,
      expectCostRouting: true,
      costRoutingTolerantPenaltyBucket: '0',
      costRoutingSensitivePenaltyBucket: '8',
    };
    const judged = ours(
      { ...run, metrics: { ...run.metrics, preemptActions: 0, costRoutingCorrect: 3, costRoutingMisrouted: 1 } },
      profileWith(slo),
    );
    expect(verdictOf(judged, 'preemptActions')?.verdict).toBe('fail');
    expect(verdictOf(judged, 'costRoutingCorrect')?.verdict).toBe('pass');
    expect(verdictOf(judged, 'costRoutingMisrouted')?.verdict).toBe('fail');
  });

  it('fail more reclaims than the profile allows, with none allowed where it says nothing', () => {
    expect(verdictOf(reclaimed({}), 'reclaimActionsDuringSoak')?.verdict).toBe('fail');
    expect(verdictOf(reclaimed({ maxReclaimActionsDuringSoak: 10 }), 'reclaimActionsDuringSoak')?.verdict).toBe('pass');
  });
});

describe("a summary of Belay's own", () => {
  const reading = {
    gate: 'podBindP99',
    value: 2,
    quality: 'measured',
    samples: 9,
    windowStartMs: 1,
    windowEndMs: 2,
    atMs: 2,
  } as const;
  const result = { gate: 'podBindP99', verdict: 'fail', reading, bar: { max: 1 }, barKind: 'held', unit: 's' } as const;
  const base = { runId: 'r', profile: 'p', metrics: { podBindP99: 2 }, gates: [result] };

  it('is judged by its own readings, and again with changed bars', () => {
    const summary = read(base);
    const judge = (profile: Profile): SummaryVerdict => judgeSummary(summary, gatesForSummary(summary, {}, profile));
    expect(judge(plain()).verdict).toBe('fail');
    const relaxed = judge(plain({ gates: { podBindP99: { max: 3 } } }));
    expect(relaxed.verdict).toBe('pass');
    expect(relaxed.results[0]?.reading.samples).toBe(9);
  });

  it('keeps an unmeasured reading unmeasured', () => {
    const unmeasured = { ...reading, value: null, quality: 'unmeasured', reason: 'target-down' };
    const summary = read({ ...base, gates: [{ ...result, reading: unmeasured }] });
    const verdict = judgeSummary(summary, gatesForSummary(summary, {}, plain()));
    expect(verdict.verdict).toBe('unmeasured');
    expect(verdict.reasons[0]).toContain('target-down');
  });

  it('keeps what the stages reported', () => {
    const summary = read({
      ...base,
      gates: [{ ...result, bar: { max: 9 } }],
      floor: { verdict: 'fail', reasons: ['stage soak failed'] },
    });
    const verdict = judgeSummary(summary, gatesForSummary(summary, {}, plain()));
    expect(verdict).toMatchObject({ verdict: 'fail', reasons: ['stage soak failed'] });
  });

  it('is refused with every fault named', () => {
    const faulty = { metrics: [], gates: [{ ...result, reading: { ...reading, value: null } }], passed: 'yes' };
    const refused = parseStoredSummary(faulty);
    expect(refused.ok).toBe(false);
    if (refused.ok) return;
    expect(refused.errors.join('\n')).toMatch(
      /metrics: found a list of 0; allowed: a map of names and values[\s\S]*passed: found "yes" \(string\); allowed: true or false[\s\S]*gates\[0\]\.reading: value is null exactly when quality is unmeasured/,
    );
    expect(parseStoredSummary(null)).toEqual({ ok: false, errors: ['the file: found nothing (null); allowed: a map'] });
    expect(parseStoredSummary({ scale: { totalCrs: -1 }, floor: { verdict: 'ok', reasons: [] } })).toEqual({
      ok: false,
      errors: [
        'metrics: missing; allowed: a map of names and values',
        'scale.totalCrs: found -1 (number); allowed: 0 or more',
        'floor.verdict: found "ok" (string); allowed: pass, unmeasured, fail',
      ],
    });
  });

  it('takes a null for what is not said', () => {
    const summary = read({ runId: null, profile: null, metrics: {}, passed: null, scale: { shardReplicas: null } });
    expect(summary).toMatchObject({ runId: '', profile: '', passed: undefined, shardReplicas: undefined });
    expect(read({ metrics: {}, scale: null }).totalCrs).toBeUndefined();
  });

  it('takes what is no number among the metrics for unmeasured', () => {
    expect(read({ metrics: { a: null, b: 'x', c: true, d: 1 } }).metrics).toEqual({ a: null, b: null, c: null, d: 1 });
  });
});
