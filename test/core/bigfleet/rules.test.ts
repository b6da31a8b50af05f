import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeBigfleet, unmeasuredGated } from '../../../src/core/bigfleet/system/rules.ts';
import type { BigfleetInput, BigfleetVerdict } from '../../../src/core/bigfleet/system/rules.ts';
import cases from '../../cases/bigfleet-rules.json' with { type: 'json' };

interface Change {
  readonly metrics?: Record<string, number | null>;
  readonly slo?: Record<string, unknown>;
  readonly totalCrs?: number;
  readonly shardReplicas?: number;
  readonly runnerActions?: BigfleetInput['runnerActions'];
}

/** Upstream's verdict on a run that passes, with what the case changes. */
function judge({
  metrics = {},
  slo = {},
  totalCrs = 1_000,
  shardReplicas = 1,
  runnerActions = [],
}: Change): BigfleetVerdict {
  return judgeBigfleet({
    metrics: { ...cases.metrics, ...metrics },
    slo: { ...cases.slo, ...slo },
    totalCrs,
    shardReplicas,
    runnerActions,
  });
}

const scarcity = {
  slo: { expectStandingShortfall: true, shortfallStabilityMax: 20, shortfallConfinedBelowPriorityClass: 'batch' },
  metrics: { shardShortfalls: 1_200, shardShortfallsDelta: 5, shortfallAboveLowestClass: 0 },
};
const routing = {
  slo: { expectCostRouting: true, costRoutingTolerantPenaltyBucket: '0', costRoutingSensitivePenaltyBucket: '8' },
  metrics: { costRoutingCorrect: 5_000, costRoutingMisrouted: 0 },
};

describe("upstream's rules, the recorded cases", () => {
  it.each(cases.cases)('$name', ({ metrics, slo, totalCrs, shardReplicas, pass, reason }) => {
    const verdict = judge({ metrics, slo, totalCrs, shardReplicas });
    expect(verdict.pass).toBe(pass);
    if (reason === null) expect(verdict.reason).toBe('');
    else expect(verdict.reason).toContain(reason);
  });

  it.each(cases.unmeasured.map((each, index) => ({ index, ...each })))(
    'unmeasured keys, case $index',
    ({ metrics, slo, include, exclude }) => {
      const listed = unmeasuredGated({ metrics, slo: { ...cases.slo, ...slo } });
      for (const key of include) expect(listed).toContain(key);
      for (const key of exclude) expect(listed).not.toContain(key);
    },
  );
});

/** Gate, a value on its bar, and values over it, in the order in which upstream judges. */
const gates = [
  { key: 'loadgenCRsActive', on: 999, over: [998.9, 0, -1] },
  { key: 'shardsReportingCycle', on: 1, over: [0, 0.9] },
  { key: 'shardConfigurePhaseP99Seconds', on: 15, over: [15.001] },
  { key: 'bootstrapSuccessRatio', on: 0.99, over: [0.9899, 0] },
  { key: 'operatorNodeStateUpdateP99Seconds', on: 1, over: [1.024] },
  { key: 'shardShortfalls', on: 0, over: [1, 0.5] },
  { key: 'endToEndPodBindP50Seconds', on: 10, over: [10.1] },
  { key: 'shardCycleDurationP99Seconds', on: 5, over: [5.001] },
  { key: 'operatorRollupP99Seconds', on: 1, over: [1.001] },
  { key: 'operatorAckP99Seconds', on: 12, over: [12.1] },
  { key: 'coordinatorApplyErrorRate', on: 0.001, over: [0.0011] },
  { key: 'operatorOutboxDropsPerSec', on: 0, over: [0.001] },
] as const;

describe('each gate of upstream', () => {
  it.each(gates)('$key: equal passes, over fails and is named with value and bar', ({ key, on, over }) => {
    expect(judge({ metrics: { [key]: on } }).pass).toBe(true);
    for (const value of over) {
      const verdict = judge({ metrics: { [key]: value } });
      expect(verdict).toMatchObject({ pass: false, firstFailing: key });
      expect(verdict.reason).toContain(`${key} ${value}, bar `);
      expect(verdict.reason).toMatch(/bar (<=|>=|=|>) [\d.]+/);
    }
  });

  it.each(gates)('$key: absent or null is no gate', ({ key }) => {
    expect(judge({ metrics: { [key]: null } }).pass).toBe(true);
  });

  it.each(gates.slice(1))('$key: -1 passes', ({ key }) => {
    expect(judge({ metrics: { [key]: -1 } }).pass).toBe(true);
  });

  it('names the first of several in its own order', () => {
    for (const [index, { key, over }] of gates.entries()) {
      const later = Object.fromEntries(gates.slice(index).map((gate) => [gate.key, gate.over[0]]));
      expect(judge({ metrics: { ...later, [key]: over[0] } }).firstFailing).toBe(key);
    }
  });

  it.each([
    ['shardCycleDurationP99Seconds', 5],
    ['operatorRollupP99Seconds', 1],
    ['operatorAckP99Seconds', 12],
  ])('%s has a default where the profile has none', (key, bar) => {
    expect(judge({ slo: { [key]: 0 }, metrics: { [key]: bar } }).pass).toBe(true);
    expect(judge({ slo: { [key]: 0 }, metrics: { [key]: bar + 0.001 } }).reason).toContain(key);
    expect(judge({ slo: { [key]: bar * 10 }, metrics: { [key]: bar * 9 } }).pass).toBe(true);
  });

  it('is off where the run has no size', () => {
    expect(judge({ totalCrs: 0, metrics: { loadgenCRsActive: -1 } }).pass).toBe(true);
    expect(judge({ shardReplicas: 0, metrics: { shardsReportingCycle: 0 } }).pass).toBe(true);
    expect(judge({ shardReplicas: 2 }).firstFailing).toBe('shardsReportingCycle');
  });

  it.each([Number.NaN, Infinity, -Infinity])('takes %s for -1', (value) => {
    expect(judge({ metrics: { shardShortfalls: value, shardCycleDurationP99Seconds: value } })).toMatchObject({
      pass: true,
      unmeasured: ['shardCycleDurationP99Seconds', 'shardShortfalls'],
    });
    expect(judge({ metrics: { loadgenCRsActive: value } })).toMatchObject({
      pass: false,
      firstFailing: 'loadgenCRsActive',
    });
  });

  it('lets the retired binding latency be, whatever bar it is given', () => {
    expect(
      judge({ metrics: { internalBindingLatencyP99Seconds: 1e6 }, slo: { internalBindingLatencyP99Seconds: 15 } }).pass,
    ).toBe(true);
  });
});

describe('inverted gates', () => {
  it.each([
    [{}, true, ''],
    [{ shardShortfalls: 0 }, false, 'expectStandingShortfall'],
    [{ shardShortfalls: 0 }, false, 'shardShortfalls'],
    [{ shardShortfallsDelta: 20 }, true, ''],
    [{ shardShortfallsDelta: 20.5 }, false, 'shardShortfallsDelta'],
    [{ shardShortfallsDelta: -1 }, true, ''],
    [{ shardShortfalls: -1, shardShortfallsDelta: 500 }, true, ''],
    [{ shardShortfalls: -1, shortfallAboveLowestClass: 1 }, false, 'shortfallAboveLowestClass'],
    [{ shortfallAboveLowestClass: -1 }, true, ''],
    [{ shardConfigurePhaseP99Seconds: 20 }, false, 'shardConfigurePhaseP99Seconds'],
  ])('standing shortfall %j', (metrics, pass, reason) => {
    const verdict = judge({ slo: scarcity.slo, metrics: { ...scarcity.metrics, ...metrics } });
    expect(verdict.pass).toBe(pass);
    expect(verdict.reason).toContain(reason);
  });

  it('has a stability of 0 where none is set', () => {
    const slo = { ...scarcity.slo, shortfallStabilityMax: undefined };
    expect(judge({ slo, metrics: { ...scarcity.metrics, shardShortfallsDelta: 1 } }).firstFailing).toBe(
      'shardShortfallsDelta',
    );
  });

  it.each([
    [{ preemptActions: 1 }, true],
    [{ preemptActions: 0 }, false],
    [{ preemptActions: -1 }, true],
  ])('preemptions %j', (metrics, pass) => {
    const verdict = judge({ slo: { expectPreemptions: true }, metrics });
    expect(verdict.pass).toBe(pass);
    if (!pass) expect(verdict.reason).toContain('preemptActions 0, bar > 0 (expectPreemptions)');
  });

  it.each([
    [{}, {}, undefined],
    [{ costRoutingCorrect: 0 }, {}, 'costRoutingCorrect'],
    [{ costRoutingMisrouted: 1 }, {}, 'costRoutingMisrouted'],
    [{ costRoutingMisrouted: 3 }, { costRoutingMisroutedMax: 5 }, undefined],
    [{ costRoutingMisrouted: 3 }, { costRoutingMisroutedMax: 3 }, undefined],
    [{ costRoutingCorrect: -1, costRoutingMisrouted: -1 }, {}, undefined],
    [{ costRoutingCorrect: 0, costRoutingMisrouted: 9 }, { expectCostRouting: false }, undefined],
  ])('cost routing %j %j', (metrics, slo, failing) => {
    const verdict = judge({ slo: { ...routing.slo, ...slo }, metrics: { ...routing.metrics, ...metrics } });
    expect(verdict.firstFailing).toBe(failing);
  });
});

describe('failures outside the gates', () => {
  it.each([
    [0, undefined, true],
    [1, undefined, false],
    [150, 150, true],
    [151, 150, false],
    [-1, 150, true],
  ])('%i reclaims against %s', (reclaimActionsDuringSoak, maxReclaimActionsDuringSoak, pass) => {
    const verdict = judge({ metrics: { reclaimActionsDuringSoak }, slo: { maxReclaimActionsDuringSoak } });
    expect(verdict.pass).toBe(pass);
    if (!pass) expect(verdict.reason).toContain('reclaimActionsDuringSoak');
  });

  it('fails for an action that was not done or had no effect, after the gates', () => {
    const action = {
      action: 'kill-coordinator-leader',
      atSeconds: 600,
      fireError: '',
      assertError: '',
      asserted: true,
    };
    expect(judge({ runnerActions: [action] }).pass).toBe(true);
    const dead = { ...action, asserted: false, fireError: 'no such pod' };
    expect(judge({ runnerActions: [dead] }).reason).toBe(
      'runnerAction kill-coordinator-leader @t=600s: not fired: no such pod',
    );
    const without = { ...action, asserted: false, assertError: 'term stayed' };
    expect(judge({ runnerActions: [without] }).reason).toContain('term stayed');
    expect(judge({ runnerActions: [without], metrics: { shardShortfalls: 1 } }).reason).toContain('shardShortfalls');
    const both = judge({ runnerActions: [without], metrics: { reclaimActionsDuringSoak: 9 } });
    expect(both.reason).toContain('term stayed');
    expect(both.failures[1]).toContain('reclaimActionsDuringSoak');
  });
});

describe('what upstream calls unmeasured', () => {
  it('lists keys whose bar is set, and never those it forgets', () => {
    const minus = Object.fromEntries(gates.map(({ key }) => [key, -1]));
    expect(judge({ metrics: { ...minus, reclaimActionsDuringSoak: -1 } }).unmeasured).toEqual([
      'shardCycleDurationP99Seconds',
      'operatorRollupP99Seconds',
      'operatorAckP99Seconds',
      'reclaimActionsDuringSoak',
      'shardShortfalls',
      'shardConfigurePhaseP99Seconds',
      'bootstrapSuccessRatio',
      'operatorNodeStateUpdateP99Seconds',
      'endToEndPodBindP50Seconds',
    ]);
    expect(
      judge({ slo: { endToEndPodBindP50Seconds: 0 }, metrics: { endToEndPodBindP50Seconds: -1 } }).unmeasured,
    ).toEqual([]);
    expect(
      judge({ metrics: { preemptActions: -1, costRoutingCorrect: -1, shardShortfallsDelta: -1 } }).unmeasured,
    ).toEqual([]);
    expect(judge({ metrics: { shardShortfalls: null } }).unmeasured).toEqual([]);
  });
});

it('never passes a run of which a gate fails, nor fails one of which none does', () => {
  const metrics = fc.dictionary(
    fc.constantFrom(...gates.map(({ key }) => key), 'preemptActions', 'reclaimActionsDuringSoak'),
    fc.oneof(fc.constant(-1), fc.constant(0), fc.double({ min: 0, max: 2_000, noNaN: true })),
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(metrics, fc.boolean(), (changed, expectPreemptions) => {
      const verdict = judge({ metrics: changed, slo: { expectPreemptions } });
      const failing = verdict.gates.filter((gate) => gate.outcome === 'fail');
      expect(verdict.pass).toBe(failing.length === 0 && verdict.failures.length === 0);
      expect(verdict.reason === '').toBe(verdict.pass);
      expect(verdict.firstFailing).toBe(failing[0]?.key);
    }),
  );
});
