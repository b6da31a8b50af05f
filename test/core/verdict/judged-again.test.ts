import * as fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { onQuietHost } from '../../../src/core/gates/believed.ts';
import type { GateDefinition, Reading } from '../../../src/core/gates/model.ts';
import { parseSystem } from '../../../src/core/profile/parse.ts';
import { buildSummary } from '../../../src/core/verdict/build-summary.ts';
import { gatesForSummary, recordedGates } from '../../../src/core/verdict/gates-for-summary.ts';
import { judgeSummary } from '../../../src/core/verdict/judge-summary.ts';
import { judgeWithChecks } from '../../../src/core/verdict/judge-with-checks.ts';
import type { JudgedGate } from '../../../src/core/verdict/judged-gate.ts';
import { parseStoredSummary, type StoredSummary } from '../../../src/core/verdict/stored-summary.ts';
import { summarySchema, type HostRecord } from '../../../src/core/verdict/summary-model.ts';
import { BEGIN_MS, gateOf, GREEN, inputOf, stateAfter, type Step } from '../../adapters/evidence/fixture.ts';
import { aProfile } from '../plan/make.ts';

const published = new URL('../../cases/published/', import.meta.url);
const system = parseSystem(readFileSync(new URL('../../../systems/bigfleet.yaml', import.meta.url), 'utf8'));
if (!system.ok) throw new Error(JSON.stringify(system.errors));
const bigfleetGates = system.value.gates;

/** What a reader of the file on disk sees. */
function stored(summary: unknown): StoredSummary {
  const result = parseStoredSummary(JSON.parse(JSON.stringify(summary)));
  if (!result.ok) throw new Error(result.errors.join('\n'));
  return result.summary;
}

const text = fc.string({ maxLength: 20 });

const gate: fc.Arbitrary<Omit<GateDefinition, 'name'>> = fc
  .record({
    unit: fc.constantFrom('', 's', 'ratio', 'Pods'),
    min: fc.option(fc.double({ min: -10, max: 0, noNaN: true }), { nil: undefined }),
    max: fc.double({ min: 0, max: 10, noNaN: true }),
    barKind: fc.constantFrom('held' as const, 'scaled' as const, 'informational' as const),
    unmeasured: fc.constantFrom('fail' as const, 'allow' as const),
    failFast: fc.boolean(),
  })
  .map(({ min, max, ...rest }) => gateOf('', { ...rest, bar: { max, ...(min === undefined ? {} : { min }) } }));

const reading: fc.Arbitrary<Omit<Reading, 'gate'>> = fc
  .record({
    value: fc.option(fc.double({ min: -20, max: 20, noNaN: true }), { nil: null }),
    hostBusy: fc.option(fc.constantFrom(0, 0.1, 0.11, 1), { nil: undefined }),
    withCpu: fc.option(fc.double({ min: 0, max: 20, noNaN: true }), { nil: undefined }),
    width: fc.option(fc.double({ min: 0, max: 5, noNaN: true }), { nil: undefined }),
    reason: fc.constantFrom('no-series' as const, 'saturated' as const, 'query-error' as const, undefined),
    detail: fc.option(text, { nil: undefined }),
  })
  .map(({ value, reason, detail, hostBusy, withCpu, width }) => {
    const host = {
      ...(hostBusy === undefined ? {} : { hostBusy }),
      ...(value === null || withCpu === undefined ? {} : { withCpu }),
    };
    const base = { samples: 9, windowStartMs: BEGIN_MS, windowEndMs: BEGIN_MS + 9, atMs: BEGIN_MS + 9, ...host };
    const because = detail === undefined ? {} : { detail };
    const bounds = value === null || width === undefined ? {} : { low: value - width, high: value + width, ...because };
    if (value !== null) return { ...base, value, ...bounds, quality: 'measured' };
    const why = { ...(reason === undefined ? {} : { reason }), ...because };
    return { ...base, value, quality: 'unmeasured', ...why };
  });

/** Which soak a reading is of, and how often its gate was checked there. Older summaries have neither. */
const origin: fc.Arbitrary<Pick<JudgedGate, 'stage' | 'execution' | 'checks'>> = fc.oneof(
  fc.constant({}),
  fc.record({ stage: fc.constant('soak' as const), execution: fc.integer({ min: 1, max: 3 }) }),
  fc
    .tuple(fc.nat(20), fc.nat(5), fc.nat(20), fc.constantFrom('not made', 'query-error'))
    .map(([measured, unmeasured, missed, cause]) => ({
      stage: 'soak' as const,
      execution: 1,
      checks: { due: measured + unmeasured + missed, measured, unmeasured, missed, cause },
    })),
);

/** Gates of a profile that requires a quiet host, or does not. */
const judgements: fc.Arbitrary<{ readonly quiet: boolean; readonly judged: readonly JudgedGate[] }> = fc
  .tuple(fc.array(fc.tuple(gate, reading, origin), { maxLength: 5 }), fc.boolean())
  .map(([gates, quiet]) => ({
    quiet,
    judged: gates.map(([definition, read, of], index) => {
      const [named] = onQuietHost([{ ...definition, name: `g${index}` }], quiet) as [GateDefinition];
      return judgeWithChecks(named, { ...read, gate: `g${index}` }, of);
    }),
  }));

/** What the host had to do in the ramp. */
const host: fc.Arbitrary<HostRecord | undefined> = fc.option(
  fc.constantFrom(0, 0.1, 0.11, 1).map((busyShare) => {
    const shares = { cpuUsedShare: { median: 0.5, p90: 1 }, busyShare, longestSaturatedSeconds: 9 };
    const ramp = { stage: 'ramp' as const, execution: 1, memoryAvailableMinBytes: 1, ...shares };
    return { cores: 2, memoryBytes: 8, stages: [ramp] };
  }),
  { nil: undefined },
);

const lateness = fc.option(
  fc
    .record({
      operations: fc.nat(100),
      share: fc.constantFrom(0, 0.05, 0.06, 1),
      worstMs: fc.nat(60_000),
      sent: fc.option(fc.constant({ '2': 3 }), { nil: undefined }),
      neverSent: fc.nat(3),
    })
    .map(({ operations, share, worstMs, sent, neverSent }) => ({
      operations,
      late: Math.floor(operations * share),
      worstMs,
      ...(sent === undefined ? {} : { sent, neverSent }),
    })),
  { nil: undefined },
);

const action = fc
  .record({
    atSeconds: fc.nat(100),
    fireError: fc.constantFrom('', 'no Node'),
    assertError: text,
    asserted: fc.boolean(),
  })
  .map((each) => ({ action: 'fail-node', ...each }));

const evidence = fc
  .record({ what: text, ok: fc.boolean(), error: text })
  .map(({ what, ok, error }) => (ok ? { what, ok } : { what, ok, error }));

/** A campaign that ended after some of its stages, maybe with a breach that a retry healed or did not heal. */
const steps: fc.Arbitrary<readonly Step[]> = fc
  .record({ count: fc.integer({ min: 1, max: GREEN.length }), breach: fc.boolean(), retry: fc.boolean() })
  .map(({ count, breach, retry }) => {
    const some = GREEN.slice(0, count);
    if (!breach) return some;
    const broken: readonly Step[] = [...GREEN.slice(0, 6), ['soak', { breach: 'g0', message: 'g0 broke' }, 5]];
    return retry ? [...broken, 'retry', ['steady', 'succeeded', 1], ['soak', 'succeeded', 5]] : broken;
  });

/** A campaign whose gates held, and everything beside them: drawn from the others, it would be one in a thousand. */
const healthy = fc.tuple(
  fc.array(gate, { maxLength: 5 }).map((gates) => ({
    quiet: false,
    judged: gates.map((definition, index) => {
      const at = { samples: 9, windowStartMs: BEGIN_MS, windowEndMs: BEGIN_MS + 9, atMs: BEGIN_MS + 9 };
      const name = `g${index}`;
      return judgeWithChecks({ ...definition, name }, { ...at, gate: name, value: 0, quality: 'measured' }, {});
    }),
  })),
  host,
  fc.constant([]),
  fc.array(
    text.map((what) => ({ what, ok: true })),
    { maxLength: 2 },
  ),
  fc.constant(GREEN),
  fc.constant(undefined),
);

const campaigns = fc.oneof(
  { arbitrary: healthy, weight: 1 },
  {
    arbitrary: fc.tuple(
      judgements,
      host,
      fc.array(action, { maxLength: 2 }),
      fc.array(evidence, { maxLength: 2 }),
      steps,
      lateness,
    ),
    weight: 9,
  },
);

describe('a stored summary judged again', () => {
  it('has the verdict and the reasons that were written, whatever the campaign was', () => {
    let verdicts = new Set<string>();
    fc.assert(
      fc.property(campaigns, ([{ quiet, judged }, cpu, actions, parts, made, late]) => {
        const state = stateAfter(made);
        const written = buildSummary(
          inputOf({ results: judged, actions, evidence: parts, state, lateness: late, host: cpu }),
        );
        expect(summarySchema.safeParse(JSON.parse(JSON.stringify(written))).error).toBeUndefined();
        verdicts = verdicts.add(written.verdict);
        const again = stored(written);
        const unchanged = aProfile({ gates: {}, slo: {}, requireQuietHost: quiet });
        for (const gates of [recordedGates(again.gates ?? []), gatesForSummary(again, {}, unchanged)]) {
          const { verdict, reasons, results: gatesAgain } = judgeSummary(again, gates);
          expect({ verdict, reasons }).toEqual({ verdict: written.verdict, reasons: written.reasons });
          const namesAgain = gatesAgain.map(({ stage, execution, checks }) => ({ stage, execution, checks }));
          expect(namesAgain).toEqual(judged.map(({ stage, execution, checks }) => ({ stage, execution, checks })));
        }
      }),
      { numRuns: 4_000 },
    );
    // The property says nothing if it meets one verdict only.
    expect([...verdicts].sort()).toEqual(['fail', 'pass', 'unmeasured']);
  });

  it.each(readdirSync(published).filter((file) => file.endsWith('.summary.json')))('%s stays as it is', (file) => {
    const json = JSON.parse(readFileSync(new URL(file, published), 'utf8')) as object;
    const profile = aProfile({ system: 'bigfleet', gates: {}, slo: {} });
    const first = stored(json);
    const judged = judgeSummary(first, gatesForSummary(first, bigfleetGates, profile));
    const floor = { verdict: 'pass', reasons: [] };
    const second = stored({ ...json, gates: judged.results, floor });
    const again = judgeSummary(second, recordedGates(second.gates ?? []));
    expect(again).toMatchObject({ verdict: judged.verdict, reasons: judged.reasons });
  });
});
