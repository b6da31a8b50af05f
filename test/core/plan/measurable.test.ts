import { describe, expect, it } from 'vitest';
import { resolveGates } from '../../../src/core/gates/resolve.ts';
import type { GateDefinition } from '../../../src/core/gates/model.ts';
import type { GatePatch } from '../../../src/core/model/gate-patch.ts';
import type { Profile } from '../../../src/core/model/profile.ts';
import { gateRemarks, unmeasurableGates, unreachableRows } from '../../../src/core/plan/measurable.ts';
import { aProfile } from './make.ts';

type Gates = Readonly<Record<string, GatePatch>>;

function profileOf(soakSeconds: number, settleSeconds: number, gates: Gates = {}): Profile {
  return aProfile({ loadProfile: { ...aProfile().loadProfile, soakSeconds, settleSeconds }, gates });
}

function gatesOf(system: Gates, profile: Profile): readonly GateDefinition[] {
  return resolveGates(system, profile.gates, { machines: 1, pods: 1, clusters: 1 });
}

function refused(system: Gates, profile: Profile, clusterCount = 1): readonly string[] {
  return unmeasurableGates(gatesOf(system, profile), profile, { clusterCount }).map(
    ({ field, message }) => `${field}: ${message}`,
  );
}

function refusedRows(system: Gates, profile: Profile): readonly string[] {
  return unreachableRows(gatesOf(system, profile), profile).map(({ field, message }) => `${field}: ${message}`);
}

function remarks(system: Gates, profile: Profile): readonly string[] {
  return gateRemarks(gatesOf(system, profile), profile).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

const a: GatePatch = { query: 'a', max: 1 };

describe('a gate that the soak cannot measure', () => {
  it('is refused with the numbers where the profile asks for too many samples', () => {
    expect(refused({ a }, profileOf(30, 10, { a: { minSamples: 21 } }))).toEqual([
      'gates.a.minSamples: a can never be measured: found 21, and its window of 20s holds 20 samples at one every 1s; allowed: at most 20, or a longer soak',
    ]);
    expect(refused({ a }, profileOf(30, 10, { a: { minSamples: 20 } }))).toEqual([]);
  });

  it('counts one sample for each scrape, which many clusters make seldom', () => {
    const profile = profileOf(30, 0, { a: { minSamples: 10 } });
    expect(refused({ a }, profile, 6)).toEqual([]);
    expect(refused({ a }, profile, 8)).toHaveLength(1);
  });

  it('is refused at the soak where its file asks for more than the soak holds', () => {
    expect(refused({ a, b: { ...a, minSamples: 30 } }, profileOf(6, 2))).toEqual([
      'loadProfile.soakSeconds: too short for gates that must be measured: found 6 with settleSeconds 2; at one sample every 1s their windows hold fewer than minSamples (a 5, b 30); allowed: at least 32, or lower minSamples',
    ]);
  });

  it.each([{ bar: 'informational' }, { unmeasured: 'allow' }] as const)('is accepted with %j', (patch) => {
    expect(refused({ a: { ...a, minSamples: 1_000, ...patch } }, profileOf(6, 0))).toEqual([]);
  });

  it('has a window of its own, at most the soak', () => {
    expect(refused({ a: { ...a, windowMs: 3_000 } }, profileOf(60, 0))).toHaveLength(1);
    expect(refused({ a: { ...a, windowMs: 600_000, minSamples: 61 } }, profileOf(60, 0))).toHaveLength(1);
  });
});

describe('remarks', () => {
  it('name a window of the profile that is longer than the soak', () => {
    expect(remarks({ a }, profileOf(60, 0, { a: { windowMs: 600_000 } }))).toEqual([
      'gates.a.window: is longer than the soak of 1m: the gate is read over the soak',
    ]);
    expect(remarks({ a: { ...a, windowMs: 600_000 } }, profileOf(60, 0))).toEqual([]);
  });

  it('say when nothing has to be measured', () => {
    const allow = { ...a, unmeasured: 'allow' } as const;
    expect(remarks({ a: allow }, profileOf(60, 0))).toEqual([
      'gates: every gate with a bar has unmeasured: allow: nothing has to be measured',
    ]);
    expect(remarks({ a: allow, b: a }, profileOf(60, 0))).toEqual([]);
  });

  it('say when no gate has a bar', () => {
    expect(remarks({ a: { query: 'a', bar: 'informational' } }, profileOf(60, 0))).toEqual([
      'gates: no gate has a bar: the verdict can only be unmeasured',
    ]);
  });
});

describe('a row of breaches that is longer than the soak', () => {
  const b: GatePatch = { ...a, failFast: true };

  it('is refused with the number of checks', () => {
    // None is made when the soak ends.
    expect(refusedRows({ b }, profileOf(40, 10, { b: { forReadings: 6 } }))).toEqual([
      'gates.b.for: no breach of b could end the soak: found 6, and the soak has 5 checks after settling, one every 5s; allowed: at most 5, a longer soak, or a shorter deadlines.gateInterval',
    ]);
    expect(refusedRows({ b }, profileOf(40, 10, { b: { forReadings: 5 } }))).toEqual([]);
    expect(refusedRows({ b }, profileOf(41, 10, { b: { forReadings: 6 } }))).toEqual([]);
  });

  it('is counted by the interval of the profile', () => {
    const often = { ...profileOf(40, 10, { b: { forReadings: 29 } }), deadlines: { gateIntervalMs: 1_000 } };
    expect(refusedRows({ b }, often)).toEqual([]);
  });

  it('is accepted of the file of a system, which is for any soak, and for a single reading', () => {
    expect(refusedRows({ b: { ...b, forReadings: 7 } }, profileOf(40, 10, { b: { max: 2 } }))).toEqual([]);
    expect(refusedRows({ b }, profileOf(4, 0, { b: { forReadings: 1 } }))).toEqual([]);
  });
});
