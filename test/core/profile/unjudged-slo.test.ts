import { expect, test } from 'vitest';
import { SLO_BARS } from '../../../src/core/bigfleet/system/slo-bars.ts';
import { gatesWithSlo } from '../../../src/core/profile/extensions.ts';
import { unjudgedSlo } from '../../../src/core/profile/unjudged-slo.ts';
import type { GatePatch } from '../../../src/core/model/gate-patch.ts';
import type { Slo } from '../../../src/core/model/profile.ts';
import { aProfile } from '../plan/make.ts';

/** A value of each key that asks for a bar. */
const BARS: Required<Slo> = {
  internalBindingLatencyP99Seconds: 15,
  shardCycleDurationP99Seconds: 7.5,
  operatorRollupP99Seconds: 7.5,
  operatorAckP99Seconds: 7.5,
  maxReclaimActionsDuringSoak: 7.5,
  shardConfigurePhaseP99Seconds: 7.5,
  bootstrapSuccessRatio: 0.75,
  operatorNodeStateUpdateP99Seconds: 7.5,
  endToEndPodBindP50Seconds: 7.5,
  expectStandingShortfall: true,
  shortfallStabilityMax: 7.5,
  expectPreemptions: true,
  shortfallConfinedBelowPriorityClass: 'batch',
  expectCostRouting: true,
  costRoutingTolerantPenaltyBucket: '0',
  costRoutingSensitivePenaltyBucket: '8',
  costRoutingMisroutedMax: 7.5,
};

const KEYS = Object.keys(SLO_BARS) as (keyof Slo)[];
const JUDGED = KEYS.filter((key) => SLO_BARS[key] !== 'retired');
const OF_FILE = KEYS.flatMap((key): readonly string[] => {
  const bar = SLO_BARS[key];
  return bar === 'retired' || bar.added === true ? [] : [bar.gate];
});

function system(gates: readonly string[], extension?: string): Parameters<typeof unjudgedSlo>[1] {
  const patches = Object.fromEntries(
    gates.map((gate): readonly [string, GatePatch] => [gate, { query: 'x', bar: 'informational' }]),
  );
  return {
    metadata: { name: 'some' },
    gates: patches,
    ...(extension === undefined ? {} : { extension }),
  };
}

const bigfleet = system(OF_FILE, 'bigfleet');
const plain = system(['podBindP99']);

/** The key with all keys that it needs to have an effect. */
function asked(key: keyof Slo): Slo {
  const bar = SLO_BARS[key];
  const needs = bar === 'retired' ? undefined : bar.onlyWith;
  return { ...(needs === undefined ? {} : { [needs]: true }), [key]: BARS[key] };
}

test.each(JUDGED)('%s is refused on a system without such gates', (key) => {
  const [mismatch, ...others] = unjudgedSlo(aProfile({ slo: { [key]: BARS[key] } }), plain);
  expect(others).toEqual([]);
  expect(mismatch).toMatchObject({ path: ['slo', key], found: expect.stringContaining(String(BARS[key])) });
  expect(mismatch?.problem).toBe('nothing judges it: system some has no gate for it');
  expect(mismatch?.allowed).toContain('podBindP99');
});

// The table of keys must say what applySlo does: each accepted key changes a gate to a bar.
test.each(JUDGED)('%s is accepted on BigFleet, and gives a gate its bar', (key) => {
  const profile = aProfile({ slo: asked(key) });
  expect(unjudgedSlo(profile, bigfleet)).toEqual([]);
  const bar = SLO_BARS[key];
  if (bar === 'retired') throw new Error('it is judged');
  expect(bigfleet.gates[bar.gate]?.bar).not.toBe('held');
  const gate = gatesWithSlo(bigfleet, profile, {})[bar.gate];
  expect(gate?.bar ?? 'held').toBe('held');
  expect(gate?.min ?? gate?.max).toBeDefined();
});

test.each(JUDGED.filter((key) => OF_FILE.includes(gateOf(key))))(
  '%s is refused where the file of the system lacks its gate',
  (key) => {
    const rest = system(
      OF_FILE.filter((gate) => gate !== gateOf(key)),
      'bigfleet',
    );
    expect(unjudgedSlo(aProfile({ slo: asked(key) }), rest).map(({ path, problem }) => [path[1], problem])).toEqual([
      [key, `nothing judges it: system some has no gate ${gateOf(key)}`],
    ]);
  },
);

test.each(JUDGED.filter((key) => onlyWith(key) !== undefined))('%s is refused without the key it depends on', (key) => {
  for (const slo of [{ [key]: BARS[key] }, { [key]: BARS[key], [onlyWith(key) ?? '']: false }]) {
    expect(unjudgedSlo(aProfile({ slo }), bigfleet)).toMatchObject([
      { path: ['slo', key], allowed: `slo.${onlyWith(key)}: true` },
    ]);
  }
});

test('a bar whose gate the same profile makes informational is refused', () => {
  const slo = { endToEndPodBindP50Seconds: 5 };
  const gates = { endToEndPodBindP50Seconds: { bar: 'informational' } } as const;
  expect(unjudgedSlo(aProfile({ slo, gates }), bigfleet)).toMatchObject([
    { path: ['slo', 'endToEndPodBindP50Seconds'], problem: expect.stringContaining('is informational') },
  ]);
  const other = { endToEndPodBindP50Seconds: { max: 4 } };
  expect(unjudgedSlo(aProfile({ slo, gates: other }), bigfleet)).toEqual([]);
});

test.each<[string, Slo, string, GatePatch]>([
  ['max', { endToEndPodBindP50Seconds: 5 }, 'endToEndPodBindP50Seconds', { max: 60 }],
  ['min', { bootstrapSuccessRatio: 0.9 }, 'bootstrapSuccessRatio', { min: 0.1 }],
  ['min', { expectStandingShortfall: true }, 'shardShortfalls', { min: 0 }],
  ['query', { operatorAckP99Seconds: 5 }, 'operatorAckP99Seconds', { query: 'max(other)' }],
  ['delta', { operatorAckP99Seconds: 5 }, 'operatorAckP99Seconds', { delta: { counter: 'other_total' }, max: 5 }],
  ['unmeasured', { operatorAckP99Seconds: 5 }, 'operatorAckP99Seconds', { unmeasured: 'allow' }],
  [
    'scale',
    { operatorAckP99Seconds: 5 },
    'operatorAckP99Seconds',
    { bar: 'scaled', scale: { by: 'machines', steps: [{ max: 60 }] } },
  ],
])('a bar that %s of the gate in the same profile replaces is refused: %o', (field, slo, gate, patch) => {
  const [mismatch, ...others] = unjudgedSlo(aProfile({ slo, gates: { [gate]: patch } }), bigfleet);
  expect(others).toEqual([]);
  expect(mismatch?.problem).toBe(`nothing judges it: gates.${gate}.${field} of this profile replaces it`);
  const [[key, value] = []] = Object.entries(slo);
  expect(mismatch?.path).toEqual(['slo', key]);
  const replaced = JSON.stringify((patch as Readonly<Record<string, unknown>>)[field]);
  expect(mismatch?.found).toBe(`${value} (${typeof value}), and gates.${gate}.${field}: ${replaced}`);
});

test.each<[Slo, string, GatePatch]>([
  [{ endToEndPodBindP50Seconds: 5 }, 'endToEndPodBindP50Seconds', { max: 5, failFast: true, minEvents: 100 }],
  [{ bootstrapSuccessRatio: 0.9 }, 'bootstrapSuccessRatio', { min: 0.95 }],
  [{ endToEndPodBindP50Seconds: 5 }, 'shardShortfalls', { max: 60 }],
])('a gate that judges at least the bar is accepted: %o, %s: %o', (slo, gate, patch) => {
  expect(unjudgedSlo(aProfile({ slo, gates: { [gate]: patch } }), bigfleet)).toEqual([]);
});

test('a key that asks for nothing is accepted', () => {
  const off = { endToEndPodBindP50Seconds: 0, shortfallStabilityMax: 0, costRoutingMisroutedMax: 0 };
  expect(unjudgedSlo(aProfile({ slo: off }), system([], 'bigfleet'))).toEqual([]);
  const none = { expectPreemptions: false, shortfallConfinedBelowPriorityClass: '' };
  for (const any of [plain, bigfleet]) expect(unjudgedSlo(aProfile({ slo: none }), any)).toEqual([]);
});

test('a key that upstream retired is accepted everywhere', () => {
  const slo = { internalBindingLatencyP99Seconds: 15 };
  for (const any of [plain, bigfleet]) expect(unjudgedSlo(aProfile({ slo }), any)).toEqual([]);
});

function gateOf(key: keyof Slo): string {
  const bar = SLO_BARS[key];
  return bar === 'retired' ? '' : bar.gate;
}

function onlyWith(key: keyof Slo): string | undefined {
  const bar = SLO_BARS[key];
  return bar === 'retired' ? undefined : bar.onlyWith;
}
