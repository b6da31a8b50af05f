import { join } from 'node:path';
import { buildSummary } from '../../../src/core/verdict/build-summary.ts';
import { writeJsonFile, writeTextFile } from '../../../src/adapters/host/atomic-file.ts';
import type { Curve } from '../../../src/adapters/evidence/series.ts';
import { bucketsFile, curveFile, OWN_CURVES } from '../../../src/adapters/evidence/series.ts';
import { writeSummary } from '../../../src/adapters/evidence/write-summary.ts';
import type { GateDefinition, GateResult } from '../../../src/core/gates/model.ts';
import type { EarlierRun } from '../../../src/core/verdict/run-history.ts';
import { aHistory, BEGIN_MS, gateOf, GREEN, inputOf, resultOf, specOf, stateAfter } from './fixture.ts';

const SOAK_MS = { startMs: BEGIN_MS + 34_000, endMs: BEGIN_MS + 64_000 };

const USE = {
  cpuUsedShare: { median: 0.5, p90: 1 },
  cpuPressureShare: { median: 0.1, p90: 0.9 },
  memoryAvailableMinBytes: 4e9,
  busyShare: 0.2,
  longestSaturatedSeconds: 6,
};

/** What the host of the campaign had to do. */
const HOST = {
  cores: 2,
  memoryBytes: 25e9,
  stages: [
    { stage: 'ramp' as const, execution: 1, ...USE },
    { stage: 'soak' as const, execution: 1, ...USE },
  ],
  campaign: USE,
};

/** Gates of a red campaign that was retried: broken, unmeasured, met, scaled, allowed, informational. */
const GATES: readonly (readonly [GateDefinition, number | null])[] = [
  [gateOf('podBindP99', { bar: { max: 2 }, failFast: true }), 3.1],
  [gateOf('apiserverMutatingP99', { bar: { max: 1 } }), null],
  [gateOf('podsBoundShare', { bar: { min: 0.999 }, unit: 'ratio' }), 1],
  [gateOf('cycleP99', { bar: { max: 5 }, barKind: 'scaled', scaleRule: 'max 5 up to 5,000 machines' }), 0.25],
  [gateOf('shortfalls', { bar: { max: 0 }, unit: 'machines' }), 0],
  [gateOf('optionalRate', { unmeasured: 'allow' }), null],
  [gateOf('provisioningP99', { bar: {}, barKind: 'informational' }), 327.68],
];

/** Writes the evidence that a report is made of, as a campaign would have left it. `names` replaces the gates' names. */
export function writeReportEvidence(
  folder: string,
  kind: 'green' | 'red',
  rename = (name: string): string => name,
): void {
  const chosen = GATES.filter(([, value]) => kind === 'red' || value !== null).map(([gate, value]) => {
    const better = kind === 'green' && gate.name === 'podBindP99' ? 1.4 : value;
    return [{ ...gate, name: rename(gate.name) }, better] as const;
  });
  const gates = chosen.map(([gate]) => gate);
  const results = chosen.map(([gate, value]) => resultOf(gate, value, SOAK_MS.endMs));
  const broken = results.find((result) => result.verdict === 'fail');
  const message = broken?.message ?? '';
  const atMs = SOAK_MS.startMs + 17_000;
  const state =
    kind === 'green'
      ? stateAfter(GREEN)
      : stateAfter([
          ...GREEN.slice(0, 6),
          ['soak', { breach: broken?.gate ?? '', message }, 17],
          'retry',
          ['steady', 'succeeded', 2],
          ['soak', { breach: broken?.gate ?? '', message }, 30],
        ]);
  const spec = specOf(gates);
  const summary = buildSummary({
    ...inputOf({ results }),
    spec,
    state,
    readings:
      broken === undefined ? [] : [{ stage: 'soak', execution: 1, ...broken, reading: { ...broken.reading, atMs } }],
    infrastructureEvents:
      kind === 'green'
        ? []
        : [
            {
              atMs: SOAK_MS.startMs + 9_000,
              campaign: spec.campaign,
              cluster: 'belay-dev50-1',
              component: 'kube-scheduler',
              what: 'restarted',
              gapStartMs: SOAK_MS.startMs + 5_000,
              gapEndMs: SOAK_MS.startMs + 8_000,
              detail: 'exit code 1 <lost lease>',
            },
          ],
    evidence: [
      { what: 'curves of the gates', ok: true },
      kind === 'green'
        ? { what: 'Prometheus snapshot', ok: true }
        : { what: 'Prometheus snapshot', ok: false, error: 'no answer from http://127.0.0.1:9090 within 5000 ms' },
    ],
    load: { asked: 400, created: 400, askedPodsPerSec: 20, achievedPodsPerSec: 19.97, latenessP99Seconds: 0.0123 },
    endedAtMs: BEGIN_MS + 95_000,
    host: HOST,
    ...(kind === 'green' ? {} : { history: aHistory('podBindP99: a <step> of 121 %') }),
    findings: [
      {
        kind: 'stage',
        stage: 'provision',
        tools: [{ name: 'kube-scheduler', version: '1.37.2', sha256: 'cd'.repeat(32) }],
        unknown: [],
      },
    ],
  });
  writeJsonFile(join(folder, 'spec.json'), spec);
  writeSummary(folder, summary);
  for (const [index, result] of results.entries()) {
    if (result.reading.value === null) continue;
    writeCurve(folder, wave(result.gate, [result.gate], SOAK_MS, result.reading.value * 0.9, index));
  }
  writeFaultAndPressure(folder, results);
  const whole = { startMs: BEGIN_MS, endMs: BEGIN_MS + 90_000 };
  writeCurve(folder, wave('load.pods', ['wanted', 'present', 'bound', 'ready'], whole, 400, 1));
  writeCurve(folder, wave('load.bind-latency', ['p50', 'p90', 'p99'], whole, 0.8, 2));
}

function writeCurve(folder: string, curve: Curve): void {
  const own = OWN_CURVES.find(({ name }) => name === curve.name);
  writeJsonFile(join(folder, 'prometheus', 'series', own?.file ?? curveFile(curve.name)), curve);
}

/** A fault, a host without CPU for a while, and what the histogram of the first gate counted. */
function writeFaultAndPressure(folder: string, results: readonly GateResult[]): void {
  const at = (seconds: number): number => SOAK_MS.startMs + seconds * 1_000;
  const stories = ['takes out Node node-7', 'node-7 is NotReady <no heartbeat>', 'node-7 is Ready'];
  const events = stories.map((text, index) => ({
    atMs: at([10, 11.5, 20][index] ?? 0),
    stage: 'soak',
    execution: 1,
    attempt: 1,
    what: 'action',
    detail: `fail-node: ${text}`,
  }));
  writeLines(join(folder, 'timeline.jsonl'), events);
  const samples = Array.from({ length: 90 }, (_, second) => {
    const isBusy = second > 56 && second < 63;
    const atMs = BEGIN_MS + second * 1_000;
    const [cpuUsedShare, cpuPressureShare] = isBusy ? [1, 0.9] : [0.5, 0.1];
    return { atMs, forMs: 1_000, cpuUsedShare, cpuPressureShare, memoryAvailableBytes: 4e9, swapUsedBytes: 0 };
  });
  writeLines(join(folder, 'host.jsonl'), samples);
  const [first] = results;
  if (first === undefined) return;
  const cumulative = { '0.25': 3, '0.5': 41, '1': 230, '2': 371, '4': 394, '8': 396, '+Inf': 400 };
  const series = Object.entries(cumulative).map(([le, count]) => ({
    labels: { le },
    points: [[SOAK_MS.endMs, count]],
  }));
  const lines = [{ label: first.gate, promql: 'x', series }];
  writeJsonFile(join(folder, 'prometheus', 'series', bucketsFile(first.gate)), { ...SOAK_MS, lines });
}

function writeLines(path: string, lines: readonly object[]): void {
  writeTextFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

/** Earlier runs of the same: ten green ones, with a scheduler of another version. */
export function earlierRuns(): readonly EarlierRun[] {
  return Array.from({ length: 10 }, (_, index) => ({
    id: `dev-50-202608${20 - index}`,
    verdict: 'pass' as const,
    startedAtMs: BEGIN_MS - (index + 1) * 86_400_000,
    metrics: [
      { name: 'podBindP99', value: 1.4, unit: 's' },
      { name: 'podsBoundShare', value: 1, unit: 'ratio' },
      { name: 'shortfalls', value: 0, unit: 'machines' },
    ],
    takenWith: [['kube-scheduler', '1.36.0 <img>']],
  }));
}

/** Smooth curves around a level, rising first, with a hole in each. */
function wave(
  name: string,
  labels: readonly string[],
  time: { startMs: number; endMs: number },
  level: number,
  phase: number,
): Curve {
  const lines = labels.map((label, line) => {
    const points: (readonly [number, number])[] = [];
    for (let ms = time.startMs; ms <= time.endMs; ms += 1000) {
      const seconds = (ms - time.startMs) / 1000;
      if (seconds > 20 && seconds < 24 && line === 0 && name !== 'load.pods') continue;
      const rise =
        name === 'load.pods' ? Math.min(1, Math.max(0, (seconds - 10 - line) / 20)) : 1 - Math.exp(-(seconds + 1) / 6);
      const ripple = name === 'load.pods' ? 1 : 1 + 0.12 * Math.sin(seconds / 2.5 + phase + line);
      points.push([ms, level * rise * ripple * (name === 'load.pods' ? 1 : (line + 1) / labels.length)]);
    }
    return { label, promql: label, series: [{ labels: {}, points }] };
  });
  return { name, ...time, stepMs: 1000, lines };
}
