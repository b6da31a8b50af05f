import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { buildSummary } from '../../../src/core/verdict/build-summary.ts';
import { junitXml, writeJunit } from '../../../src/adapters/evidence/junit.ts';
import { summaryInFolder, writeSummary } from '../../../src/adapters/evidence/write-summary.ts';
import { judgeSummary } from '../../../src/core/verdict/judge-summary.ts';
import { parseStoredSummary } from '../../../src/core/verdict/stored-summary.ts';
import { BEGIN_MS, gateOf, GREEN, inputOf, resultOf, specOf, stateAfter } from './fixture.ts';

const bind = gateOf('bindP99');
const cycle = gateOf('cycleP99', { failFast: true });
const shown = gateOf('shown', { barKind: 'informational', bar: {} });

describe('buildSummary', () => {
  it("has upstream's keys with their meaning, and Belay's beside them", () => {
    const results = [resultOf(bind, 0.4), resultOf(shown, null)];
    const summary = buildSummary(inputOf({ results, spec: specOf([bind, shown]) }));
    expect(summary).toMatchObject({
      runId: 'dev-50-20260821',
      profile: 'dev-50',
      target: { context: 'kwok-belay-dev50-0', kind: expect.any(String) },
      cost: { estimatedUsd: 0.5, hours: 30 / 3600, wallHours: 0.025 },
      scale: {
        kwokClusters: 2,
        machinesPerCr: 200,
        totalCrs: 400,
        shardReplicas: 1,
        seedMachinesPerShard: 60,
        aggregateInventory: 60,
      },
      metrics: { bindP99: 0.4, shown: -1 },
      passed: true,
      verdict: 'pass',
      ending: 'completed',
      reasons: [],
      breaches: [],
      startedAtMs: BEGIN_MS,
    });
    expect(summary).not.toHaveProperty('failure');
    expect(summary).not.toHaveProperty('unmeasuredSLOs');
    expect(summary.stages.map(({ stage, seconds }) => [stage, seconds])).toContainEqual(['soak', 30]);
    expect(summary.gateLines[0]).toMatchObject({ gate: 'bindP99', value: 0.4, max: 2, verdict: 'pass' });
  });

  it('names what failed first, and what was not measured after it', () => {
    const results = [resultOf(bind, null), resultOf(cycle, 5)];
    const summary = buildSummary(inputOf({ results }));
    expect(summary).toMatchObject({
      verdict: 'fail',
      passed: false,
      unmeasuredSLOs: ['bindP99'],
      metrics: { bindP99: -1 },
    });
    expect(summary.failure).toContain('cycleP99 = 5 s');
    expect(summary.failures).toHaveLength(2);
  });

  it('is unmeasured when evidence is missing, though every gate passed', () => {
    const evidence = [{ what: 'Prometheus snapshot', ok: false, error: 'no answer within 5000 ms' }];
    const summary = buildSummary(inputOf({ results: [resultOf(bind, 1)], evidence }));
    expect(summary.verdict).toBe('unmeasured');
    expect(summary.reasons).toEqual(['evidence is missing: Prometheus snapshot (no answer within 5000 ms)']);
  });

  it('fails for an action whose effect was not seen', () => {
    const action = {
      action: 'fail-node',
      atSeconds: 10,
      fireError: '',
      assertError: 'Pods were not replaced',
      asserted: false,
    };
    const summary = buildSummary(inputOf({ results: [resultOf(bind, 1)], actions: [action] }));
    expect(summary).toMatchObject({
      verdict: 'fail',
      failure: 'action fail-node at 10 s failed: Pods were not replaced',
    });
  });

  it('keeps a breach on record, also when the retry passed', () => {
    const breached = resultOf(cycle, 5, BEGIN_MS + 40_000);
    const state = stateAfter([
      ...GREEN.slice(0, 6),
      ['soak', { breach: 'cycleP99', message: breached.message }, 12],
      'retry',
      ['steady', 'succeeded', 2],
      ['soak', 'succeeded', 30],
      ['snapshot', 'succeeded', 1],
    ]);
    expect(state.outcomes.map(({ stage, execution }) => `${stage} ${execution}`)).toContain('soak 2');
    const readings = [
      { stage: 'soak', execution: 1, ...resultOf(cycle, 1, BEGIN_MS + 39_000) },
      { stage: 'soak', execution: 1, ...breached },
      { stage: 'soak', execution: 2, ...resultOf(cycle, 1) },
    ] as const;
    const summary = buildSummary(inputOf({ results: [resultOf(cycle, 1)], state, readings }));
    expect(summary.verdict).toBe('pass');
    expect(summary.breaches).toEqual([
      {
        stage: 'soak',
        execution: 1,
        gate: 'cycleP99',
        atMs: BEGIN_MS + 40_000,
        message: breached.message,
        story: `passed on execution 2; execution 1: ${breached.message}`,
      },
    ]);
    expect(summary.stages).toContainEqual(
      expect.objectContaining({ stage: 'soak', execution: 1, outcome: 'failed', healedBy: 2 }),
    );
    expect(summary.decisions).toHaveLength(1);
  });

  it('can be judged again from the file, with the same verdict', () => {
    for (const value of [1, 3, null]) {
      const written = buildSummary(inputOf({ results: [resultOf(bind, value), resultOf(shown, 7)] }));
      const read = parseStoredSummary(JSON.parse(JSON.stringify(written)));
      if (!read.ok) throw new Error(read.errors.join('\n'));
      expect(judgeSummary(read.summary, [bind, shown]).verdict).toBe(written.verdict);
    }
  });
});

describe('a summary of an earlier version', () => {
  it('has reasons by their former names, which are read by the present ones', () => {
    const { reading, ...rest } = resultOf(bind, null);
    const checks = { due: 9, measured: 2, unmeasured: 7, missed: 0, cause: 'ground-gap' };
    const result = { ...rest, reading: { ...reading, reason: 'ground-gap' as never }, checks };
    const read = parseStoredSummary(JSON.parse(JSON.stringify(buildSummary(inputOf({ results: [result] })))));
    if (!read.ok) throw new Error(read.errors.join('\n'));
    expect(read.summary.gates?.map((one) => [one.reading.reason, one.checks?.cause])).toEqual([
      ['infrastructure-gap', 'infrastructure-gap'],
    ]);
    expect(judgeSummary(read.summary, [bind]).reasons.join()).toContain('bindP99 is unmeasured (infrastructure-gap)');
  });
});

describe('files made of a summary', () => {
  const folder = mkdtempSync(join(tmpdir(), 'belay-summary-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('writes no empty file for NaN', () => {
    const summary = buildSummary(inputOf({ results: [resultOf(bind, 1)], facts: { ramp: { rate: Number.NaN } } }));
    writeSummary(folder, summary);
    expect(summaryInFolder(folder)).toMatchObject({ verdict: 'pass', facts: { ramp: { rate: null } } });
  });

  it('says in junit.xml which gate failed, which could not be measured, which only informs', () => {
    const odd = gateOf('a<b>&"c"\u0000');
    const summary = buildSummary(
      inputOf({ results: [resultOf(bind, 1), resultOf(cycle, 5), resultOf(odd, null), resultOf(shown, null)] }),
    );
    writeJunit(folder, summary);
    const xml = readFileSync(join(folder, 'junit.xml'), 'utf8');
    expect(xml).toBe(junitXml(summary));
    expect(xml).toContain('<testsuites name="belay" tests="12" failures="1" errors="1" skipped="1">');
    expect(xml).toMatch(/<testcase name="bindP99" classname="dev-50.gates" time="30.000"><system-out>/);
    expect(xml).toMatch(/<testcase name="cycleP99" [^>]*><failure message="cycleP99 = 5 s, /);
    expect(xml).toContain('<testcase name="a&lt;b&gt;&amp;&quot;c&quot;\u{FFFD}"');
    expect(xml).toMatch(/<testcase name="shown" [^>]*><skipped /);
    const checks = { due: 10, measured: 8, unmeasured: 0, missed: 2, cause: 'not made' };
    const checked = buildSummary(inputOf({ results: [{ ...resultOf(cycle, 1), checks }] }));
    expect(junitXml(checked)).toMatch(
      /cycleP99 = 1 s, [^<]*; 8 of 10 due checks in the soak measured \(2 not made\)<\/system-out>/,
    );
    expect(xml).toMatch(/<testcase name="soak" classname="dev-50.stages" time="30.000"\/>/);
  });
});
